/** `retry` and `cancel`: an operator's word on tasks. Only declared here. */
import type { Command } from 'commander';
import type { Choice } from '../choice.ts';
import { someText } from '../flag-values.ts';
import type { CliParts } from './parts.ts';

export function declareRevisions({ command, home, json, deps, end }: CliParts): void {
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
      const { retry } = await import('../commands/retry.ts');
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
      const { cancel } = await import('../commands/cancel.ts');
      const choice =
        flags.matching === undefined
          ? { kind: 'ids' as const, ids }
          : { kind: 'matching' as const, text: flags.matching };
      return end(cancel({ home: home(), choice, reason: flags.reason, json: flags.json === true }, deps()));
    });
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
