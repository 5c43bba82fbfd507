/**
 * Who is working on what, right now: for people to read, and to keep workers apart before they write (Q3). No promise rests on these locks;
 * the record decides (Q2). That is why taking away a stale one needs no atomicity: at worst two claims are written, and one of them loses.
 */
import type { TaskFold, TaskLockFile } from '@vivarium/contracts';
import type { Attempt } from './plan/readiness.ts';

/** A lock as this package writes it: whose it is, and for which attempt. */
export type TaskLock = TaskLockFile & Attempt;

/** Where the locks are kept. Engines: files in task_locks/, a map. */
export interface LockStore {
  /** Creates the lock with its full content; false when there is one for the task. */
  create(lock: TaskLock): boolean;
  /** `unreadable` when there is something, but nothing this package could have written. */
  read(taskId: string): TaskLockFile | 'unreadable' | undefined;
  remove(taskId: string): void;
  /** Every lock that can be read. */
  list(): readonly TaskLockFile[];
  /** Nobody of this process takes a lock for now. */
  close(): void;
}

/** Takes the lock for an attempt, over the head of a stale one. False: another worker is about to claim the task. */
export function takeLock(locks: LockStore, lock: TaskLock, isGone: (workerId: string) => boolean): boolean {
  if (locks.create(lock)) return true;
  const standing = locks.read(lock.task_id);
  if (standing !== undefined && standing !== 'unreadable' && !isOlder(standing, lock)) {
    if (standing.worker_id !== lock.worker_id && !isGone(standing.worker_id)) return false;
  }
  locks.remove(lock.task_id);
  return locks.create(lock);
}

/**
 * Removes the lock of an attempt that has ended, unless somebody else's has taken its place. Nobody takes the place of one whose task is over
 * (`isOver`), so that one is removed without a look, which would cost as much as the claim's line. Never throws: what was done under the lock is
 * in the record already, and the next who wants the task, or the sweep, removes what stays behind.
 */
export function releaseLock(
  locks: LockStore,
  lock: Pick<TaskLock, 'task_id' | 'worker_id' | 'round' | 'attempt'>,
  isOver = false,
): void {
  try {
    const standing = isOver ? undefined : locks.read(lock.task_id);
    const isOurs = standing !== undefined && standing !== 'unreadable' && isSameHolding(standing, lock);
    if (isOver || isOurs) locks.remove(lock.task_id);
  } catch {
    return;
  }
}

const isSameHolding = (a: TaskLockFile, b: Pick<TaskLock, 'worker_id' | 'round' | 'attempt'>): boolean =>
  a.worker_id === b.worker_id && a.round === b.round && a.attempt === b.attempt;

/** Removes what workers that died left behind: locks whose attempt has ended, or whose holder is gone without having claimed. */
export function sweepLocks(locks: LockStore, fold: TaskFold, isGone: (workerId: string) => boolean): void {
  for (const lock of locks.list()) {
    const record = fold.get(lock.task_id);
    const held = record.status === 'in_progress';
    const ended =
      lock.round !== undefined &&
      lock.attempt !== undefined &&
      !held &&
      !isOlder(record, { round: lock.round, attempt: lock.attempt });
    const claims = held && record.workerId === lock.worker_id;
    if (ended || (!claims && isGone(lock.worker_id))) locks.remove(lock.task_id);
  }
}

/** True when `a` names an earlier attempt than `b`. A lock of the seed names none and counts as the attempt in question. */
function isOlder(a: Partial<TaskLockFile> | Attempt, b: Attempt): boolean {
  if (a.round === undefined || a.attempt === undefined) return false;
  return a.round < b.round || (a.round === b.round && a.attempt < b.attempt);
}
