/** `budget show`: every cap in force, what is gone of it and what is left, and when the day's will be used up at the pace of the last hour. */
import {
  committed,
  dayOf,
  readApiAuditLine,
  readOn,
  type CapScope,
  type MoneyFold,
} from '@vivarium/contracts';
import { formatUsd, nanoUsd, timestamp, type NanoUsd } from '@vivarium/core';
import { createTokenStore } from '@vivarium/home';
import { openHome, readConfig, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { healthOf } from '../live-grind.ts';
import { createMoneyReader } from '../report/money.ts';
import { createSpendReport, totalsOf } from '../report/spend.ts';
import { printable } from '../terminal.ts';

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
    const isUsed = those.some((row) => row.settled_nano_usd + row.unknown_nano_usd + row.held_nano_usd > 0);
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
