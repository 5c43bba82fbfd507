/** What the parts of one queue work with. */
import type { Clock, Milliseconds } from '@vivarium/core';
import { DEFAULT_ATTEMPTS, type Task } from '@vivarium/contracts';
import type { Leases } from './leases.ts';
import type { Attempt } from './plan/readiness.ts';
import type { LineContext } from './plan/lines.ts';
import type { QueueStorage } from './storage.ts';
import type { TaskLock } from './task-locks.ts';
import type { TaskState } from './task-state.ts';

export interface QueueParts {
  readonly storage: QueueStorage;
  readonly state: TaskState;
  readonly leases: Leases;
  readonly clock: Clock;
  /** A fresh event id and the present time, for one line. */
  newContext(): LineContext;
}

/** Faults of a task after which it is still tried again; one more ends it. */
export const faultsAllowed = (task: Task): number => (task.attempts ?? DEFAULT_ATTEMPTS) - 1;

/**
 * An outage of the provider is nobody's task's fault, so it is waited out for long: with waits that grow to half a minute, about twenty minutes. It is
 * not for ever, because what looks like an outage may be one task that the provider cannot bear.
 */
export const OUTAGES_ALLOWED = 40;

/** How long a task is left alone whose lock another worker has just taken. */
export const SET_ASIDE_MS: Milliseconds = 20;

export const newLock = (
  taskId: string,
  { round, attempt }: Attempt,
  workerId: string,
  timestamp: string,
): TaskLock => ({
  worker_id: workerId,
  started_at: timestamp,
  task_id: taskId,
  round,
  attempt,
});
