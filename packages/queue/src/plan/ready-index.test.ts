import { createTaskFold, Task } from '@vivarium/contracts';
import { expect, it } from 'vitest';
import { createReadyIndex } from './ready-index.ts';

it('Q6: a task that waits for ten thousand others is looked at once for each, not looked through for each', () => {
  let looks = 0;
  const names = Array.from({ length: 10_000 }, (_, index) => `t${index}`);
  const all = Task.parse({ id: 'all', prompt: 'p', depends_on: names });
  const counting = {
    ...all,
    depends_on: new Proxy(all.depends_on, {
      get(list, key) {
        if (typeof key === 'string' && /^\d+$/.test(key)) looks += 1;
        return Reflect.get(list, key) as unknown;
      },
    }),
  };
  const fold = createTaskFold();
  const index = createReadyIndex(
    [...names.map((id) => Task.parse({ id, prompt: 'p' })), counting],
    fold,
    'run_1',
    { nowMs: () => 0, wallMs: () => 0 },
  );
  const at = '2026-01-01T00:00:00.000Z';
  looks = 0;
  for (const id of names) {
    fold.apply({ task_id: id, worker_id: 'w', status: 'in_progress', timestamp: at, started_at: at });
    index.recordChanged(id);
    fold.apply({
      task_id: id,
      worker_id: 'w',
      status: 'completed',
      timestamp: at,
      completed_at: at,
      result_summary: null,
      errors: null,
    });
    index.recordChanged(id);
  }
  expect(index.firstReady?.id).toBe('all');
  expect(looks).toBeLessThan(5 * names.length);
});
