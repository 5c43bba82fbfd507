/**
 * The command line: the program, and what all commands share. Which flags a command has stands in cli/, what it does in commands/, and that is loaded when it is
 * called.
 */
import { Command, Option } from 'commander';
import { declareAdd } from './cli/add.ts';
import { declareAudit } from './cli/audit.ts';
import { declareHomes } from './cli/home.ts';
import { declareLooks } from './cli/look.ts';
import { declareMoney } from './cli/money.ts';
import type { CliParts } from './cli/parts.ts';
import { declareRevisions } from './cli/revise.ts';
import { declareRuns } from './cli/run.ts';
import { declareTokens } from './cli/tokens.ts';
import type { CommandDeps, RunExitCode } from './deps.ts';

export interface Cli {
  readonly program: Command;
  /** Of the command that ran. */
  readonly exitCode: () => RunExitCode;
}

/** `deps` are asked for when a command runs: `--help` needs none. */
export function createCli(version: string, deps: () => CommandDeps, startedBy: string | undefined): Cli {
  let code: RunExitCode = 0;
  const end = async (running: Promise<RunExitCode>): Promise<void> => {
    code = await running;
  };
  const program = new Command('orchestrator')
    .description(
      'Runs LLM work within a hard budget, through a safety gate, on a record from which every number can be derived again.',
    )
    .version(version)
    .option('--home <dir>', 'directory with queue.json (VIVARIUM_HOME, or the nearest one upwards)')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError('(--help lists what there is)')
    .exitOverride();
  const command = (name: string, description: string): Command =>
    program.command(name).description(description).allowExcessArguments(false).exitOverride();
  const home = (): string | undefined => program.opts<{ home?: string }>().home;
  const durability = (): Option =>
    new Option(
      '--durability <class>',
      'os: what is recorded survives the death of any process; fsync: and a power loss (VIVARIUM_DURABILITY, or os)',
    ).choices(['os', 'fsync']);
  const json = (): Option => new Option('--json', 'print one JSON document instead of text');

  const parts: CliParts = { command, home, json, durability, deps, end, startedBy };
  for (const declare of [
    declareAdd,
    declareRuns,
    declareLooks,
    declareMoney,
    declareAudit,
    declareRevisions,
    declareTokens,
    declareHomes,
  ])
    declare(parts);
  return { program, exitCode: () => code };
}
