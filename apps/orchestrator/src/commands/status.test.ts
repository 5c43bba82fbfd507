import { expect, it } from 'vitest';
import { StatusReport } from '@vivarium/contracts';
import { memoryHome } from '../testing/memory-home.ts';
import { ended, task } from '../testing/views.ts';
import { status, type StatusInput } from './status.ts';

async function told(more: Partial<StatusInput>): Promise<readonly string[]> {
  const home = memoryHome(
    [task('a'), task('b', { depends_on: ['a'] }), task('c', { depends_on: ['b'] })],
    ended('a', 'completed', { latency_ms: 500 }),
  );
  const deps = home.deps();
  const input = { home: undefined, all: false, graph: false, json: false, ...more };
  expect(await status(input, deps)).toBe(0);
  return deps.terminal.out;
}

it('--graph tells the waves and the critical path instead of the counters', async () => {
  const lines = await told({ graph: true });
  expect(lines[0]).toBe('wave 1 (1 task)');
  expect(lines.at(-1)).toBe('critical path (2 tasks, about 1.0 s): b → c');
  expect((await told({}))[1]).toMatch(/Total tasks/);
});

it('names the lines of queue.d/ that are no tasks', async () => {
  const home = memoryHome([task('a')]);
  home.machine.files.makeDirectory(home.layout.segments);
  home.machine.files.append(home.layout.log('queue.d/000001.jsonl'), '{"id": 7}\n');
  const deps = home.deps();
  expect(await status({ home: undefined, all: false, graph: false, json: false }, deps)).toBe(0);
  expect(deps.terminal.err.join()).toMatch(/WARNING: .*000001\.jsonl:1 id: /);
});

it('--json has the graph when it is asked for, and each row what it depends on', async () => {
  const report = (lines: readonly string[]) => StatusReport.parse(JSON.parse(lines[0] ?? ''));
  expect(report(await told({ json: true, graph: true })).graph).toEqual({
    waves: [['a'], ['b'], ['c']],
    critical_path: ['b', 'c'],
    expected_ms: 1_000,
  });
  const plain = report(await told({ json: true }));
  expect(plain).not.toHaveProperty('graph');
  expect(plain.tasks.map(({ depends_on }) => depends_on)).toEqual([[], ['a'], ['b']]);
});
