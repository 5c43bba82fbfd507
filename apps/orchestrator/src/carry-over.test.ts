import { createTaskFold, ExecutionLogLine, nextRecord, type TaskFold } from '@vivarium/contracts';
import { createMemoryMachine } from '@vivarium/platform/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRoundKeeper, nextRounds, type Aside } from './carry-over.ts';
import { ended, type Line } from './testing/views.ts';

const aside = (): Aside => ({
  home: 'h',
  at: '2026-11-27T10:00:00.000Z',
  ids: createMemoryMachine().ids,
});
const parse = (lines: readonly Line[]): readonly ExecutionLogLine[] =>
  lines.map((line) => ExecutionLogLine.parse(line));

const foldOf = (lines: readonly Line[]) => {
  const fold = createTaskFold();
  for (const line of lines)
    expect(fold.apply(ExecutionLogLine.parse(line)), JSON.stringify(line)).toBe('applied');
  return fold;
};

describe('what a cleared log carries over', () => {
  it('Q7: every task begins its next round, by the rules of the fold alone', () => {
    const before = foldOf(ended('a', 'completed'));
    let fold = foldOf(nextRounds(before, aside()));
    expect(fold.get('a')).toMatchObject({ status: 'queued', round: 2, attempt: 0, cost: 0 });
    fold = foldOf(nextRounds(fold, aside()));
    expect(fold.get('a')).toMatchObject({ status: 'queued', round: 3, attempt: 0 });
    expect(nextRecord(fold.get('a'), ExecutionLogLine.parse(ended('a', 'completed')[0]))).toBeUndefined();
  });

  it('Q4: a late finish of the work that was cleared changes nothing', () => {
    const fold = foldOf(nextRounds(foldOf(ended('a', 'completed').slice(0, 1)), aside()));
    expect(fold.apply(ExecutionLogLine.parse(ended('a', 'completed')[1]))).toBe('ignored');
  });
});

describe('what an archived log carries over', () => {
  const AT = '2026-11-23T10:00:00.000Z';
  const OPS = [
    'claim',
    'retrying',
    'released',
    'completed',
    'failed',
    'cancelled',
    'reopened',
    'edited',
    'late',
    'seed',
  ] as const;
  type Step = readonly [id: string, op: (typeof OPS)[number]];
  /** What the next line of a task may be, by where it stands; `late` names an attempt that is over. */
  const lineFor = (fold: TaskFold, [id, op]: Step): Line => {
    const { round, attempt, digest = 'd1' } = fold.get(id);
    const base = { task_id: id, worker_id: 'w1', timestamp: AT, task_digest: digest, round, attempt };
    const end = { ...base, completed_at: AT, cost_nano_usd: 7 };
    switch (op) {
      case 'claim':
        return { ...base, status: 'in_progress', started_at: AT, attempt: attempt + 1 };
      case 'edited':
        return { ...base, status: 'in_progress', started_at: AT, task_digest: `${digest}x`, round: round + 1, attempt: 1 };
      case 'retrying':
        return { ...base, status: 'retrying', errors: 'x', not_before: AT, blame: 'task' };
      case 'released':
        return { ...base, status: 'queued', reason: 'x', event: 'task.released' };
      case 'reopened':
        return { ...base, status: 'queued', reason: 'x', event: 'task.reopened', round: round + 1, attempt: 0 };
      case 'late':
        return { ...end, status: 'completed', attempt: Math.max(0, attempt - 1) };
      case 'seed':
        return { task_id: id, worker_id: 'w1', status: 'in_progress', timestamp: AT, started_at: AT };
      case 'completed':
      case 'failed':
      case 'cancelled':
        return { ...end, status: op };
    }
  }; // prettier-ignore
  const history = fc
    .array(fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom(...OPS)), { maxLength: 60 })
    .map((steps) => {
      const fold = createTaskFold();
      return steps.map((step) => {
        const line = ExecutionLogLine.parse(lineFor(fold, step));
        fold.apply(line);
        return line;
      });
    });
  const archived = (lines: readonly ExecutionLogLine[]): readonly ExecutionLogLine[] => {
    const last = createTaskFold();
    for (const each of lines) last.apply(each);
    const keep = createRoundKeeper(last, aside());
    return lines.flatMap((each) => {
      const kept = keep(each);
      if (kept.kind === 'left') return [];
      return kept.before === undefined ? [each] : [ExecutionLogLine.parse(kept.before), each];
    });
  };
  const statesOf = (lines: readonly ExecutionLogLine[]) => {
    const fold = createTaskFold();
    for (const each of lines) fold.apply(each);
    return new Map(fold.entries());
  };

  it('Q1, Q7: whatever lines there were, every task is in the state it was in, and a second archive changes nothing', () => {
    let droppedSome = 0;
    let laterRounds = 0;
    fc.assert(
      fc.property(history, (lines) => {
        const next = archived(lines);
        expect(statesOf(next)).toEqual(statesOf(lines));
        expect(archived(next)).toEqual(next);
        if (next.length < lines.length) droppedSome += 1;
        if (
          next.some(
            (each) =>
              each.event === 'task.carried-over' && each.status === 'queued' && each.reason === 'archived',
          )
        )
          laterRounds += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(droppedSome).toBeGreaterThan(100);
    expect(laterRounds).toBeGreaterThan(20);
  });

  it('a task of one round is carried on line by line, with nothing before it', () => {
    const lines = parse(ended('a', 'completed'));
    expect(archived(lines)).toEqual(lines);
  });
});
