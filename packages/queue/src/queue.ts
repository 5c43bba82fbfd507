/**
 * The queue of one process, above whatever keeps the lines. Owns what this process has handed out. Everything within one step is synchronous, so
 * that nothing of the same process comes between.
 *
 * - Q8: a claim whose line was written although the call failed is handed out at the next call.
 * - Q11: nothing here makes a task fail because it had to wait.
 * Claiming (Q2, Q3, Q5, Q6) is in bidding.ts, finishing (Q4, Q8) in finishing.ts, skipping (Q10) in skipping.ts, an operator's word in revisions.ts, the state (Q1) in task-state.ts.
 */
import type { Clock, IdSource, Milliseconds, WorkerId } from '@vivarium/core';
import {
  digestOf,
  viewQueue,
  type Claim,
  type ClaimAnswer,
  type Obeyed,
  type Task,
  type TaskQueue,
  type TaskRecord,
} from '@vivarium/contracts';
import { createBidding } from './bidding.ts';
import { createFinishing } from './finishing.ts';
import { createLeases } from './leases.ts';
import { newLock, SET_ASIDE_MS, type QueueParts } from './parts.ts';
import { finishLine } from './plan/lines.ts';
import { isDrained, type Attempt } from './plan/readiness.ts';
import { createRevisions } from './revisions.ts';
import { skipHopeless } from './skipping.ts';
import type { QueueStorage } from './storage.ts';
import { sweepLocks } from './task-locks.ts';
import { createTaskState } from './task-state.ts';

export interface QueueOptions {
  /** Id of the home, for the lines. */
  readonly home: string;
  readonly runId: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** How long a beat must stand still before its claims may be taken over (Q5). Default 15 s. */
  readonly leaseMs?: Milliseconds | undefined;
}

/** How often an idle worker asks again although nothing called it. */
const POLL_MS = 250;

export function createQueue(storage: QueueStorage, options: QueueOptions): TaskQueue {
  const { clock, ids, home, runId, leaseMs = 15_000 } = options;
  const state = createTaskState(storage, runId, clock);
  const leases = createLeases(storage.readBeat, clock, leaseMs);
  const parts: QueueParts = {
    storage,
    state,
    leases,
    clock,
    newContext: () => ({ home, runId, eventId: ids.next('evt'), timestamp: clock.now().toISOString() }),
  };
  const bidding = createBidding(parts, ids);
  const revisions = createRevisions(parts);
  const announced = new Set<string>();
  /** Claims handed out and not yet finished, with the event id of a finish that was tried. */
  const handedOut = new Map<string, string | undefined>();
  let sweepDue = true;
  const finishing = createFinishing(parts, ids, {
    triedWith: (claimed) => handedOut.get(keyOfClaim(claimed)),
    tried: (claimed, eventId) => void handedOut.set(keyOfClaim(claimed), eventId),
    over: (claimed) => void handedOut.delete(keyOfClaim(claimed)),
  });

  function beat(workerId: WorkerId, busy: number, obeys?: Obeyed): void {
    storage.writeBeat(workerId, busy, obeys);
    announced.add(workerId);
    // A worker whose slots are all busy does not claim. It watches the others here, so as not to begin only when one has long been silent.
    leases.lookAround(state.index.heldBy.keys());
  }

  function claim(workerId: WorkerId, slots: number, mayBegin?: (taskId: string) => boolean): ClaimAnswer {
    if (!announced.has(workerId)) beat(workerId, 0);
    state.refreshUnlessFresh();
    leases.lookAround(state.index.heldBy.keys());
    state.index.ripen();
    skipHopeless(parts, workerId);
    const claims = recoverOwn(workerId, slots);
    for (const task of bidding.claimSome(workerId, slots - claims.length, mayBegin)) {
      const record = state.fold.get(task.id);
      if (record.status === 'in_progress') claims.push(handOut(task, record, workerId));
    }
    return claims.length > 0 ? { kind: 'claimed', claims } : answerEmpty();
  }

  function handOut(task: Task, record: TaskRecord, workerId: WorkerId): Claim {
    const { round, attempt, faults, outages } = record;
    handedOut.set(keyOf(task.id, record, workerId), undefined);
    return { task, digest: digestOf(task), round, attempt, faults, outages, workerId };
  }

  /** Claims of this worker that stand in the record although the call that made them failed. */
  function recoverOwn(workerId: WorkerId, slots: number): Claim[] {
    const claims: Claim[] = [];
    for (const id of state.index.heldBy.get(workerId) ?? []) {
      const task = state.index.lookUp(id);
      const record = state.fold.get(id);
      if (task === undefined || claims.length === slots || handedOut.has(keyOf(id, record, workerId)))
        continue;
      if (record.digest === digestOf(task)) {
        storage.locks.create(newLock(id, record, workerId, clock.now().toISOString()));
        claims.push(handOut(task, record, workerId));
      } else giveBack(id, record, workerId);
    }
    return claims;
  }

  /** The task was edited since: what was claimed is no longer known. */
  function giveBack(taskId: string, { round, attempt, digest = '' }: TaskRecord, workerId: WorkerId): void {
    const reason = 'the task was edited while it was being claimed';
    state.commit([
      finishLine(
        { taskId, workerId, round, attempt, digest },
        { kind: 'released', reason },
        parts.newContext(),
        true,
      ),
    ]);
  }

  function answerEmpty(): ClaimAnswer {
    const { counts, earliest } = state.index;
    const drained = isDrained(counts);
    // When there is nothing to do: what the dead left lying is taken away before people look.
    if (drained && sweepDue)
      sweepLocks(storage.locks, state.fold, (workerId) => leases.look(workerId) !== 'alive');
    sweepDue = !drained;
    if (drained) return { kind: 'drained', deferred: counts.another_run };
    if (counts.to_skip > 0) return { kind: 'waiting', wakeInMs: 0 };
    if (counts.claimable > 0) return { kind: 'waiting', wakeInMs: SET_ASIDE_MS };
    const due = earliest === undefined ? POLL_MS : Math.max(1, earliest - clock.monotonic());
    return { kind: 'waiting', wakeInMs: Math.min(POLL_MS, leases.lookEveryMs, due) };
  }

  return {
    async add(tasks) {
      // The record is only asked about dependencies that are not in the queue; reading it is the larger part of an add.
      let isFresh = false;
      return storage.add(tasks, (id) => {
        if (!isFresh) state.refreshLog();
        isFresh = true;
        return state.isKnown(id);
      });
    },
    claim: async (workerId, slots, mayBegin) => claim(workerId, slots, mayBegin),
    async finish(claimed, outcome) {
      sweepDue = true;
      return finishing.finish(claimed, outcome);
    },
    retry: async (ids, reason) => storage.exclusively(() => revisions.retry(ids, reason)),
    cancel: async (ids, reason) => storage.exclusively(() => revisions.cancel(ids, reason)),
    beat,
    leave(workerId) {
      announced.delete(workerId);
      if (announced.size === 0) storage.locks.close();
      storage.removeBeat(workerId);
    },
    async list() {
      state.refresh();
      return viewQueue(state.tasks, state.fold);
    },
    watch: storage.watch,
  };
}

const keyOfClaim = (claimed: Claim): string => keyOf(claimed.task.id, claimed, claimed.workerId);
const keyOf = (taskId: string, { round, attempt }: Attempt, workerId: string): string =>
  `${round}\n${attempt}\n${workerId}\n${taskId}`;
