/** `spend`, `budget` and `models`: money, looked at and bounded. Only declared here. */
import { InvalidArgumentError, Option } from 'commander';
import { momentOf } from '../moment.ts';
import { DIMENSIONS, type Dimension } from '../report/spend.ts';
import type { CliParts } from './parts.ts';

export function declareMoney({ command, home, json, deps, end }: CliParts): void {
  command('spend', 'what was spent, held, charged as unknown and refused, from the record')
    .addOption(new Option('--by <what>', 'what to sum by').choices(DIMENSIONS).default('model'))
    .option('--since <time>', 'only calls held from then on, as 2026-11-27 or 2026-11-27T08:00 (UTC)', moment)
    .option('--until <time>', 'only calls held before that', moment)
    .addOption(json())
    .addOption(new Option('--csv', 'print CSV, for a spreadsheet').conflicts('json'))
    .action(async (flags: SpendFlags) => {
      const { spend } = await import('../commands/spend.ts');
      const { by, since, until } = flags;
      const form = flags.json === true ? 'json' : flags.csv === true ? 'csv' : 'text';
      return end(spend({ home: home(), by, since, until, form }, deps()));
    });

  command(
    'models',
    'what may be asked and what it costs, with date and source of each price; models.json changes it',
  )
    .addOption(json())
    .action(async (flags: { json?: boolean }) => {
      const { models } = await import('../commands/models.ts');
      return end(models({ home: home(), json: flags.json === true }, deps()));
    });
}

interface SpendFlags {
  readonly by: Dimension;
  readonly since?: string;
  readonly until?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

function moment(text: string): string {
  const found = momentOf(text, undefined);
  if (found === undefined)
    throw new InvalidArgumentError(`'${text}' is not a time such as 2026-11-27T08:00 (UTC)`);
  return found;
}
