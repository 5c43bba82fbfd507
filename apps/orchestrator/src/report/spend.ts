/**
 * What was spent, by model, task, day, principal, provider or run: one pass over api_audit.log. Pure. Real and simulated money are never in one row (M5).
 *
 * A call counts for what it was held for (its task, day, principal, run); for the model that was billed, once that is known. The sums of all rows are those of the money
 * fold: a property test holds the two equal.
 */
import type { ApiAuditLine } from '@vivarium/contracts';
import { addUsd, nanoUsd, subtractUsd, usdToNano, zeroUsd, type NanoUsd } from '@vivarium/core';

export const DIMENSIONS = ['model', 'task', 'day', 'principal', 'provider', 'run'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface SpendRow {
  readonly simulated: boolean;
  readonly name: string;
  /** Calls that were settled, or charged as unknown. */
  readonly calls: number;
  readonly settled: NanoUsd;
  readonly unknown: NanoUsd;
  readonly held: NanoUsd;
  /** Requests that a cap left too little for. */
  readonly refused: number;
  /** Requests that were answered by a reply already paid for. */
  readonly replayed: number;
  /** Requests that the reply cache answered, and what their calls had cost when they were made. */
  readonly cached: number;
  readonly saved: NanoUsd;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface SpendReport {
  apply(line: ApiAuditLine): void;
  /** The dearest first, real before simulated. */
  rows(): readonly SpendRow[];
}

export interface SpendFilter {
  readonly by: Dimension;
  /** ISO times; of the moment a call was held. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

type Lines<Event extends ApiAuditLine['event']> = Extract<ApiAuditLine, { event: Event }>;
interface Open {
  readonly line: Lines<'call.held'>;
  readonly amount: NanoUsd;
}

export function createSpendReport({ by, since, until }: SpendFilter): SpendReport {
  const rows = new Map<string, SpendRow>();
  const holds = new Map<string, Open>();
  const unsettled = new Map<string, Open>();

  const change = (line: ApiAuditLine, name: string, by_: (row: SpendRow) => Partial<SpendRow>): void => {
    if ((since !== undefined && line.timestamp < since) || (until !== undefined && line.timestamp >= until))
      return;
    const simulated = line.simulated === true;
    const key = `${simulated} ${name}`;
    const row = rows.get(key) ?? { ...NOTHING, simulated, name };
    rows.set(key, { ...row, ...by_(row) });
  };
  const take = (
    open: Map<string, Open>,
    line: { readonly call_id?: string | undefined },
  ): Open | undefined => {
    const found = line.call_id === undefined ? undefined : open.get(line.call_id);
    if (found !== undefined) open.delete(found.line.call_id ?? '');
    return found;
  };
  const release = (line: { readonly call_id?: string | undefined }): Open | undefined => {
    const hold = take(holds, line);
    if (hold === undefined) return undefined;
    change(hold.line, nameOf(hold.line, by), ({ held }) => ({ held: subtractUsd(held, hold.amount) }));
    return hold;
  };
  const takeBack = (line: { readonly call_id?: string | undefined }): Open | undefined => {
    const charge = take(unsettled, line);
    if (charge === undefined) return undefined;
    change(charge.line, nameOf(charge.line, by), ({ unknown, calls }) => ({
      unknown: subtractUsd(unknown, charge.amount),
      calls: calls - 1,
    }));
    return charge;
  };

  return {
    apply(line) {
      switch (line.event) {
        case 'call.held': {
          if (line.call_id === undefined || holds.has(line.call_id)) return;
          const amount = nanoUsd(line.held_nano_usd);
          holds.set(line.call_id, { line, amount });
          return change(line, nameOf(line, by), ({ held }) => ({ held: addUsd(held, amount) }));
        }
        case 'API_CALL_SUCCESS': {
          const hold = release(line) ?? takeBack(line);
          if (line.call_id !== undefined && hold === undefined) return;
          const cost = line.cost_nano_usd === undefined ? usdToNano(line.cost) : nanoUsd(line.cost_nano_usd);
          const counted = hold?.line ?? line;
          const name = by === 'model' ? line.model : nameOf(counted, by);
          return change(counted, name, ({ settled, calls, inputTokens, outputTokens }) => ({
            settled: addUsd(settled, cost),
            calls: calls + 1,
            inputTokens: inputTokens + line.input_tokens,
            outputTokens: outputTokens + line.output_tokens,
          }));
        }
        case 'call.usage-unknown': {
          const hold = release(line);
          if (hold === undefined) return;
          const charge = { line: hold.line, amount: nanoUsd(line.charged_nano_usd) };
          if (line.may_settle === true && line.call_id !== undefined) unsettled.set(line.call_id, charge);
          return change(hold.line, nameOf(hold.line, by), ({ unknown, calls }) => ({
            unknown: addUsd(unknown, charge.amount),
            calls: calls + 1,
          }));
        }
        case 'API_CALL_FAILURE':
          if (release(line) === undefined) takeBack(line);
          return;
        case 'BUDGET_EXCEEDED':
          return change(line, nameOf(line, by), ({ refused }) => ({ refused: refused + 1 }));
        case 'call.replayed':
          return change(line, nameOf(line, by), ({ replayed }) => ({ replayed: replayed + 1 }));
        case 'call.cached': {
          const amount = nanoUsd(line.saved_nano_usd);
          return change(line, nameOf(line, by), ({ cached, saved }) => ({
            cached: cached + 1,
            saved: addUsd(saved, amount),
          }));
        }
        case 'run.opened':
        case 'cap.set':
        case 'checkpoint':
        case 'CONSTITUTIONAL_VIOLATION':
        case 'RATE_LIMITED':
        case 'breaker.opened':
        case 'breaker.half-opened':
        case 'breaker.closed':
        case 'breaker.reset':
          return;
      }
    },
    rows: () =>
      [...rows.values()]
        .filter((row) => row.calls + row.held + row.refused + row.replayed + row.cached > 0)
        .toSorted(
          (one, other) =>
            Number(one.simulated) - Number(other.simulated) ||
            spentOf(other) - spentOf(one) ||
            (one.name < other.name ? -1 : 1),
        ),
  };
}

const NOTHING = {
  calls: 0,
  settled: zeroUsd,
  unknown: zeroUsd,
  held: zeroUsd,
  refused: 0,
  replayed: 0,
  cached: 0,
  saved: zeroUsd,
  inputTokens: 0,
  outputTokens: 0,
};
const spentOf = ({ settled, unknown }: SpendRow): number => settled + unknown;
const NONE = '(none)';

function nameOf(
  line: Lines<'call.held' | 'API_CALL_SUCCESS' | 'BUDGET_EXCEEDED' | 'call.replayed' | 'call.cached'>,
  by: Dimension,
): string {
  switch (by) {
    case 'model':
      return line.model ?? NONE;
    case 'task':
      return line.task_id ?? NONE;
    case 'day':
      return line.timestamp.slice(0, 10);
    case 'principal':
      return line.user;
    case 'provider':
      return line.provider ?? NONE;
    case 'run':
      return line.run_id ?? NONE;
  }
}

export interface SpendTotals {
  readonly calls: number;
  readonly settled: NanoUsd;
  readonly unknown: NanoUsd;
  readonly held: NanoUsd;
}
export const totalsOf = (rows: readonly SpendRow[], simulated: boolean): SpendTotals =>
  rows
    .filter((row) => row.simulated === simulated)
    .reduce(
      (sum, row) => ({
        calls: sum.calls + row.calls,
        settled: addUsd(sum.settled, row.settled),
        unknown: addUsd(sum.unknown, row.unknown),
        held: addUsd(sum.held, row.held),
      }),
      { calls: 0, settled: zeroUsd, unknown: zeroUsd, held: zeroUsd },
    );
