/**
 * What each run may spend. A run is announced by who may write this home (`run/orchestrators/`), with its cap and its book; here it becomes a line of
 * api_audit.log before anything of it is admitted. Owns nothing: the fold of that log says which runs are open, and at what cap.
 *
 * - M1: the cap of every run is in the record before its first hold, and a restart of grind changes none of them. Who only reaches the port cannot open
 *   a run: requests that name none share one cap for the UTC day.
 * - M5: a run announced for one book is not opened in the other.
 */
import type { ApiAuditLine, BudgetStore, OrchestratorFile } from '@vivarium/contracts';
import { nanoUsd, type Clock, type NanoUsd } from '@vivarium/core';
import type { CallLines } from './call-lines.ts';
import { recordUnwritable } from './money-refusals.ts';
import type { Order } from './order.ts';
import { refuse, type Refusal } from './refusal.ts';

export interface RunCapsDeps {
  readonly budget: BudgetStore;
  readonly lines: Pick<CallLines, 'runOpened'>;
  /** What the run announced; undefined when nobody did. */
  readonly announced: (runId: string) => Pick<OrchestratorFile, 'run_cap_nano_usd' | 'simulated'> | undefined;
  /** For the requests of a day that name no run. */
  readonly directCap: NanoUsd;
  readonly simulated: boolean;
  /** Tells the operator; the caller is told by the refusal. */
  readonly onUnwritable: (order: Order, error: unknown) => void;
}

export interface RunCaps {
  /** Opens the order's run unless it is open. A refusal when it cannot be. */
  open(order: Order): Refusal | undefined;
}

const DIRECT = 'direct_';
/** The run of requests that name none. */
export const directRunId = (clock: Clock): string => `${DIRECT}${clock.now().toISOString().slice(0, 10)}`;

export function createRunCaps(deps: RunCapsDeps): RunCaps {
  const { budget, lines, announced, directCap, simulated } = deps;

  return {
    open(order) {
      const { runId, namesRun } = order;
      const cap = budget.money.book(simulated).runCap(runId);
      if (!namesRun) return cap === directCap ? undefined : write(order, directCap);
      if (runId.startsWith(DIRECT))
        return refuse(
          'unknown_run',
          `Names that begin with ${DIRECT} are not for callers: leave run_id out.`,
        );
      if (cap !== undefined) return undefined;
      const run = announced(runId);
      if (run === undefined) return refuse('unknown_run', 'No such run is announced in this home.');
      if (run.simulated !== simulated) return refuse('unknown_run', otherBook(simulated));
      return write(order, nanoUsd(run.run_cap_nano_usd));
    },
  };

  function write(order: Order, cap: NanoUsd): Refusal | undefined {
    const line: ApiAuditLine = lines.runOpened(order, cap);
    try {
      budget.write(line);
      return undefined;
    } catch (error) {
      deps.onUnwritable(order, error);
      return recordUnwritable();
    }
  }
}

const otherBook = (simulated: boolean): string =>
  simulated
    ? 'The run was begun for real money, and this grind asks the simulator.'
    : 'The run was begun on the simulator, and this grind spends real money.';
