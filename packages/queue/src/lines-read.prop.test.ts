import { createTaskFold, ExecutionLogLine, readExecutionLine as readLine } from '@vivarium/contracts';
import { workerId } from '@vivarium/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimLine, finishLine, skipLine, type Holding, type LineContext } from './plan/lines.ts';
import { completed, deferred, failed, faulty, released } from './testing/task-queue-world.ts';

const home = 'home_1';
const holding: Holding = { taskId: 't', workerId: workerId('w'), digest: 'd', round: 1, attempt: 1 };
const context: LineContext = {
  home,
  runId: 'run_1',
  eventId: 'evt_1',
  timestamp: '2026-01-01T00:00:00.000Z',
};
const ours = [
  claimLine(holding, context, { worker_id: 'v', attempt: 0, why: 'holder_gone' }),
  skipLine(holding, context, 'a', 'why'),
  ...[completed(), failed, faulty(), deferred(null), deferred(new Date(0)), released].map((outcome) =>
    finishLine(holding, outcome, context, true),
  ),
];

describe('reading lines without the schema', () => {
  it('Q1: what this program writes reads the same either way', () => {
    for (const line of ours) expect(readLine(line, home)).toEqual(ExecutionLogLine.parse(line));
  });

  it('Q1: lines of the seed, of another home or without an event id go through the schema, and get its defaults', () => {
    const seed = {
      task_id: 't',
      worker_id: 'w',
      status: 'completed',
      timestamp: '2026-02-03T22:42:06',
      completed_at: '2026-02-03T22:42:06',
    };
    expect(readLine(seed, home)).toMatchObject({ errors: null, result_summary: null });
    for (const line of ours) {
      expect(readLine({ ...line, home: 'home_2', round: 'one' }, home)).toBeUndefined();
      expect(readLine({ ...line, event_id: undefined, round: 'one' }, home)).toBeUndefined();
    }
    expect(
      readLine(
        { task_id: 't', worker_id: 'w', status: 'on_hold', timestamp: seed.timestamp, event: 'task.held' },
        home,
      ),
    ).toBeUndefined();
  });

  it('Q8: whatever a line of ours was turned into by hand, the fold survives what is let through', () => {
    const keys = [...new Set(ours.flatMap((line) => Object.keys(line)))];
    const damage = fc.record({
      key: fc.constantFrom(...keys),
      value: fc.oneof(
        fc.jsonValue(),
        fc.constantFrom(undefined, 'queued', 'task.completed', 0.5, -1, 2 ** 60),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...ours), fc.array(damage, { maxLength: 3 })), { maxLength: 6 }),
        (damaged) => {
          const fold = createTaskFold();
          for (const [line, changes] of damaged) {
            const text = JSON.stringify({
              ...line,
              ...Object.fromEntries(changes.map(({ key, value }) => [key, value])),
            });
            const read = readLine(JSON.parse(text), home);
            if (read !== undefined) fold.apply(read);
          }
          for (const [, { status, round, attempt, cost }] of fold.entries()) {
            expect(typeof status).toBe('string');
            expect([round, attempt, cost].every(Number.isSafeInteger)).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
