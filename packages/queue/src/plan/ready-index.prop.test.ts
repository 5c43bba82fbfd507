import { createTaskFold, ExecutionLogLine, Task } from '@vivarium/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isDrained, readinessOf, type PlanView, type Readiness } from './readiness.ts';
import { createDues } from './dues.ts';
import { createReadyIndex } from './ready-index.ts';

const START = Date.UTC(2026, 0, 1);
const ids = ['a', 'b', 'c', 'd', 'e', 'gone'];

/** Every task may depend on those before it, and on one that is not in the queue. */
const graph = fc
  .tuple(...['a', 'b', 'c', 'd', 'e'].map((_, index) => fc.subarray([...ids.slice(0, index), 'gone'])))
  .map((needs) => needs.map((depends_on, index) => Task.parse({ id: ids[index], prompt: 'p', depends_on })));

const event = fc.record({
  id: fc.constantFrom(...ids),
  status: fc.constantFrom(
    'in_progress',
    'completed',
    'failed',
    'skipped',
    'deferred',
    'deferred for good',
    'retrying',
    'queued',
    'reopened',
  ),
  worker: fc.constantFrom('w1', 'w2'),
  run: fc.constantFrom('run_1', 'run_2'),
  digest: fc.constantFrom('own', 'other'),
  pause: fc.nat(3_000),
});

it('Q6: the index, kept up line by line, says of every task what the rule says of it from scratch', () => {
  fc.assert(
    fc.property(graph, fc.array(event, { maxLength: 40 }), (tasks, events) => {
      const fold = createTaskFold();
      const byId = new Map(tasks.map((task) => [task.id, task]));
      let nowMs = START;
      const times = { nowMs: () => nowMs, wallMs: () => nowMs };
      const dueAt = createDues(times);
      const index = createReadyIndex(tasks, fold, 'run_1', times);
      const view = (): PlanView => ({ fold, lookUp: (id) => byId.get(id), runId: 'run_1', nowMs, dueAt });

      for (const { id, status, worker, run, digest, pause } of events) {
        nowMs += pause;
        const record = fold.get(id);
        const reopened = status === 'reopened';
        const line = ExecutionLogLine.parse({
          task_id: id,
          worker_id: record.status === 'in_progress' ? record.workerId : worker,
          status: reopened ? 'queued' : status === 'deferred for good' ? 'deferred' : status,
          event: reopened ? 'task.reopened' : status === 'queued' ? 'task.released' : undefined,
          timestamp: new Date(nowMs).toISOString(),
          started_at: new Date(nowMs).toISOString(),
          completed_at: new Date(nowMs).toISOString(),
          not_before: new Date(nowMs + 2_000).toISOString(),
          until: status === 'deferred for good' ? null : new Date(nowMs + 2_000).toISOString(),
          reason: 'r',
          errors: 'e',
          run_id: run,
          round: reopened ? record.round + 1 : record.round,
          attempt: reopened ? 0 : record.attempt + (status === 'in_progress' ? 1 : 0),
          task_digest: digest === 'own' ? undefined : 'another digest',
        });
        if (fold.apply(line) === 'applied') index.recordChanged(id);
        index.ripen();
        compare();
      }

      function compare(): void {
        const counts: Record<Readiness['kind'], number> = {
          claimable: 0,
          later: 0,
          blocked: 0,
          to_skip: 0,
          held: 0,
          another_run: 0,
          final: 0,
        };
        const ready = new Set<string>();
        for (let link = index.firstReady; link !== undefined; link = link.next) ready.add(link.id);
        let earliest: number | undefined;
        for (const task of tasks) {
          const expected = readinessOf(task, view());
          counts[expected.kind] += 1;
          expect([task.id, ready.has(task.id)]).toEqual([task.id, expected.kind === 'claimable']);
          expect([task.id, index.toSkip.has(task.id)]).toEqual([task.id, expected.kind === 'to_skip']);
          if (expected.kind === 'held') expect(index.heldBy.get(expected.workerId)?.has(task.id)).toBe(true);
          if (expected.kind === 'later')
            earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, expected.at);
        }
        expect(index.counts).toEqual(counts);
        expect(index.earliest).toBe(earliest);
        // Everything can come to an end: what is blocked waits for something that is not blocked.
        if (counts.blocked > 0) expect(counts.blocked).toBeLessThan(tasks.length);
        if (isDrained(counts) && counts.another_run === 0) expect(counts.final).toBe(tasks.length);
      }
    }),
    { numRuns: 400 },
  );
});
