/**
 * What people are told about the tasks of a queue: the fold of the record seen through queue.json, which says what is wanted and what
 * waits for what. Shared by `status`, by the plan of the queue, by the progress of a run and by the panel.
 */
import { addUsd, type NanoUsd, zeroUsd } from '@vivarium/core';
import { taskDigest } from '../digest.ts';
import type { Task } from '../task.ts';
import { isFinal, type TaskFold, type TaskRecord } from './tasks.ts';

export const TASK_STATUSES = [
  'queued',
  'blocked',
  'deferred',
  'in_progress',
  'retrying',
  'completed',
  'failed',
  'refused',
  'cancelled',
  'skipped',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export interface TaskView {
  readonly task: Task;
  readonly digest: string;
  readonly status: TaskStatus;
  /** The record in force; of a task edited after its end, that of the round before. */
  readonly record: TaskRecord;
  /** True when the task ended and was edited afterwards: it will run again as new work (Q7). */
  readonly edited: boolean;
  /** Blocked: the dependencies that have not completed. */
  readonly waitsFor: readonly string[];
}

/** Digests are worked out once per task object: a queue that was not edited costs nothing to look at again. */
const digests = new WeakMap<Task, string>();
export function digestOf(task: Task): string {
  let digest = digests.get(task);
  if (digest === undefined) digests.set(task, (digest = taskDigest(task)));
  return digest;
}

/** True when the record says what became of the task as it stands in queue.json now. */
export const isCurrent = (task: Task, record: TaskRecord): boolean =>
  record.digest === undefined || !isFinal(record.status) || record.digest === digestOf(task);

/** The task as one would tell it. `lookUp` finds other tasks of the queue by id. */
export function viewTask(task: Task, fold: TaskFold, lookUp: (id: string) => Task | undefined): TaskView {
  const record = fold.get(task.id);
  const edited = !isCurrent(task, record);
  const recorded = edited ? 'queued' : record.status;
  const waitsFor =
    recorded === 'queued' ? task.depends_on.filter((id) => !hasCompleted(id, fold, lookUp)) : [];
  return {
    task,
    digest: digestOf(task),
    record,
    edited,
    waitsFor,
    status: waitsFor.length > 0 ? 'blocked' : recorded,
  };
}

/** A dependency counts as completed when it completed as it stands now; one no longer in the queue, when it ever did. */
export function hasCompleted(id: string, fold: TaskFold, lookUp: (id: string) => Task | undefined): boolean {
  const record = fold.get(id);
  if (record.status !== 'completed') return false;
  const task = lookUp(id);
  return task === undefined || isCurrent(task, record);
}

export type StatusCounts = Readonly<Record<TaskStatus, number>> & { readonly total: number };

export function countStatuses(views: Iterable<TaskView>): StatusCounts {
  const counts: Record<TaskStatus | 'total', number> = {
    total: 0,
    queued: 0,
    blocked: 0,
    deferred: 0,
    in_progress: 0,
    retrying: 0,
    completed: 0,
    failed: 0,
    refused: 0,
    cancelled: 0,
    skipped: 0,
  };
  for (const view of views) {
    counts.total += 1;
    counts[view.status] += 1;
  }
  return counts;
}

/** Views of a whole queue, in its order. */
export function viewQueue(tasks: readonly Task[], fold: TaskFold): readonly TaskView[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return tasks.map((task) => viewTask(task, fold, (id) => byId.get(id)));
}

/** Cost of the tasks' attempts as the execution log has it, real and simulated apart (M5). */
export function sumCosts(views: Iterable<TaskView>): { readonly real: NanoUsd; readonly simulated: NanoUsd } {
  let real = zeroUsd;
  let simulated = zeroUsd;
  for (const { record } of views) {
    if (record.simulated) simulated = addUsd(simulated, record.cost);
    else real = addUsd(real, record.cost);
  }
  return { real, simulated };
}
