/**
 * Choosing tasks and claiming them. Owns which tasks this process leaves alone for a moment; writes claims and lets the fold decide.
 *
 * - Q2: a claim is won when the fold, read up to its line, has it as the one in force.
 * - Q3: the lock is taken, with its full content, before the line is written.
 * - Q5: a claim takes over another only from a holder that leases.ts says is not there. A task that took its workers down more often than the
 *   limit allows is failed instead, by a claim and its end in one write.
 * - Q6: only the tasks taken are looked at. Several slots are filled with one write.
 */
import type { IdSource, Milliseconds, WorkerId } from '@vivarium/core';
import { digestOf, type Task, type TaskRecord } from '@vivarium/contracts';
import { faultsAllowed, newLock, SET_ASIDE_MS, type QueueParts } from './parts.ts';
import { claimLine, poisonedLine, type Holding, type Takeover } from './plan/lines.ts';
import { nextAttempt } from './plan/readiness.ts';
import { createSpread } from './spread.ts';
import { releaseLock, takeLock, type TaskLock } from './task-locks.ts';
import type { WrittenLine } from './task-state.ts';

export interface Bidding {
  /** Claims up to `wanted` tasks; answers those that were won. Fewer, or none, when others were quicker. */
  claimSome(workerId: WorkerId, wanted: number, mayBegin?: (taskId: string) => boolean): readonly Task[];
}

type MayBegin = (taskId: string) => boolean;

interface Bid {
  readonly task: Task;
  readonly lock: TaskLock;
  readonly eventId: string;
  readonly lines: readonly WrittenLine[];
  /** False for a claim that only serves to record the task's failure. */
  readonly toWork: boolean;
}

const MOST_PASSES = 4;

export function createBidding(parts: QueueParts, ids: IdSource): Bidding {
  const { storage, state, leases, clock, newContext } = parts;
  const spread = createSpread(ids);
  /** Tasks whose lock another worker holds, and when to look again. */
  const setAside = new Map<string, Milliseconds>();

  /** A lock that cannot be made (a full disk) gives up those that were: others would wait for them. */
  function chooseBids(workerId: WorkerId, wanted: number, mayBegin: MayBegin): readonly Bid[] {
    const bids: Bid[] = [];
    try {
      return choose(workerId, wanted, bids, mayBegin);
    } catch (error) {
      for (const { lock } of bids) releaseLock(storage.locks, lock);
      throw error;
    }
  }

  function choose(workerId: WorkerId, wanted: number, bids: Bid[], mayBegin: MayBegin): readonly Bid[] {
    const bidOn = (id: string, supersedes?: Takeover): boolean => {
      const bid = mayBegin(id) ? bidFor(id, workerId, supersedes) : undefined;
      if (bid !== undefined) bids.push(bid);
      return bids.length === wanted;
    };
    for (const [holder, taskIds] of state.index.heldBy) {
      if (holder === workerId || leases.standing(holder) === 'alive') continue;
      // Looked at again: it may have come back since.
      const why = leases.look(holder);
      if (why === 'alive') continue;
      for (const id of taskIds) {
        if (bidOn(id, { worker_id: holder, attempt: state.fold.get(id).attempt, why })) return bids;
      }
    }
    for (const id of spread.order(state.index.firstReady, wanted)) if (bidOn(id)) break;
    return bids;
  }

  /** Takes the lock and writes down what would be claimed; undefined when another worker is about to. */
  function bidFor(id: string, workerId: WorkerId, supersedes: Takeover | undefined): Bid | undefined {
    const task = state.index.lookUp(id);
    if (task === undefined || isSetAside(id)) return undefined;
    const record = state.fold.get(id);
    const { round, attempt } = nextAttempt(task, record);
    const context = newContext();
    const lock = newLock(id, { round, attempt }, workerId, context.timestamp);
    if (!takeLock(storage.locks, lock, (holder) => leases.look(holder) !== 'alive')) {
      setAside.set(id, clock.monotonic() + SET_ASIDE_MS);
      spread.widen();
      return undefined;
    }
    const holding: Holding = { taskId: id, workerId, round, attempt, digest: digestOf(task) };
    const claim = claimLine(holding, context, supersedes);
    const toWork = supersedes === undefined || record.faults < faultsAllowed(task);
    const lines = toWork ? [claim] : [claim, poisonedLine(holding, newContext(), poisonedBy(record))];
    return { task, lock, eventId: context.eventId, lines, toWork };
  }

  function isSetAside(id: string): boolean {
    const until = setAside.get(id);
    if (until === undefined) return false;
    if (until > clock.monotonic()) return true;
    setAside.delete(id);
    return false;
  }

  /** Writes the claims with one write and lets go of those that lost. */
  function place(bids: readonly Bid[]): readonly Task[] {
    let letGo = bids;
    try {
      state.commit(bids.flatMap(({ lines }) => lines));
      const won = bids.filter(({ task, eventId }) => state.fold.get(task.id).eventId === eventId);
      letGo = bids.filter((bid) => !won.includes(bid));
      if (letGo.some(({ toWork }) => toWork)) spread.widen();
      else spread.narrow();
      return won.map(({ task }) => task);
    } finally {
      for (const { lock } of letGo) releaseLock(storage.locks, lock);
    }
  }

  return {
    claimSome(workerId, wanted, mayBegin = () => true) {
      // By id: one that was won, taken over by another meanwhile and won back is one task.
      const won = new Map<string, Task>();
      for (let pass = 0; won.size < wanted && pass < MOST_PASSES; pass += 1) {
        const bids = chooseBids(workerId, wanted - won.size, mayBegin);
        if (bids.length === 0) break;
        for (const task of place(bids)) won.set(task.id, task);
      }
      return [...won.values()];
    },
  };
}

const poisonedBy = ({ faults, workerId }: TaskRecord): string =>
  `given up: ${faults + 1} attempts ended in a fault or took their worker down, the last one ${workerId ?? 'an unknown worker'}`;
