/**
 * `budget set`: changes a cap. Those of the day and of runs stand in `.env` of the home, which a grind that is up reads again; that of a principal with its token.
 *
 * - M1: a cap is in the record before it is in force.
 * - Q11: what the cap of the day deferred is opened again when that cap is set: a run that stays would wait until midnight.
 */
import { withVariable } from '@vivarium/config';
import { dayOf } from '@vivarium/contracts';
import {
  addUsd,
  formatUsd,
  timestamp,
  usdToNano,
  VivariumError,
  zeroUsd,
  type NanoUsd,
} from '@vivarium/core';
import { actionLine, createTokenStore } from '@vivarium/home';
import { configFrom, openHome, readConfig, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { healthOf } from '../live-grind.ts';
import { reopenDeferred } from '../reopening.ts';
import { counted } from '../report/counted.ts';
import { createMoneyReader } from '../report/money.ts';
import { printable } from '../terminal.ts';
import type { BudgetInput } from './budget.ts';

const ACTOR = 'operator';

export interface SetInput extends BudgetInput {
  readonly cap: 'day' | 'run' | 'principal';
  readonly usd: number;
  /** Of the principal. */
  readonly name: string | undefined;
}

const VARIABLES = { day: 'VIVARIUM_DAY_CAP_USD', run: 'VIVARIUM_RUN_CAP_USD' } as const;

export async function setBudget(input: SetInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal, machine } = deps;
  if ((input.cap === 'principal') !== (input.name !== undefined))
    throw new VivariumError(
      'usage',
      input.cap === 'principal'
        ? 'whose budget? --name is missing'
        : '--name is for the budget of a principal',
      { remedy: { kind: 'stop' }, hint: 'orchestrator budget set principal <usd> --name NAME' },
    );
  const home = openHome(input.home, deps, 'prepare');
  const amount = usdToNano(input.usd);
  if (input.cap === 'principal') {
    const name = input.name ?? '';
    await createTokenStore({ layout: home.layout, machine, record: home.record }).setBudget(
      name,
      amount,
      ACTOR,
    );
    if (input.json)
      terminal.line(JSON.stringify({ cap: 'principal', name, cap_nano_usd: amount, in_force: true }));
    else terminal.line(`${printable(name)} may spend ${formatUsd(amount)} in all, from its next request on.`);
    return 0;
  }
  const { cap } = input;
  await writeCap(home, deps, cap, amount);
  const inForce = await isInForce(home, deps, cap, amount);
  const gone = cap === 'day' ? await goneToday(home, deps) : zeroUsd;
  // Whether or not it was raised: a command that was killed half way is given again.
  const opened =
    cap === 'day' && inForce && gone < amount
      ? await reopenDeferred(
          home,
          deps,
          ({ record }) => record.reason === 'day_budget',
          'the cap of the day was set anew',
        )
      : [];
  if (input.json) {
    terminal.line(JSON.stringify({ cap, cap_nano_usd: amount, in_force: inForce, opened }));
    return 0;
  }
  const what =
    cap === 'day'
      ? 'Everything of a UTC day together'
      : 'A run that names no cap, and requests without a run,';
  terminal.line(`${what} may cost ${formatUsd(amount)} (${VARIABLES[cap]} in .env of the home).`);
  if (opened.length > 0)
    terminal.line(`What the cap of the day had deferred is open again: ${counted(opened.length, 'task')}.`);
  if (gone >= amount && cap === 'day')
    terminal.line(
      `${formatUsd(gone)} of today is gone already: until midnight UTC nothing more is let through.`,
    );
  if (!inForce)
    terminal.complain(
      home.runs.liveGrind() === undefined
        ? `That is not in force: ${VARIABLES[cap]} is set in the environment, which goes before .env.`
        : `That is not in force: the grind that is up goes by its own environment or command line, which go before .env.`,
    );
  return 0;
}

async function writeCap(
  home: OpenHome,
  deps: CommandDeps,
  cap: 'day' | 'run',
  amount: NanoUsd,
): Promise<void> {
  const { files, fileLock, clock, ids } = deps.machine;
  const { layout, record, id } = home;
  const value = (amount / 1e9).toFixed(9).replace(/0{1,7}$/, '');
  await fileLock.withLock(layout.env, LOCK_WAIT_MS, (assertHeld) => {
    const text = withVariable(files.readText(layout.env) ?? '', VARIABLES[cap], value);
    // Nothing is changed in a configuration that nobody could go by.
    configFrom(text, home, deps);
    // In the record first: a cap that is raised is never one that nobody told of.
    record.append(
      'action',
      actionLine(
        {
          actor: ACTOR,
          action_type: 'BUDGET',
          action: 'CAP_SET',
          detail: `${cap}: ${formatUsd(amount)}`,
          event: 'budget.set',
          metadata: { scope: cap, cap_nano_usd: amount },
        },
        id,
        clock,
        ids,
      ),
    );
    assertHeld();
    files.replace(layout.env, text, 'private');
  });
}
const LOCK_WAIT_MS = 10_000;

/** Of the day's cap, in the book that is spent from. */
async function goneToday(home: OpenHome, deps: CommandDeps): Promise<NanoUsd> {
  const reader = createMoneyReader(home.record);
  reader.refresh();
  const grind = await healthOf(home);
  const book = reader.money.book(grind?.simulated ?? readConfig(home, deps).upstream.kind === 'simulator');
  const { settled, unknown } = book.of('day', dayOf(timestamp(deps.machine.clock)));
  return addUsd(settled, unknown);
}

/** The next call is held against what the grind that is up says, else against the configuration as it is now. */
async function isInForce(
  home: OpenHome,
  deps: CommandDeps,
  cap: 'day' | 'run',
  amount: NanoUsd,
): Promise<boolean> {
  const { clock } = deps.machine;
  for (const until = clock.monotonic() + HEARD_WITHIN_MS; ; await clock.sleep(HEARD_EVERY_MS)) {
    const health = await healthOf(home);
    if (health === undefined) {
      const config = readConfig(home, deps);
      return (cap === 'day' ? config.dayCap : config.runCap) === amount;
    }
    if ((cap === 'day' ? health.day_cap_nano_usd : health.direct_cap_nano_usd) === amount) return true;
    if (clock.monotonic() > until) return false;
  }
}
const HEARD_WITHIN_MS = 1_000;
const HEARD_EVERY_MS = 50;
