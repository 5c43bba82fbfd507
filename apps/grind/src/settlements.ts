/**
 * The end of every call: the reply's text, then the line that settles its hold. Owns what could not be written yet.
 *
 * - M2: a settling line that cannot be written now (a full disk) is kept and written later; until then the hold stands, which is never too little.
 *   Nothing new is admitted before it is written: `flush` is asked first.
 * - M3: the text is stored before the line that names it, so a recorded reply can always be handed out again.
 */
import type { ApiAuditLine, BudgetStore, RecordStore } from '@vivarium/contracts';
import type { Clock, Milliseconds } from '@vivarium/core';

export interface Settlement {
  /** Undefined when the call brought no text. */
  readonly text: string | undefined;
  readonly line: ApiAuditLine;
}

export interface Settlements {
  /** True when it is in the record; false when it is kept for later. */
  settle(settlement: Settlement): boolean;
  /** Writes what is kept. True when nothing is left. */
  flush(): boolean;
  readonly kept: number;
  /** Ends the retries, after a last one. Idempotent. */
  stop(): void;
}

export interface SettlementsDeps {
  readonly budget: BudgetStore;
  readonly record: RecordStore;
  readonly clock: Clock;
  /** Called once for each settlement that had to be kept. */
  readonly onKept: (error: unknown) => void;
}

const AGAIN_AFTER_MS: Milliseconds = 1_000;

export function createSettlements({ budget, record, clock, onKept }: SettlementsDeps): Settlements {
  const kept: Settlement[] = [];
  const stopped = new AbortController();
  let isRetrying = false;

  const write = ({ text, line }: Settlement): void => {
    if (text !== undefined) record.putResult(text);
    budget.write(line);
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
    while (kept.length > 0 && !stopped.signal.aborted) {
      await clock.sleep(AGAIN_AFTER_MS, stopped.signal);
      flush();
    }
    isRetrying = false;
  };

  return {
    settle(settlement) {
      try {
        write(settlement);
        return true;
      } catch (error) {
        kept.push(settlement);
        onKept(error);
        void retry();
        return false;
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
