import { Task } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { mostWanted, SNAPSHOT_TASKS } from './most-wanted.ts';
import { createTaskBoard } from './task-board.ts';

const T = '2026-11-23T10:00:00.000Z';

describe('the tasks of a snapshot', () => {
  const boardOf = (count: number) => {
    const board = createTaskBoard();
    board.setQueue(Array.from({ length: count }, (_, index) => Task.parse({ id: `t${index}`, prompt: 'p' })));
    return board;
  };

  it('are all of them, in the order of the queue, as long as they fit', () => {
    const board = boardOf(12);
    expect(mostWanted(board)).toEqual(board.ids());
  });

  it('of too many are those at work first, and the first of the rest', () => {
    const board = boardOf(SNAPSHOT_TASKS + 10);
    const last = `t${SNAPSHOT_TASKS + 9}`;
    board.applyExecution(
      {
        task_id: last,
        worker_id: 'w',
        status: 'in_progress',
        timestamp: T,
        started_at: T,
        round: 1,
        attempt: 1,
      },
      10,
    );
    const wanted = mostWanted(board);
    expect(wanted).toHaveLength(SNAPSHOT_TASKS);
    expect(wanted.slice(0, 3)).toEqual([last, 't0', 't1']);
    expect(wanted.at(-1)).toBe(`t${SNAPSHOT_TASKS - 2}`);
    expect(board.counts()).toMatchObject({
      total: SNAPSHOT_TASKS + 10,
      in_progress: 1,
      queued: SNAPSHOT_TASKS + 9,
    });
  });
});
