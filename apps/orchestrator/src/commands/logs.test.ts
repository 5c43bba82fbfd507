import { describe, expect, it } from 'vitest';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import type { Line } from '../testing/views.ts';
import { logs, type LogsInput } from './logs.ts';

const action = (at: number, more: Line = {}): Line => ({
  timestamp: `2026-11-23T10:00:${String(at).padStart(2, '0')}.000Z`,
  actor: 'worker_1',
  action_type: 'API',
  action: 'llama',
  detail: `${at} t | $0.0001`,
  session_id: null,
  metadata: null,
  task_id: `t${at % 2}`,
  ...more,
});
const LINES = [...Array.from({ length: 30 }, (_, at) => action(at)), action(30, { action_type: 'SAFETY', action: 'BLOCKED', detail: 'rule: no-shell', task_id: 'bad' })]; // prettier-ignore
const input: LogsInput = {
  home: undefined,
  follow: false,
  task: undefined,
  types: [],
  lines: 20,
  json: false,
};

function homeOn(lines: readonly Line[] = LINES): MemoryHome {
  const home = memoryHome([]);
  home.machine.files.replace(
    home.layout.log('action'),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
  return home;
}
async function told(more: Partial<LogsInput>, home = homeOn()): Promise<readonly string[]> {
  const deps = home.deps();
  expect(await logs({ ...input, ...more }, deps)).toBe(0);
  return deps.terminal.out;
}

describe('logs', () => {
  it('tells the last lines, twenty unless another number is asked for, in the form of the readable log', async () => {
    const lines = await told({});
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toBe('Mon 10:00:30 | worker_1     | SAFETY   | BLOCKED        | rule: no-shell');
    expect(await told({ lines: 2 })).toHaveLength(2);
    expect(await told({ lines: 0 })).toEqual([]);
    expect(await told({}, memoryHome([]))).toEqual([]);
  });

  it('--task and --type leave the rest out, and count after that', async () => {
    expect(await told({ task: 'bad' })).toHaveLength(1);
    expect(await told({ task: 't1', lines: 4 })).toHaveLength(4);
    expect(await told({ types: ['SAFETY'] })).toHaveLength(1);
    expect(await told({ types: ['SAFETY', 'API'], lines: 100 })).toHaveLength(31);
    expect(await told({ types: ['SAFETY'], task: 't1' })).toEqual([]);
  });

  it('--json prints the lines as they are', async () => {
    expect((await told({ json: true, lines: 2 })).map((line) => JSON.parse(line) as Line)).toEqual(
      LINES.slice(-2),
    );
  });

  it('says how many lines could not be read', async () => {
    const home = homeOn();
    home.machine.files.append(home.layout.log('action'), '{"torn\n');
    const deps = home.deps();
    await logs(input, deps);
    expect(deps.terminal.err).toEqual(['1 line could not be read and was passed over']);
  });

  it('--follow goes on with what comes, each line once, also when nothing called, and ends with 0', async () => {
    const home = homeOn();
    const deps = home.deps();
    const leave = new AbortController();
    let forgotten = false;
    const ended = logs({ ...input, follow: true, lines: 1, task: 't1' }, deps, () => ({
      signal: leave.signal,
      forget: () => (forgotten = true),
    }));
    const add = (at: number): unknown =>
      home.machine.files.append(home.layout.log('action'), `${JSON.stringify(action(at))}\n`);
    const { clock, disk } = home.machine;
    await clock.advanceSettled(0);
    expect(deps.terminal.out).toHaveLength(1);
    add(31);
    add(32);
    await clock.advanceSettled(0);
    expect(deps.terminal.out).toHaveLength(2);
    disk.watchers.clear();
    add(33);
    await clock.advanceSettled(1_000);
    expect(deps.terminal.out.map((line) => line.slice(4, 12))).toEqual(['10:00:29', '10:00:31', '10:00:33']);
    leave.abort();
    expect(await ended).toBe(0);
    expect(forgotten).toBe(true);
  });

  it('--follow says when the log was replaced by another, and tells that from its beginning', async () => {
    const home = homeOn();
    const deps = home.deps();
    const leave = new AbortController();
    const ended = logs({ ...input, follow: true, lines: 1 }, deps, () => ({
      signal: leave.signal,
      forget: () => undefined,
    }));
    await home.machine.clock.advanceSettled(0);
    home.machine.files.replace(home.layout.log('action'), `${JSON.stringify(action(40))}\n`);
    await home.machine.clock.advanceSettled(1_000);
    expect(deps.terminal.out).toHaveLength(2);
    expect(deps.terminal.err.join()).toMatch(/replaced by another one/);
    leave.abort();
    expect(await ended).toBe(0);
  });
});
