/**
 * The lines of api_audit.log behind each figure of money on the page: where they stand, and what of the figure is theirs. Owns the places of the last lines of each kind and of every open
 * hold, and what was charged of late; the figures themselves are the money fold's.
 */
import { auditWords, type ApiAuditLine, type MoneyLine, type MoneyPart } from '@vivarium/contracts';

/** Of one run in one book; without a run of everything. */
export interface MoneyQuestion {
  readonly part: MoneyPart;
  readonly simulated: boolean;
  readonly runId: string | undefined;
}

export interface MoneyLines {
  /** `byte`: where it begins in the file. */
  apply(line: ApiAuditLine, byte: number): void;
  /** The newest first, and how many there are in all. */
  find(question: MoneyQuestion): { readonly lines: readonly MoneyLine[]; readonly count: number };
  /** Nano-dollars charged in the `withinMs` before `nowMs`, by the times of the lines. */
  charged(runId: string | undefined, simulated: boolean, nowMs: number, withinMs: number): number;
  refused(runId: string | undefined, simulated: boolean): number;
}

/** Of each part: enough to check a figure by hand; `orchestrator spend` adds up the rest. */
const MOST_KEPT = 1_000;
export const MOST_SHOWN = 200;
/** What was charged longer ago is of no interest to a forecast. */
const KEPT_MS = 3_600_000;
const STRETCH_MS = 10_000;

interface Kept {
  readonly line: MoneyLine;
  readonly runId: string | undefined;
  readonly simulated: boolean;
}
/** What was charged in one stretch of time. */
interface Charge {
  readonly atMs: number;
  amount: number;
  readonly runId: string | undefined;
  readonly simulated: boolean;
}

export function createMoneyLines(): MoneyLines {
  const kept: Readonly<Record<MoneyPart, Kept[]>> = { settled: [], unknown: [], held: [], refused: [] };
  const counts = new Map<string, number>();
  const holds = new Map<string, Kept>();
  /** Charged as unknown, and may still be settled. */
  const unsettled = new Map<string, Kept>();
  const charges = new Map<string, Charge>();

  const keep = (part: MoneyPart, each: Kept): void => {
    kept[part].push(each);
    if (kept[part].length > MOST_KEPT) kept[part].splice(0, MOST_KEPT / 10);
    for (const run of [each.runId, undefined]) bump(countKey(part, run, each.simulated), 1);
  };
  const bump = (key: string, by: number): void => void counts.set(key, (counts.get(key) ?? 0) + by);
  const charge = ({ line, runId, simulated }: Kept): void => {
    const atMs = Date.parse(line.timestamp);
    const key = `${Math.floor(atMs / STRETCH_MS)} ${String(simulated)} ${runId ?? ''}`;
    const known = charges.get(key);
    if (known !== undefined) {
      known.amount += line.nano_usd;
      return;
    }
    charges.set(key, { atMs, amount: line.nano_usd, runId, simulated });
    for (const [old, each] of charges) if (each.atMs < atMs - KEPT_MS) charges.delete(old);
  };

  return {
    apply(line, byte) {
      const { text, nano_usd } = auditWords(line);
      const row = (amount: number | null = nano_usd): MoneyLine => ({
        timestamp: line.timestamp,
        event: line.event,
        byte,
        task_id: ('task_id' in line ? line.task_id : undefined) ?? null,
        user: line.user,
        nano_usd: amount ?? 0,
        text,
      });
      // A call counts for the run and the book it was held in.
      const callOf = (of: Kept | undefined, amount?: number): Kept => ({
        line: row(amount),
        runId: of?.runId ?? line.run_id,
        simulated: of?.simulated ?? line.simulated ?? false,
      });
      const id = 'call_id' in line ? (line.call_id ?? '') : '';
      switch (line.event) {
        case 'call.held':
          // One that is repeated after a torn write is the same hold.
          if (id !== '' && !holds.has(id)) holds.set(id, callOf(undefined));
          return;
        case 'API_CALL_SUCCESS': {
          const held = holds.get(id) ?? unsettled.get(id);
          if (line.call_id !== undefined && held === undefined) return;
          if (unsettled.delete(id)) drop('unknown', held);
          holds.delete(id);
          const settled = callOf(held);
          keep('settled', settled);
          charge(settled);
          return;
        }
        case 'call.usage-unknown': {
          const held = holds.get(id);
          if (held === undefined) return;
          holds.delete(id);
          const charged = callOf(held);
          keep('unknown', charged);
          charge(charged);
          if (line.may_settle === true) unsettled.set(id, charged);
          return;
        }
        case 'API_CALL_FAILURE': {
          const late = unsettled.get(id);
          if (unsettled.delete(id)) drop('unknown', late);
          holds.delete(id);
          return;
        }
        case 'BUDGET_EXCEEDED':
          keep('refused', callOf(undefined, line.requested_nano_usd ?? 0));
          return;
        case 'run.opened':
        case 'cap.set':
        case 'checkpoint':
        case 'call.replayed':
        case 'call.cached':
        case 'CONSTITUTIONAL_VIOLATION':
        case 'RATE_LIMITED':
        case 'breaker.opened':
        case 'breaker.half-opened':
        case 'breaker.closed':
        case 'breaker.reset':
      }
    },
    find({ part, simulated, runId }) {
      const those = (part === 'held' ? [...holds.values()] : kept[part]).filter(
        (each) => each.simulated === simulated && (runId === undefined || each.runId === runId),
      );
      const count = part === 'held' ? those.length : (counts.get(countKey(part, runId, simulated)) ?? 0);
      return {
        lines: those
          .slice(-MOST_SHOWN)
          .toReversed()
          .map(({ line }) => line),
        count,
      };
    },
    charged: (runId, simulated, nowMs, withinMs) =>
      [...charges.values()]
        .filter(
          (each) =>
            each.atMs > nowMs - withinMs &&
            each.simulated === simulated &&
            (runId === undefined || each.runId === runId),
        )
        .reduce((sum, { amount }) => sum + amount, 0),
    refused: (runId, simulated) => counts.get(countKey('refused', runId, simulated)) ?? 0,
  };

  /** The provider said what it was after all: it is no line of that part any more. */
  function drop(part: MoneyPart, of: Kept | undefined): void {
    if (of === undefined) return;
    const at = kept[part].indexOf(of);
    if (at !== -1) kept[part].splice(at, 1);
    for (const run of [of.runId, undefined]) bump(countKey(part, run, of.simulated), -1);
  }
}

const countKey = (part: MoneyPart, runId: string | undefined, simulated: boolean): string =>
  `${part} ${String(simulated)} ${runId ?? ''}`;
