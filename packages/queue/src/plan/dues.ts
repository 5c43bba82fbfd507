/**
 * When tasks that wait fall due, on this process's monotonic clock. Owns when each wait was first seen.
 *
 * The record writes dates, and a wall clock may be set in between: a wait of a minute is a minute, whatever becomes of the wall clock meanwhile, and one that
 * was read back from the log is never longer than was meant. Only the date of the task itself (`not_before`) means the wall clock, and follows it.
 */
import type { Task, TaskRecord } from '@vivarium/contracts';
import { millisOf } from './dates.ts';

export interface Times {
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly wallMs: () => number;
}

/** Monotonic milliseconds; minus infinity for a task that does not wait. */
export type DueAt = (task: Task, record: TaskRecord) => number;

export function createDues({ nowMs, wallMs }: Times): DueAt {
  const waits = new Map<string, { readonly of: string; readonly at: number }>();

  const waitOf = (id: string, { notBefore, since, eventId }: TaskRecord): number => {
    if (notBefore === undefined || notBefore === null) return Number.NEGATIVE_INFINITY;
    const of = `${eventId ?? ''} ${notBefore}`;
    const known = waits.get(id);
    if (known?.of === of) return known.at;
    const until = millisOf(notBefore);
    const meant = since === undefined ? Number.POSITIVE_INFINITY : until - millisOf(since);
    const at = nowMs() + Math.min(meant, until - wallMs());
    waits.set(id, { of, at });
    return at;
  };
  const dateOf = ({ not_before: date }: Task): number =>
    date === undefined ? Number.NEGATIVE_INFINITY : nowMs() + (millisOf(date) - wallMs());

  return (task, record) => Math.max(dateOf(task), waitOf(task.id, record));
}
