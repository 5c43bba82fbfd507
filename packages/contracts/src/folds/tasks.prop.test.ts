import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ExecutionLogLine } from '../events/execution-log.ts';
import { createTaskFold, isFinal } from './tasks.ts';

const at = '2026-11-23T10:00:00.000Z';
const worker = fc.constantFrom('w1', 'w2', 'w3');
const place = {
  task_id: fc.constantFrom('a', 'b'),
  worker_id: worker,
  timestamp: fc.constant(at),
  round: fc.integer({ min: 1, max: 3 }),
  attempt: fc.integer({ min: 0, max: 4 }),
};
const digest = { task_digest: fc.constantFrom('d1', 'd2') };
const anyLine: fc.Arbitrary<ExecutionLogLine> = fc.oneof(
  fc.record({
    ...place,
    ...digest,
    status: fc.constant('in_progress' as const),
    started_at: fc.constant(at),
  }),
  fc.record({
    ...place,
    ...digest,
    status: fc.constant('in_progress' as const),
    started_at: fc.constant(at),
    supersedes: fc.record({
      worker_id: worker,
      attempt: fc.integer(),
      why: fc.constant('holder_gone' as const),
    }),
  }),
  fc.record({
    ...place,
    ...digest,
    status: fc.constant('completed' as const),
    completed_at: fc.constant(at),
    result_summary: fc.constant(''),
    errors: fc.constant(null),
    cost_nano_usd: fc.nat(1000),
  }),
  fc.record({
    ...place,
    ...digest,
    status: fc.constant('skipped' as const),
    completed_at: fc.constant(at),
    result_summary: fc.constant(null),
    errors: fc.constant('x'),
  }),
  fc.record({
    ...place,
    status: fc.constant('retrying' as const),
    errors: fc.constant('x'),
    not_before: fc.constant(at),
  }),
  fc.record({
    ...place,
    ...digest,
    status: fc.constant('queued' as const),
    reason: fc.constant('x'),
    event: fc.constantFrom('task.released' as const, 'task.reopened' as const, 'task.carried-over' as const),
  }),
);

it('Q7: whatever lines come, a task has at most one final state per round, and rounds and attempts only go up', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 60 }), (lines) => {
      const fold = createTaskFold();
      const ends = new Map<string, number>();
      for (const line of lines) {
        const before = fold.get(line.task_id);
        const answer = fold.apply(line);
        const after = fold.get(line.task_id);
        if (answer === 'ignored') expect(after).toBe(before);
        const isFirst = before.since === undefined;
        expect(
          after.round === before.round
            ? after.attempt >= before.attempt
            : after.round === before.round + 1 || (isFirst && after.round > before.round),
        ).toBe(true);
        if (answer === 'applied' && isFinal(after.status)) {
          const key = `${line.task_id}/${after.round}`;
          ends.set(key, (ends.get(key) ?? 0) + 1);
        }
      }
      expect([...ends.values()].every((count) => count === 1)).toBe(true);
    }),
  );
});

it('Q2, Q8: a claim or an end repeated at any later place in the log changes nothing', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 40 }), fc.nat(), fc.nat(), (lines, pick, gap) => {
      if (lines.length === 0) return;
      const index = pick % lines.length;
      const repeated = lines[index];
      if (repeated === undefined || (repeated.status === 'queued' && repeated.event === 'task.reopened'))
        return;
      const once = createTaskFold();
      const applied = lines.map((line) => once.apply(line))[index] === 'applied';
      if (!applied) return;
      const twice = createTaskFold();
      const place = Math.min(lines.length, index + 1 + (gap % 5));
      for (const line of [...lines.slice(0, place), repeated, ...lines.slice(place)]) twice.apply(line);
      expect([...twice.entries()]).toEqual([...once.entries()]);
    }),
  );
});
