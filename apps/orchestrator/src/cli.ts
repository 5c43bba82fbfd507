/** The commands and their flags, and nothing else. What a command does is in commands/; it is loaded when it is called. */
import { Command, Option } from 'commander';
import {
  ACTION_TYPES,
  DEFAULT_ATTEMPTS,
  INTENSITIES,
  TASK_DEFAULTS,
  type ActionType,
} from '@vivarium/contracts';
import type { Choice } from './choice.ts';
import type { CommandDeps, RunExitCode } from './deps.ts';
import {
  actionTypes,
  attemptCount,
  dollars,
  idList,
  lineCount,
  portNumber,
  priority,
  runCap,
  slotCount,
  someText,
  temperature,
  timeoutSeconds,
  tokenCount,
  workerCount,
} from './flag-values.ts';

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

  command('add [id] [type]', 'add a task, or the tasks of files')
    .option('--prompt <text>', 'what the model is asked')
    .addOption(new Option('--task <text>', 'the same as --prompt').conflicts('prompt'))
    .option(
      '--min <usd>',
      `start only while every cap has this many dollars left (${TASK_DEFAULTS.min_budget})`,
      dollars,
    )
    .option(
      '--max <usd>',
      `dollars the task may cost, all attempts together (${TASK_DEFAULTS.max_budget})`,
      dollars,
    )
    .addOption(
      new Option('--intensity <level>', 'a label of the task')
        .choices(INTENSITIES)
        .default(TASK_DEFAULTS.intensity),
    )
    .option('--model <id>', 'one of the whitelist (DEFAULT_GROQ_MODEL)')
    .option('--depends-on <ids>', 'wait for these tasks: a,b; may be repeated', idList, [])
    .option('--max-tokens <n>', 'most tokens of the reply', tokenCount)
    .option('--temperature <t>', '0 to 2', temperature)
    .option('--priority <n>', '-100 to 100; of what could run the highest goes first (0)', priority)
    .option('--not-before <time>', 'begin at this time at the earliest: an ISO date (UTC), or +5m, +2h, +1d')
    .option('--timeout <seconds>', 'most seconds of one attempt (WORKER_TIMEOUT_SECONDS)', timeoutSeconds)
    .option(
      '--attempts <n>',
      `attempts that may end in a fault before it is failed (${DEFAULT_ATTEMPTS})`,
      attemptCount,
    )
    .option(
      '--file <files...>',
      'task files, - for standard input; of JSONL every good line counts, of JSON that breaks off nothing does',
    )
    .addOption(json())
    .action(async (id: string | undefined, type: string | undefined, _options: unknown, self: Command) => {
      const flags = self.opts<AddFlags>();
      if (flags.file !== undefined) {
        const alone =
          id === undefined && !ADD_FLAGS.some((flag) => self.getOptionValueSource(flag) === 'cli');
        if (!alone)
          self.error(
            'error: --file takes tasks from files; id, type and the flags of one task do not go with it',
            { exitCode: 2 },
          );
        const { addFile } = await import('./commands/add-file.ts');
        return end(addFile({ home: home(), json: flags.json === true, files: flags.file }, deps()));
      }
      const prompt = flags.prompt ?? flags.task;
      if (id === undefined || type === undefined)
        self.error('error: an id and a type are needed: orchestrator add <id> <type> --prompt "…"', {
          exitCode: 2,
        });
      if (prompt === undefined) self.error('error: --prompt is missing', { exitCode: 2 });
      const { add } = await import('./commands/add.ts');
      const { min, max, intensity, model, dependsOn, maxTokens, temperature: heat } = flags;
      const { priority: rank, notBefore, timeout, attempts } = flags;
      return end(
        add(
          {
            home: home(),
            json: flags.json === true,
            id,
            type,
            prompt,
            min,
            max,
            intensity,
            model,
            dependsOn,
            maxTokens,
            temperature: heat,
            priority: rank,
            notBefore,
            timeoutSeconds: timeout,
            attempts,
          },
          deps(),
        ),
      );
    });

  command('start', 'work the queue off; ends when nothing more can run')
    .argument('[workers]', `worker processes, 1 to 32`, workerCount, 4)
    .option('--concurrency <k>', 'tasks each worker does at a time', slotCount, 1)
    .option('--watch', 'stay, and work on what is added')
    .option('--dry-run', 'show what would run and what it could cost; start nothing')
    .option('--run-cap <usd>', 'most this run may cost (VIVARIUM_RUN_CAP_USD, or 2.00)', runCap)
    .addOption(durability())
    .addOption(new Option('--json', 'print one JSON line per event'))
    .action(async (workers: number, flags: StartFlags) => {
      const { start } = await import('./commands/start.ts');
      const input = {
        home: home(),
        workers,
        concurrency: flags.concurrency,
        watch: flags.watch === true,
        dryRun: flags.dryRun === true,
        runCap: flags.runCap,
        durability: flags.durability,
        json: flags.json === true,
      };
      return end(start(input, deps()));
    });

  command('up', 'simulator if there is no key, grind, control panel and workers, until Ctrl-C')
    .argument('[workers]', `worker processes, 1 to 32`, workerCount, 4)
    .option('--concurrency <k>', 'tasks each worker does at a time', slotCount, 1)
    .option('--once', 'end when nothing more can run; starts no control panel')
    .addOption(
      new Option('--panel-port <port>', 'port of the control panel (8421, or a free one)')
        .argParser(portNumber)
        .conflicts('once'),
    )
    .option('--run-cap <usd>', 'most this run may cost (VIVARIUM_RUN_CAP_USD, or 2.00)', runCap)
    .addOption(durability())
    .action(async (workers: number, flags: UpFlags) => {
      const { up } = await import('./commands/up.ts');
      const input = {
        home: home(),
        workers,
        concurrency: flags.concurrency,
        once: flags.once === true,
        panelPort: flags.panelPort,
        runCap: flags.runCap,
        durability: flags.durability,
        startedBy,
      };
      return end(up(input, deps()));
    });

  command('status', 'where every task stands, and what it cost')
    .option('--all', 'one line for every task, with the file of its result')
    .addOption(
      new Option('--graph', 'who waits for whom, in waves, and the longest chain of what is left').conflicts(
        'all',
      ),
    )
    .addOption(json())
    .action(async (flags: { all?: boolean; graph?: boolean; json?: boolean }) => {
      const { status } = await import('./commands/status.ts');
      const { all = false, graph = false, json: asJson = false } = flags;
      return end(status({ home: home(), all, graph, json: asJson }, deps()));
    });

  command('show <id>', 'everything there is about one task: every attempt, what it cost, what went wrong')
    .addOption(new Option('--output', 'print its result, whole, and nothing else').conflicts('json'))
    .addOption(json())
    .action(async (id: string, flags: { output?: boolean; json?: boolean }) => {
      const { show } = await import('./commands/show.ts');
      return end(
        show({ home: home(), id, output: flags.output === true, json: flags.json === true }, deps()),
      );
    });

  command('logs', 'what happened: the last lines of the action log')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--task <id>', 'only lines of this task')
    .addOption(
      new Option('--type <types>', `only lines of these types: ${ACTION_TYPES.join(', ')}`)
        .argParser(actionTypes)
        .default([], 'all'),
    )
    .option('-n, --lines <n>', 'how many of the last lines', lineCount, 20)
    .addOption(new Option('--json', 'print the lines as they stand in action_log.jsonl'))
    .action(async (flags: LogsFlags) => {
      const { logs } = await import('./commands/logs.ts');
      const { task, type, lines } = flags;
      const input = { follow: flags.follow === true, task, types: type, lines, json: flags.json === true };
      return end(logs({ home: home(), ...input }, deps()));
    });

  command('retry [ids...]', 'open tasks again that ended; what was skipped for their sake comes along')
    .option('--all', 'everything that ended otherwise than completed')
    .option(
      '--matching <text>',
      'of those, the ones with this in their id, error code, reason or fingerprint',
      someText,
    )
    .option('--simulated', 'completed tasks whose result is simulated')
    .option('--reason <text>', 'why, for the record')
    .addOption(json())
    .action(async (ids: readonly string[], flags: RetryFlags, self: Command) => {
      const choices: readonly Choice[] = [
        ...(ids.length > 0 ? [{ kind: 'ids' as const, ids }] : []),
        ...(flags.all === true ? [{ kind: 'all' as const }] : []),
        ...(flags.matching === undefined ? [] : [{ kind: 'matching' as const, text: flags.matching }]),
        ...(flags.simulated === true ? [{ kind: 'simulated' as const }] : []),
      ];
      const [choice] = choices;
      if (choice === undefined || choices.length > 1)
        self.error('error: one way of choosing is needed: ids, --all, --matching <text> or --simulated', {
          exitCode: 2,
        });
      const { retry } = await import('./commands/retry.ts');
      return end(retry({ home: home(), choice, reason: flags.reason, json: flags.json === true }, deps()));
    });

  command('cancel [ids...]', 'end tasks that have not ended, and cut their calls')
    .option(
      '--matching <text>',
      'open tasks with this in their id, error code, reason or fingerprint',
      someText,
    )
    .option('--reason <text>', 'why, for the record')
    .addOption(json())
    .action(async (ids: readonly string[], flags: CancelFlags, self: Command) => {
      if (ids.length > 0 === (flags.matching !== undefined))
        self.error('error: one way of choosing is needed: ids, or --matching <text>', { exitCode: 2 });
      const { cancel } = await import('./commands/cancel.ts');
      const choice =
        flags.matching === undefined
          ? { kind: 'ids' as const, ids }
          : { kind: 'matching' as const, text: flags.matching };
      return end(cancel({ home: home(), choice, reason: flags.reason, json: flags.json === true }, deps()));
    });

  for (const [verb, description] of CONTROL) {
    command(verb, description)
      .option('--reason <text>', verb === 'resume' ? 'why; needed to leave HALT' : 'why, for the record')
      .addOption(json())
      .action(async (flags: { reason?: string; json?: boolean }) => {
        const { changeControl } = await import('./commands/control.ts');
        return end(
          changeControl({ verb, reason: flags.reason, home: home(), json: flags.json === true }, deps()),
        );
      });
  }

  command('clear', 'empty the queue and archive its record; what was spent stays on record')
    .option('--yes', 'do not ask')
    .addOption(json())
    .action(async (flags: { yes?: boolean; json?: boolean }) => {
      const { clear } = await import('./commands/clear.ts');
      return end(clear({ home: home(), yes: flags.yes === true, json: flags.json === true }, deps()));
    });

  command('init [dir]', 'make a directory a home: queue, record and results in one place')
    .addOption(json())
    .action(async (directory: string | undefined, flags: { json?: boolean }) => {
      const { init } = await import('./commands/init.ts');
      return end(init({ directory: directory ?? home() ?? '.', json: flags.json === true }, deps()));
    });

  command('panel', 'the control panel alone, until Ctrl-C')
    .option('--panel-port <port>', 'port of the control panel (8421, or a free one)', portNumber)
    .action(async (flags: { panelPort?: number }) => {
      const { panel } = await import('./commands/panel.ts');
      return end(panel({ home: home(), port: flags.panelPort }, deps()));
    });

  return { program, exitCode: () => code };
}

const CONTROL = [
  ['pause', 'begin nothing new; what runs is finished'],
  ['resume', 'go on after pause or halt'],
  ['halt', 'stop now: abort calls and give their tasks back'],
] as const;

/** Flags of one task, which do not go with --file. */
const ADD_FLAGS = [
  'prompt',
  'task',
  'min',
  'max',
  'intensity',
  'model',
  'dependsOn',
  'maxTokens',
  'temperature',
  'priority',
  'notBefore',
  'timeout',
  'attempts',
] as const;

interface AddFlags {
  readonly prompt?: string;
  readonly task?: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly intensity: 'low' | 'medium' | 'high';
  readonly model: string | undefined;
  readonly dependsOn: readonly string[];
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly priority: number | undefined;
  readonly notBefore?: string;
  readonly timeout: number | undefined;
  readonly attempts: number | undefined;
  readonly file?: readonly string[];
  readonly json?: boolean;
}
interface LogsFlags {
  readonly follow?: boolean;
  readonly task: string | undefined;
  readonly type: readonly ActionType[];
  readonly lines: number;
  readonly json?: boolean;
}
interface RetryFlags {
  readonly all?: boolean;
  readonly matching?: string;
  readonly simulated?: boolean;
  readonly reason?: string;
  readonly json?: boolean;
}
interface CancelFlags {
  readonly matching?: string;
  readonly reason?: string;
  readonly json?: boolean;
}
interface StartFlags {
  readonly concurrency: number;
  readonly watch?: boolean;
  readonly dryRun?: boolean;
  readonly runCap: string | undefined;
  readonly durability: 'os' | 'fsync' | undefined;
  readonly json?: boolean;
}
interface UpFlags {
  readonly concurrency: number;
  readonly once?: boolean;
  readonly panelPort: number | undefined;
  readonly runCap: string | undefined;
  readonly durability: 'os' | 'fsync' | undefined;
}
