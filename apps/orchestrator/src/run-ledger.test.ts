import { expect, it } from 'vitest';
import { createTaskFold, ExecutionLogLine } from '@vivarium/contracts';
import { createRunLedger, sumOf } from './run-ledger.ts';
import { claimed, task, viewsOf, type Line } from './testing/views.ts';

const at = (second: number): string => `2026-11-23T10:00:${String(second).padStart(2, '0')}.000Z`;
const claim = (id: string, second: number, run: string, attempt = 1): Line =>
  claimed(id, { timestamp: at(second), started_at: at(second), run_id: run, attempt });
const end = (id: string, second: number, run: string, status: string, cost: number, attempt = 1): Line => ({
  task_id: id, worker_id: 'worker_1', status, timestamp: at(second), completed_at: at(second), not_before: at(second), errors: 'x', round: 1, attempt, run_id: run,
  cost: cost / 1e9, cost_nano_usd: cost, simulated: true,
}); // prettier-ignore

it('sums what the run itself did: seconds from claim to end and money of all its attempts, wave by wave', () => {
  const fold = createTaskFold();
  const apply = (line: Line): { id: string; record: ReturnType<typeof fold.get> } => {
    const parsed = ExecutionLogLine.parse(line);
    expect(fold.apply(parsed)).toBe('applied');
    return { id: parsed.task_id, record: fold.get(parsed.task_id) };
  };
  // Another run had begun `a`, and paid for it.
  for (const line of [claim('a', 0, 'run_0'), end('a', 1, 'run_0', 'retrying', 100)]) apply(line);
  const ledger = createRunLedger('run_1', fold.entries());
  for (const line of [
    claim('a', 2, 'run_1', 2),
    end('a', 4, 'run_1', 'retrying', 10, 2),
    claim('a', 5, 'run_1', 3),
    end('a', 6, 'run_1', 'completed', 30, 3),
    claim('b', 6, 'run_1'),
    end('b', 10, 'run_1', 'failed', 5),
    claim('c', 7, 'run_2'),
    end('c', 9, 'run_2', 'completed', 7_000),
    claim('d', 9, 'run_1'),
  ])
    ledger.see(apply(line));
  const views = viewsOf([task('a'), task('b', { depends_on: ['a'] }), task('c'), task('d')]);
  const waves = ledger.waves(views);
  expect(waves).toEqual([
    { tasks: 1, taskMs: 3_000, real: 0, simulated: 40 },
    { tasks: 1, taskMs: 4_000, real: 0, simulated: 5 },
  ]);
  expect(sumOf(waves)).toEqual({ tasks: 2, taskMs: 7_000, real: 0, simulated: 45 });
});
