/** Which tasks a snapshot holds when the queue is too long for all of them. */
import type { TaskBoard } from './task-board.ts';

/** Tasks in one snapshot; of a longer queue those that move come first. */
export const SNAPSHOT_TASKS = 5_000;

/** All tasks, or of too many those somebody would look for first. */
export function mostWanted(board: TaskBoard): readonly string[] {
  const ids = board.ids();
  if (ids.length <= SNAPSHOT_TASKS) return ids;
  const rank = {
    in_progress: 0,
    retrying: 1,
    failed: 2,
    refused: 3,
    deferred: 4,
    queued: 5,
    blocked: 6,
    skipped: 7,
    cancelled: 8,
    completed: 9,
  } as const;
  const ranked = board.rows(ids).map((row) => ({ id: row.id, rank: rank[row.status], order: row.order }));
  return ranked
    .sort((a, b) => a.rank - b.rank || a.order - b.order)
    .slice(0, SNAPSHOT_TASKS)
    .map(({ id }) => id);
}
