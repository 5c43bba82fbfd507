/**
 * The end of every call: the reply's text, then the line that settles its hold. Owns what could not be written yet.
 *
 * - M2: a settling line that cannot be written now (a full disk) is kept and written later; until then the hold stands, which is never too little.
 *   Nothing new is admitted before it is written: `flush` is asked first.
 *   A line that the log refuses for what it is, and would refuse for ever, is not kept: the whole hold is charged in its place, as of a call whose
 *   usage is not known, and the operator is told.
 * - M3: the text is stored before the line that names it, so a recorded reply can always be handed out again.
 */
import type { ApiAuditLine, BudgetStore, RecordStore } from '@vivarium/contracts';
import { isVivariumError, messageOf, type Clock, type Milliseconds } from '@vivarium/core';

export interface Settlement {
  /** Undefined when the call brought no text. */
  readonly text: string | undefined;
  readonly line: ApiAuditLine;
  /** Charges the whole hold, saying why the line could not be written. */
  readonly chargeInFull: (why: string) => ApiAuditLine;
}

/** `kept`: written later. `refused`: charged in full instead, and never to be read as a reply. */
export type Settled = 'written' | 'kept' | 'refused';

export interface Settlements {
  /** `around` is handed the step that makes the line count, if it does so now. */
  settle(settlement: Settlement, around: Around): Settled;
  /** The same, with what else is written in this turn. */
  settleSoon(settlement: Settlement, around: Around): Promise<Settled>;
  /** Writes what is kept. True when nothing is left. */
  flush(): boolean;
  readonly kept: number;
  /** Ends the retries, after a last one. Idempotent. */
  stop(): void;
}

export type Around = (fold: () => void) => void;

export interface SettlementsDeps {
  readonly budget: BudgetStore;
  readonly record: RecordStore;
  readonly clock: Clock;
  /** Called once for each settlement that had to be kept. */
  readonly onKept: (error: unknown) => void;
  /** Called once for each that the log refused: why, and where its text is. */
  readonly onRefused: (why: string) => void;
}

const AGAIN_AFTER_MS: Milliseconds = 1_000;

export function createSettlements({
  budget,
  record,
  clock,
  onKept,
  onRefused,
}: SettlementsDeps): Settlements {
  const kept: Settlement[] = [];
  const stopped = new AbortController();
  let isRetrying = false;

  const write = (settlement: Settlement, around?: Around): Settled => {
    const { text, line } = settlement;
    const name = text === undefined ? undefined : record.putResult(text);
    try {
      budget.write(line, around);
      return 'written';
    } catch (error) {
      return chargeInstead(settlement, name, error, around);
    }
  };
  /** Throws what is not the line's own fault. */
  const chargeInstead = (
    { chargeInFull }: Settlement,
    name: string | undefined,
    error: unknown,
    around: Around | undefined,
  ): 'refused' => {
    if (!isRefused(error)) throw error;
    const where = name === undefined ? '' : `; the text of the reply is result ${name}`;
    const why = `the line that settles a call was ${messageOf(error)}${where}`;
    try {
      budget.write(chargeInFull(why), around);
      onRefused(`${why}; the call is charged in full`);
    } catch (again) {
      if (!isRefused(again)) throw again;
      onRefused(`${why}; its hold stays charged, and the next start closes it`);
    }
    return 'refused';
  };
  const keep = (settlement: Settlement, error: unknown): 'kept' => {
    kept.push(settlement);
    onKept(error);
    void retry();
    return 'kept';
  };
  const flush = (): boolean => {
    for (let next = kept[0]; next !== undefined; next = kept[0]) {
      try {
        write(next);
      } catch {
        return false;
      }
      kept.shift();
    }
    return true;
  };
  const retry = async (): Promise<void> => {
    if (isRetrying) return;
    isRetrying = true;
    while (kept.length > 0) {
      await clock.sleep(AGAIN_AFTER_MS, stopped.signal);
      if (stopped.signal.aborted) break;
      flush();
    }
    isRetrying = false;
  };

  return {
    settle(settlement, around) {
      try {
        return write(settlement, around);
      } catch (error) {
        return keep(settlement, error);
      }
    },
    async settleSoon(settlement, around) {
      const { text, line } = settlement;
      try {
        const name = text === undefined ? undefined : record.putResult(text);
        try {
          await budget.commit(line, around);
          return 'written';
        } catch (error) {
          return chargeInstead(settlement, name, error, around);
        }
      } catch (error) {
        return keep(settlement, error);
      }
    },
    flush,
    get kept() {
      return kept.length;
    },
    stop() {
      stopped.abort();
      flush();
    },
  };
}

/** Not the disk but the line is at fault: no later try can end otherwise. */
const isRefused = (error: unknown): boolean => isVivariumError(error) && error.code === 'internal';
