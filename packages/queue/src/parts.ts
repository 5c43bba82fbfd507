/** What the parts of one queue work with. */
import type { Clock, Milliseconds } from '@vivarium/core';
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
  readonly maxFaults: number;
  /** A fresh event id and the present time, for one line. */
  newContext(): LineContext;
}

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
