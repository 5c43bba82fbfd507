/**
 * What may be done with a task now: the rules of the queue, pure. Engines ask and obey; they decide nothing of this themselves.
 *
 * - Q1: everything is read from the fold of the record and from queue.json.
 * - Q7: a task edited after its end is new work, claimed in the next round.
 * - Q10: a dependency that ended otherwise than completed makes its dependants skipped.
 * - Q11: a task that a run deferred without a time is left alone by it until somebody opens the task again, and is claimable in any other run.
 * - A line from the future was written before the wall clock was set back, or by a process whose clock is ahead: its date says nothing here, only
 *   how long was to be waited, which counts from now. Whoever asks keeps the answer until it falls due.
 */
import {
  hasCompleted,
  isCurrent,
  isFinal,
  isLeftBy,
  type Task,
  type TaskFold,
  type TaskRecord,
} from '@vivarium/contracts';
import type { DueAt } from './dues.ts';
import { quote } from './graph.ts';

export type Readiness =
  | { readonly kind: 'claimable' }
  /** Claimable from `at` on, in monotonic milliseconds. */
  | { readonly kind: 'later'; readonly at: number }
  /** Waits for the dependency at position `edge` of `depends_on`. */
  | { readonly kind: 'blocked'; readonly edge: number }
  | { readonly kind: 'to_skip'; readonly dependency: string; readonly reason: string }
  | { readonly kind: 'held'; readonly workerId: string }
  /** This very run deferred it, without a time. */
  | { readonly kind: 'another_run' }
  | { readonly kind: 'final' };

/** What the rules look at. */
export interface PlanView {
  readonly fold: TaskFold;
  readonly lookUp: (id: string) => Task | undefined;
  readonly runId: string;
  /** Monotonic, as `dueAt`. */
  readonly nowMs: number;
  readonly dueAt: DueAt;
}

/** The whole rule for one task. */
export function readinessOf(task: Task, view: PlanView): Readiness {
  const own = ownReadiness(task, view);
  if (own.kind === 'final' || own.kind === 'held') return own;
  const skip = skipOf(task, view);
  if (skip !== undefined) return skip;
  if (own.kind === 'another_run') return own;
  const edge = firstUnmet(task, view, 0);
  return edge === undefined ? own : { kind: 'blocked', edge };
}

/** What the task's own record says, its dependencies aside. */
export function ownReadiness(
  task: Task,
  view: PlanView,
): Exclude<Readiness, { kind: 'blocked' | 'to_skip' }> {
  const record = view.fold.get(task.id);
  if (isCurrent(task, record) && isFinal(record.status)) return { kind: 'final' };
  if (record.status === 'in_progress') return { kind: 'held', workerId: record.workerId ?? '' };
  if (record.leftBy !== undefined && isLeftBy(record, view.runId)) return { kind: 'another_run' };
  const at = view.dueAt(task, record);
  return at > view.nowMs ? { kind: 'later', at } : { kind: 'claimable' };
}

export type DependencyState = 'completed' | 'open' | 'will_not_complete';

/** A task that left the queue before it completed will never complete. */
export function dependencyState(id: string, view: Pick<PlanView, 'fold' | 'lookUp'>): DependencyState {
  if (hasCompleted(id, view.fold, view.lookUp)) return 'completed';
  const task = view.lookUp(id);
  if (task === undefined) return 'will_not_complete';
  const record = view.fold.get(id);
  return isFinal(record.status) && isCurrent(task, record) ? 'will_not_complete' : 'open';
}

/** Position of the first dependency from `from` on that has not completed. */
export function firstUnmet(task: Task, view: PlanView, from: number): number | undefined {
  for (let edge = from; edge < task.depends_on.length; edge += 1) {
    if (!hasCompleted(task.depends_on[edge] ?? '', view.fold, view.lookUp)) return edge;
  }
  return undefined;
}

function skipOf(task: Task, view: PlanView): Readiness | undefined {
  for (const dependency of task.depends_on) {
    if (dependencyState(dependency, view) !== 'will_not_complete') continue;
    const { status } = view.fold.get(dependency);
    const how = isFinal(status) && status !== 'completed' ? OTHER_ENDS[status] : 'is no longer in the queue';
    return { kind: 'to_skip', dependency, reason: `the dependency ${quote(dependency)} ${how}` };
  }
  return undefined;
}

const OTHER_ENDS = {
  failed: 'failed',
  refused: 'was refused',
  cancelled: 'was cancelled',
  skipped: 'was skipped',
} as const;

export interface Attempt {
  readonly round: number;
  readonly attempt: number;
}

/** What the next claim of the task must name (Q2, Q7). */
export const nextAttempt = (task: Task, record: TaskRecord): Attempt =>
  isCurrent(task, record)
    ? { round: record.round, attempt: record.attempt + 1 }
    : { round: record.round + 1, attempt: 1 };

/** What a line must name that speaks of a task nobody holds: the attempt in force, 0 in a round that it opens. */
export const standingAttempt = (task: Task, record: TaskRecord): Attempt =>
  isCurrent(task, record)
    ? { round: record.round, attempt: record.attempt }
    : { round: record.round + 1, attempt: 0 };

/** How many tasks are in which place. */
export type PlanCounts = Readonly<Record<Readiness['kind'], number>>;

/**
 * True when this run can do nothing more. What is left is final, deferred to another run, or blocked behind such a task: the graph has no
 * cycles, so every chain of blocked tasks ends in one that is not.
 */
export const isDrained = (counts: PlanCounts): boolean =>
  counts.claimable + counts.later + counts.to_skip + counts.held === 0;
