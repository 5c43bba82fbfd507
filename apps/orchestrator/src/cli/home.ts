/** Control, `clear`, `archive`, `init` and `panel`: what concerns a home as a whole. Only declared here. */
import { Option, type Command } from 'commander';
import { portNumber } from '../flag-values.ts';
import type { CliParts } from './parts.ts';

export function declareHomes({ command, home, json, deps, end }: CliParts): void {
  for (const [verb, description] of CONTROL) {
    command(verb, description)
      .option('--reason <text>', verb === 'clear-halt' ? 'why; without it HALT stays' : 'why, for the record')
      .addOption(new Option('--worker <id>', 'only this worker').conflicts('task'))
      .option('--task <id>', 'only this task')
      .option('--no-wait', 'do not wait for who has heard it')
      .addOption(json())
      .action(async (flags: ControlFlags) => {
        const { changeControl } = await import('../commands/control.ts');
        const { reason, worker, task, wait } = flags;
        const input = { verb, reason, worker, task, wait, home: home(), json: flags.json === true };
        return end(changeControl(input, deps()));
      });
  }

  const breaker = command(
    'breaker',
    'the circuit breakers: which are open and why, and what they have counted; `breaker reset` closes them',
  )
    .addOption(json())
    .action(async (flags: { json?: boolean }) => {
      const { breakers } = await import('../commands/breaker.ts');
      return end(breakers({ home: home(), json: flags.json === true }, deps()));
    });
  breaker
    .command('reset')
    .description('close the breaker of a model, or all of them')
    .argument('[model]')
    .requiredOption('--reason <text>', 'why, for the record')
    .addOption(json())
    .allowExcessArguments(false)
    .exitOverride()
    .action(async (model: string | undefined, flags: { reason: string; json?: boolean }, self: Command) => {
      const { resetBreaker } = await import('../commands/breaker.ts');
      // The command above has a flag of the same name, and takes it wherever it stands.
      const isJson = flags.json === true || self.optsWithGlobals<{ json?: boolean }>().json === true;
      return end(resetBreaker({ home: home(), model, reason: flags.reason, json: isJson }, deps()));
    });

  command('clear', 'empty the queue and archive its record; what was spent stays on record')
    .option('--yes', 'do not ask')
    .addOption(json())
    .action(async (flags: { yes?: boolean; json?: boolean }) => {
      const { clear } = await import('../commands/clear.ts');
      return end(clear({ home: home(), yes: flags.yes === true, json: flags.json === true }, deps()));
    });

  command('archive', 'set aside what the record has of work that is over; every task stays in its state')
    .addOption(json())
    .action(async (flags: { json?: boolean }) => {
      const { archive } = await import('../commands/archive.ts');
      return end(archive({ home: home(), json: flags.json === true }, deps()));
    });

  command('init [dir]', 'make a directory a home: queue, record and results in one place')
    .addOption(json())
    .action(async (directory: string | undefined, flags: { json?: boolean }) => {
      const { init } = await import('../commands/init.ts');
      return end(init({ directory: directory ?? home() ?? '.', json: flags.json === true }, deps()));
    });

  command('panel', 'the control panel alone, until Ctrl-C')
    .option('--panel-port <port>', 'port of the control panel (8421, or a free one)', portNumber)
    .action(async (flags: { panelPort?: number }) => {
      const { panel } = await import('../commands/panel.ts');
      return end(panel({ home: home(), port: flags.panelPort }, deps()));
    });
}

interface ControlFlags {
  readonly reason?: string;
  readonly worker?: string;
  readonly task?: string;
  readonly wait: boolean;
  readonly json?: boolean;
}

const CONTROL = [
  ['hold', 'pay for nothing new: calls wait, what runs is finished'],
  ['pause', 'begin nothing new; what runs is finished'],
  ['drain', 'begin nothing new; what runs is finished, then the workers leave'],
  ['halt', 'stop now: abort calls and give their tasks back'],
  ['resume', 'go on after hold, pause or drain'],
  ['clear-halt', 'leave HALT, with a reason'],
] as const;
