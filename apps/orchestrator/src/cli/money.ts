/** `spend`, `budget` and `models`: money, looked at and bounded. Only declared here. */
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { dollars } from '../flag-values.ts';
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

  const budget = command(
    'budget',
    'every cap in force, what is gone of it and what is left: show (the default), set',
  );
  const sub = (name: string, description: string, isDefault = false): Command =>
    budget.command(name, { isDefault }).description(description).allowExcessArguments(false).exitOverride();
  sub('show', 'the caps of the day, of runs and of principals, and the pace of the last hour', true)
    .addOption(json())
    .action(async (flags: { json?: boolean }) => {
      const { showBudget } = await import('../commands/budget.ts');
      return end(showBudget({ home: home(), json: flags.json === true }, deps()));
    });
  sub('set', 'change a cap, also under a grind that is up')
    .addArgument(new Argument('<cap>', 'which').choices(['day', 'run', 'principal']))
    .argument('<usd>', 'most it may cost', dollars)
    .option('--name <name>', 'whose, for the budget of a principal')
    .addOption(json())
    .action(
      async (cap: 'day' | 'run' | 'principal', usd: number, flags: { name?: string; json?: boolean }) => {
        const { setBudget } = await import('../commands/budget-set.ts');
        return end(
          setBudget({ home: home(), cap, usd, name: flags.name, json: flags.json === true }, deps()),
        );
      },
    );

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
