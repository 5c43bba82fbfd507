/**
 * `budget show`: every cap in force, what is gone of it and what is left, and when the day's will be used up at the pace of the last hour. `budget set`: changes a cap. Those of the day and of
 * runs stand in `.env` of the home, which a grind that is up reads again; that of a principal with its token.
 */
import { withVariable } from '@vivarium/config';
import {
  committed,
  dayOf,
  readApiAuditLine,
  readOn,
  type CapScope,
  type MoneyFold,
} from '@vivarium/contracts';
import { formatUsd, nanoUsd, timestamp, usdToNano, VivariumError, type NanoUsd } from '@vivarium/core';
import { actionLine, createTokenStore } from '@vivarium/home';
import { openHome, readConfig, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { probeGrind } from '../grind-probe.ts';
import { createMoneyReader } from '../report/money.ts';
import { createSpendReport, totalsOf } from '../report/spend.ts';
import { printable } from '../terminal.ts';

const ACTOR = 'operator';
const HOUR_MS = 3_600_000;

export interface BudgetInput {
  readonly home: string | undefined;
  readonly json: boolean;
}

/** One cap in one book. */
interface CapRow {
  readonly scope: CapScope | 'direct';
  readonly name: string;
  readonly simulated: boolean;
  readonly cap_nano_usd: number;
  readonly settled_nano_usd: number;
  readonly unknown_nano_usd: number;
  readonly held_nano_usd: number;
  readonly left_nano_usd: number;
}

export async function showBudget(input: BudgetInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal, machine } = deps;
  const home = openHome(input.home, deps, 'look');
  const reader = createMoneyReader(home.record);
  reader.refresh();
  const config = readConfig(home, deps);
  const grind = await healthOf(home);
  const today = dayOf(timestamp(machine.clock));
  const tokens = createTokenStore({ layout: home.layout, machine, record: home.record }).list();

  const caps: readonly Pick<CapRow, 'scope' | 'name' | 'cap_nano_usd'>[] = [
    { scope: 'day', name: today, cap_nano_usd: grind?.day_cap_nano_usd ?? config.dayCap },
    { scope: 'direct', name: `direct_${today}`, cap_nano_usd: grind?.direct_cap_nano_usd ?? config.runCap },
    ...home.runs
      .liveRuns()
      .map(
        ({ run_id: name, run_cap_nano_usd }) =>
          ({ scope: 'run', name, cap_nano_usd: run_cap_nano_usd }) as const,
      ),
    ...tokens
      .filter(({ revoked_at }) => revoked_at === undefined)
      .map(
        ({ name, budget_nano_usd }) => ({ scope: 'principal', name, cap_nano_usd: budget_nano_usd }) as const,
      ),
  ];
  const rows = [false, true].flatMap((simulated) => caps.map((cap) => rowOf(reader.money, cap, simulated)));
  const forecast = forecastOf(home, deps, rows);
  if (input.json)
    terminal.line(JSON.stringify({ caps: rows, ...forecast, run_default_nano_usd: config.runCap }));
  else for (const line of textLines(rows, forecast, config.runCap)) terminal.line(line);
  return 0;
}

function rowOf(
  money: MoneyFold,
  cap: Pick<CapRow, 'scope' | 'name' | 'cap_nano_usd'>,
  simulated: boolean,
): CapRow {
  const sums = money.book(simulated).of(cap.scope === 'direct' ? 'run' : cap.scope, cap.name);
  return {
    ...cap,
    simulated,
    settled_nano_usd: sums.settled,
    unknown_nano_usd: sums.unknown,
    held_nano_usd: sums.held,
    left_nano_usd: Math.max(0, cap.cap_nano_usd - committed(sums)),
  };
}

interface Forecast {
  /** Charged in the last hour, by book. */
  readonly last_hour_nano_usd: { readonly real: number; readonly simulated: number };
  /** When the cap of the day is used up if the next hours are like the last; null: not today. */
  readonly day_used_up_at: { readonly real: string | null; readonly simulated: string | null };
}

function forecastOf({ record, id }: OpenHome, { machine }: CommandDeps, rows: readonly CapRow[]): Forecast {
  const now = machine.clock.now().getTime();
  const since = new Date(now - HOUR_MS).toISOString();
  const report = createSpendReport({ by: 'day', since, until: undefined });
  readOn(record.tail('apiAudit'), ({ entries }) => {
    for (const entry of entries) {
      const line = entry.kind === 'line' ? readApiAuditLine(entry.value, id) : undefined;
      if (line !== undefined) report.apply(line);
    }
  });
  const ofBook = (simulated: boolean) => {
    const { settled, unknown } = totalsOf(report.rows(), simulated);
    const burnt = settled + unknown;
    const left = rows.find((row) => row.scope === 'day' && row.simulated === simulated)?.left_nano_usd ?? 0;
    const at = burnt === 0 ? undefined : new Date(now + (left / burnt) * HOUR_MS).toISOString();
    return { burnt, at: at !== undefined && dayOf(at) === dayOf(new Date(now).toISOString()) ? at : null };
  };
  const real = ofBook(false);
  const simulated = ofBook(true);
  return {
    last_hour_nano_usd: { real: real.burnt, simulated: simulated.burnt },
    day_used_up_at: { real: real.at, simulated: simulated.at },
  };
}

function* textLines(rows: readonly CapRow[], forecast: Forecast, runCap: NanoUsd): Generator<string> {
  for (const simulated of [false, true]) {
    const those = rows.filter((row) => row.simulated === simulated);
    const isUsed = those.some((row) => row.left_nano_usd < row.cap_nano_usd);
    if (simulated && !isUsed) continue;
    yield simulated ? 'Simulated, no real money moves:' : 'Real money:';
    for (const row of those)
      if (!simulated || row.scope !== 'principal' || row.left_nano_usd < row.cap_nano_usd)
        yield `  ${rowText(row)}`;
    const book = simulated ? 'simulated' : 'real';
    const burnt = forecast.last_hour_nano_usd[book];
    const at = forecast.day_used_up_at[book];
    if (burnt > 0)
      yield `  ${formatUsd(nanoUsd(burnt))} in the last hour${at === null ? '; at that pace the day is not used up today' : `; at that pace the day is used up at ${at.slice(11, 16)} UTC`}`;
  }
  yield `A run that names no cap gets ${formatUsd(runCap)}. To change: orchestrator budget set day|run <usd>, or principal <usd> --name NAME`;
}

function rowText(row: CapRow): string {
  const usd = (amount: number): string => formatUsd(nanoUsd(amount));
  const gone = row.cap_nano_usd - row.left_nano_usd;
  const percent = row.cap_nano_usd === 0 ? 100 : Math.floor((100 * gone) / row.cap_nano_usd);
  const parts = [
    `${usd(row.left_nano_usd)} of ${usd(row.cap_nano_usd)} left (${percent}% gone)`,
    ...(row.unknown_nano_usd > 0 ? [`${usd(row.unknown_nano_usd)} unknown, charged at worst case`] : []),
    ...(row.held_nano_usd > 0 ? [`${usd(row.held_nano_usd)} held`] : []),
  ];
  const what =
    row.scope === 'direct' ? 'requests without a run, today' : `${row.scope} ${printable(row.name)}`;
  return `${what.padEnd(30)}  ${parts.join(', ')}`;
}

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
  writeCap(home, deps, cap, amount);
  const inForce = await isInForce(home, deps, cap, amount);
  if (input.json) {
    terminal.line(JSON.stringify({ cap, cap_nano_usd: amount, in_force: inForce }));
    return 0;
  }
  const what =
    cap === 'day'
      ? 'Everything of a UTC day together'
      : 'A run that names no cap, and requests without a run,';
  terminal.line(`${what} may cost ${formatUsd(amount)} (${VARIABLES[cap]} in .env of the home).`);
  if (!inForce)
    terminal.complain(
      `That is not in force: ${VARIABLES[cap]} is set in the environment${deps.env[VARIABLES[cap]] === undefined ? ' or on the command line of the grind that is up' : ''}, which goes before .env.`,
    );
  return 0;
}

function writeCap(home: OpenHome, { machine }: CommandDeps, cap: 'day' | 'run', amount: NanoUsd): void {
  const { files, clock, ids } = machine;
  const { layout, record, id } = home;
  const value = (amount / 1e9).toFixed(9).replace(/0{1,7}$/, '');
  const text = withVariable(files.readText(layout.env) ?? '', VARIABLES[cap], value);
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
  files.replace(layout.env, text, 'private');
}

/** What the next call will be held against: the grind that is up says it, else the configuration as it is now. */
async function isInForce(
  home: OpenHome,
  deps: CommandDeps,
  cap: 'day' | 'run',
  amount: NanoUsd,
): Promise<boolean> {
  const { clock } = deps.machine;
  const config = readConfig(home, deps);
  if ((cap === 'day' ? config.dayCap : config.runCap) !== amount) return false;
  for (const until = clock.monotonic() + HEARD_WITHIN_MS; ; await clock.sleep(HEARD_EVERY_MS)) {
    const health = await healthOf(home);
    if (health === undefined) return true;
    if ((cap === 'day' ? health.day_cap_nano_usd : health.direct_cap_nano_usd) === amount) return true;
    if (clock.monotonic() > until) return false;
  }
}
const HEARD_WITHIN_MS = 1_000;
const HEARD_EVERY_MS = 50;

async function healthOf({ runs }: OpenHome) {
  const grind = runs.liveGrind();
  const answer = grind === undefined ? undefined : await probeGrind(grind.url);
  return answer?.kind === 'healthy' ? answer.health : undefined;
}
