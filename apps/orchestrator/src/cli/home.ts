/** Control, `clear`, `init` and `panel`: what concerns a home as a whole. Only declared here. */
import { portNumber } from '../flag-values.ts';
import type { CliParts } from './parts.ts';

export function declareHomes({ command, home, json, deps, end }: CliParts): void {
  for (const [verb, description] of CONTROL) {
    command(verb, description)
      .option('--reason <text>', verb === 'resume' ? 'why; needed to leave HALT' : 'why, for the record')
      .addOption(json())
      .action(async (flags: { reason?: string; json?: boolean }) => {
        const { changeControl } = await import('../commands/control.ts');
        return end(
          changeControl({ verb, reason: flags.reason, home: home(), json: flags.json === true }, deps()),
        );
      });
  }

  command('clear', 'empty the queue and archive its record; what was spent stays on record')
    .option('--yes', 'do not ask')
    .addOption(json())
    .action(async (flags: { yes?: boolean; json?: boolean }) => {
      const { clear } = await import('../commands/clear.ts');
      return end(clear({ home: home(), yes: flags.yes === true, json: flags.json === true }, deps()));
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

const CONTROL = [
  ['pause', 'begin nothing new; what runs is finished'],
  ['resume', 'go on after pause or halt'],
  ['halt', 'stop now: abort calls and give their tasks back'],
] as const;
