/** What an operator does to tasks of a real home: opening again, ending, looking, following; and what `add` says of when and how a task runs. */
import { execFile } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { StatusReport, TaskReport } from '@vivarium/contracts';
import { isUp, launchGrind } from './grind-process.ts';
import { createHome, orchestratorMain, taskNamed, until, type Home } from './orchestrator-process.ts';
import { startSimulator } from './simulator-process.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function homeWith(
  faults: readonly object[],
  ...tasks: Parameters<typeof createHome>[0] & object
): Promise<Home> {
  const home = createHome(tasks);
  cleanups.push(() => home.remove());
  await home.cli(['init', home.path]);
  const bill = ['--bill', home.at('logs/simulator_bill.jsonl')];
  const simulator = await startSimulator(...bill, '--faults', JSON.stringify(faults));
  cleanups.push(() => simulator.stop());
  const grind = await launchGrind(['--home', home.path, '--port', '0', '--simulator', simulator.url]);
  if (!isUp(grind)) throw new Error(grind.said);
  cleanups.push(async () => {
    grind.kill('SIGKILL');
    await grind.ended;
  });
  return home;
}
const rejects = (promptIncludes: string, times: number) => ({
  match: { promptIncludes },
  fault: { kind: 'status', status: 400 },
  times,
});
const hangs = (promptIncludes: string, times: number) => ({
  match: { promptIncludes },
  fault: { kind: 'hang' },
  times,
});
const shown = async (home: Home, id: string): Promise<TaskReport> =>
  TaskReport.parse(JSON.parse((await home.cli(['show', id, '--json'])).out));
/** Ids in the order in which they were claimed. */
const claims = (home: Home): readonly string[] =>
  home
    .read('logs/execution_log.jsonl')
    .split('\n')
    .filter((line) => line.includes('"status":"in_progress"'))
    .map((line) => (JSON.parse(line) as { task_id: string }).task_id);

describe('retry', () => {
  it('Q7: failures that are alike are told as one, opened by their fingerprint with what was skipped for them, and complete', async () => {
    const home = await homeWith(
      [rejects('poison', 2)],
      taskNamed('poison-1'),
      taskNamed('poison-2'),
      taskNamed('after', { depends_on: ['poison-1'] }),
    );
    expect((await home.cli(['start', '1', '--concurrency', '2'])).code).toBe(1);
    const { out } = await home.cli(['status']);
    const fingerprint =
      /2 alike \(fingerprint ([0-9a-f]{8})\): \w+, .*: poison-1, poison-2\n/.exec(out)?.[1] ?? '';
    expect(fingerprint, out).not.toBe('');

    const early = await home.cli(['retry', 'after']);
    expect(early.code).toBe(1);
    expect(early.err).toMatch(/after: it would be skipped again: it waits for "poison-1", which failed/);
    const retried = await home.cli(['retry', '--matching', fingerprint, '--reason', 'mended']);
    expect(retried).toMatchObject({ code: 0, err: '' });
    expect(retried.out).toMatch(/Opened again: 2 tasks: poison-1, poison-2\n.*open with them: after\n/);
    expect((await home.cli(['start', '1', '--concurrency', '2'])).code).toBe(0);
    expect(Object.fromEntries(home.completions())).toEqual({ 'poison-1': 1, 'poison-2': 1, after: 1 });

    const { rounds, simulated_charged_nano_usd: charged } = await shown(home, 'poison-1');
    expect(rounds.map(({ attempts }) => attempts.map(({ status }) => status))).toEqual([
      ['failed'],
      ['completed'],
    ]);
    expect(rounds[1]?.history).toMatchObject([{ event: 'task.reopened', text: 'reopened: mended' }]);
    expect(rounds[1]?.attempts[0]?.history.map(({ log, event }) => `${log} ${event}`)).toEqual([
      'execution task.claimed',
      'safetyAudit gate.decided',
      'apiAudit call.held',
      'apiAudit API_CALL_SUCCESS',
      'execution task.completed',
    ]);
    expect(charged).toBeGreaterThan(0);
  });

  it('--simulated runs what the simulator answered once more; show --output prints the answer as it is', async () => {
    const home = await homeWith([], taskNamed('a'));
    await home.cli(['start', '1']);
    expect(await home.cli(['retry', '--simulated'])).toMatchObject({ code: 0 });
    expect(await home.status()).toMatchObject({ queued: 1, completed: 0 });
    const again = await home.cli(['start', '1', '--json']);
    expect(again.code).toBe(0);
    expect(home.books()).toMatchObject({ calls: 2 });
    const [row] = (await home.status()).tasks;
    expect(row).toMatchObject({ round: 2, status: 'completed' });
    const { out: output } = await home.cli(['show', 'a', '--output']);
    expect(home.read(row?.result ?? '')).toContain(`"result":${JSON.stringify(output)}}\n`);
    expect(await home.cli(['results', home.at('answers')])).toMatchObject({ code: 0 });
    expect(home.read('answers/a.txt')).toBe(output);
    const { out } = await home.cli(['show', 'a']);
    expect(out).toMatch(/^a {2}completed, round 2, attempt 1\n[\s\S]*Round 1\n[\s\S]*Round 2\n/);
  });
});

it('cancel cuts the call of a task in progress, names what will be skipped, and the run ends without it', async () => {
  const home = await homeWith(
    [hangs('slow', 9)],
    taskNamed('slow'),
    taskNamed('next', { depends_on: ['slow'] }),
  );
  const run = home.launch(['start', '1']);
  await until(() => home.read('logs/api_audit.log').includes('call.held'), 30_000, 'the call');
  const cancelled = await home.cli(['cancel', '--matching', 'slow', '--reason', 'not wanted']);
  expect(cancelled).toMatchObject({ code: 0, err: '' });
  expect(cancelled.out).toBe(
    '✓ Cancelled: 1 task: slow\n  1 in progress: 1 call cut\n  will be skipped, for they wait for it: next\n',
  );
  expect((await run.ended).code).toBe(1);
  expect(await home.status()).toMatchObject({ cancelled: 1, skipped: 1, failed: 0, in_progress: 0 });
  const { rounds } = await shown(home, 'slow');
  expect(rounds[0]?.attempts[0]).toMatchObject({
    status: 'cancelled',
    reason: 'not wanted',
    calls: [{ state: 'unknown' }],
  });
  expect((await home.cli(['cancel', 'slow'])).err).toMatch(/"slow" is over: cancelled/);
});

describe('logs', () => {
  it('is what the readable log says; --task and --type choose from it', async () => {
    const home = await homeWith([], taskNamed('a'), taskNamed('b'));
    await home.cli(['start', '1']);
    const twin = home.read('logs/action_log.log').split('\n').slice(6).join('\n');
    // Two files, and several processes that write to both: the same lines, in what order whoever came first.
    const told = (await home.cli(['logs', '-n', '1000'])).out;
    expect(told.split('\n').toSorted()).toEqual(twin.split('\n').toSorted());
    const ofTask = await home.cli(['logs', '--task', 'a', '--type', 'API', '--json']);
    for (const line of ofTask.out.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ task_id: 'a', action_type: 'API' });
  });

  it('-f tells what comes, and ends with 0 on Ctrl-C', async () => {
    const home = await homeWith([]);
    await home.cli(['pause', '--reason', 'lunch']);
    const following = home.launch(['logs', '-f', '-n', '1']);
    await following.says(/lunch/);
    await home.cli(['resume', '--reason', 'eaten']);
    await following.says(/lunch.*\n.*eaten/);
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(0);
  });

  it('-f ends when the reader of the pipe leaves', async () => {
    const home = await homeWith([]);
    const line = `'${process.execPath}' '${orchestratorMain}' --home '${home.path}' logs -f | head -n 1; exit \${PIPESTATUS[0]}`;
    const ended = new Promise<number>((resolve) =>
      execFile('bash', ['-c', line], (error) => resolve(typeof error?.code === 'number' ? error.code : 0)),
    );
    let isOver = false;
    void ended.then(() => (isOver = true));
    await until(
      async () => {
        await home.cli(['pause']);
        await home.cli(['resume']);
        return isOver;
      },
      60_000,
      'the follower to leave',
    );
    expect(await ended).toBe(0);
  });
});

describe('add', () => {
  it('--priority goes first, --not-before waits, --timeout ends an attempt, --attempts limits them', async () => {
    const home = await homeWith([hangs('hang', 9)]);
    const add = (id: string, ...flags: readonly string[]) =>
      home.cli(['add', id, 'grind', '--prompt', `Say ${id}.`, ...flags]);
    await add('plain');
    await add('urgent', '--priority', '50');
    await add('later', '--priority', '100', '--not-before', '+6s');
    await add('hang', '--priority', '-1', '--timeout', '1', '--attempts', '1');
    const began = Date.now();
    const { code, out } = await home.cli(['start', '1']);
    expect(code).toBe(1);
    expect(claims(home).filter((id) => id !== 'later')).toEqual(['urgent', 'plain', 'hang']);
    const { tasks } = await home.status();
    const later = (await shown(home, 'later')).rounds[0]?.attempts[0];
    expect(Date.parse(later?.started_at ?? '')).toBeGreaterThanOrEqual(
      Date.parse(tasks[2]?.not_before ?? ''),
    );
    expect(tasks[3]).toMatchObject({ id: 'hang', status: 'failed', attempt: 1, priority: -1 });
    expect(Date.now() - began).toBeLessThan(60_000);
    expect(out).toMatch(/→ orchestrator retry hang, and start again/);
  });
});

it('start tells what it finds, in waves, and what they took; --json has the same', async () => {
  const home = await homeWith(
    [],
    taskNamed('a'),
    taskNamed('twin', { prompt: 'Write two sentences about a.' }),
    taskNamed('b', { depends_on: ['a'] }),
  );
  const first = await home.cli(['start', '1', '--concurrency', '2']);
  expect(first.code).toBe(0);
  expect(first.out).toContain('validation 3/3: every entry parses, every dependency is there\n');
  expect(first.out).toContain('the same content under several ids, and each runs: a = twin\n');
  expect(first.out).toContain('2 waves: 2 + 1 tasks\n');
  expect(first.out).toMatch(
    /wave 1: 2 tasks, .* of work, \$\S+ simulated\n {2}wave 2: 1 task, .*\n {2}all: 3 tasks, .* by the clock\n/,
  );
  home.queue([taskNamed('a', { prompt: 'Something else.' }), taskNamed('twin'), taskNamed('c')]);
  const [started, ...events] = (await home.cli(['start', '1', '--json'])).out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(started).toMatchObject({
    event: 'run.started',
    validation: { valid: 3, faults: [] },
    resumed: 0,
    open: 3,
    edited: ['a', 'twin'],
    duplicates: [],
    waves: [3],
  });
  const ended = events.at(-1);
  expect(ended).toMatchObject({ event: 'run.ended', waves: [{ tasks: 3 }], cut_short: [] });
});

it('a cut answer is counted by status and by the run, and status --graph tells the waves', async () => {
  const home = await homeWith([], taskNamed('a', { max_tokens: 1 }), taskNamed('b', { depends_on: ['a'] }));
  const { out } = await home.cli(['start', '1']);
  expect(out).toMatch(/1 completed answer was cut short: a {2}→ orchestrator show a\n/);
  const report = StatusReport.parse(JSON.parse((await home.cli(['status', '--json', '--graph'])).out));
  expect(report.cut_short).toEqual(['a']);
  expect(report.tasks[0]).toMatchObject({ finish_reason: 'length', cut_by: 'max_tokens' });
  expect(report.graph).toEqual({ waves: [['a'], ['b']], critical_path: [], expected_ms: null });
  expect((await home.cli(['status', '--graph'])).out).toMatch(
    /^wave 1 \(1 task\)\n {2}completed 1 +a\nwave 2 \(1 task\)\n {2}completed 1 +b\n$/,
  );
});
