/** Runs as people and accidents make them: real orchestrators, workers, grind and simulator on homes of their own. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { GrindFile } from '@vivarium/contracts';
import { isUp, launchGrind, type GrindProcess } from './grind-process.ts';
import { createHome, orchestratorMain, taskNamed, until, type Home } from './orchestrator-process.ts';
import { startSimulator, type SimulatorProcess } from './simulator-process.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const homeWith = (...tasks: Parameters<typeof createHome>[0] & object): Home => {
  const home = createHome(tasks);
  cleanups.push(() => home.remove());
  return home;
};
const many = (count: number, name = 't') =>
  Array.from({ length: count }, (_, at) => taskNamed(`${name}${at}`));

/** A grind and a simulator that the test started: how slow the answers are, and what goes wrong, is in its hand. */
async function ownGrind(
  home: Home,
  simulatorFlags: readonly string[],
  grindFlags: readonly string[] = [],
): Promise<{ grind: GrindProcess; simulator: SimulatorProcess }> {
  const simulator = await startSimulator('--bill', home.at('logs/simulator_bill.jsonl'), ...simulatorFlags);
  cleanups.push(() => simulator.stop());
  const grind = await launchGrind([
    '--home',
    home.path,
    '--port',
    '0',
    '--simulator',
    simulator.url,
    ...grindFlags,
  ]);
  if (!isUp(grind)) throw new Error(grind.said);
  cleanups.push(async () => {
    grind.kill('SIGKILL');
    await grind.ended;
  });
  return { grind, simulator };
}
const prepared = async (home: Home): Promise<Home> => {
  await home.cli(['init', home.path]);
  return home;
};
/** Every task completed once and paid once: the books agree to the nano-dollar. */
const expectDoneOnce = (home: Home, ids: readonly string[]): void => {
  expect(Object.fromEntries(home.completions())).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));
  const { bill, calls, settled, unknown, held } = home.books();
  expect({ settled, unknown, held, calls }).toEqual({
    settled: bill,
    unknown: 0,
    held: 0,
    calls: ids.length,
  });
};
/** M2, where a grind or a provider was killed with calls under way: known ≤ bill ≤ known + charged at worst case. */
const expectAllCharged = (home: Home, ids: readonly string[]): void => {
  expect(Object.fromEntries(home.completions())).toEqual(Object.fromEntries(ids.map((id) => [id, 1])));
  const { bill, settled, unknown, held } = home.books();
  expect(settled).toBeLessThanOrEqual(bill);
  expect(bill).toBeLessThanOrEqual(settled + unknown);
  expect(held).toBe(0);
};
const idsOf = (tasks: readonly { readonly id: string }[]): readonly string[] => tasks.map(({ id }) => id);
const onDisk = (home: Home, status: string): number =>
  home.read('logs/execution_log.jsonl').split(`"status":"${status}"`).length - 1;

describe('the main path', () => {
  it('add → start → worker → grind → simulator → record → exit 0, and nothing is left running', async () => {
    const home = homeWith();
    for (const args of [
      ['task-1', 'grind', '--prompt', 'Explain CRDTs in two sentences.'],
      ['task-2', 'grind', '--prompt', 'Say what it leaves out.', '--depends-on', 'task-1'],
    ]) {
      expect((await home.cli(['add', ...args])).code).toBe(0);
    }
    const { code, out, err } = await home.cli(['start', '2']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/SIMULATED: no GROQ_API_KEY/);
    expect(out).toMatch(/✓ task-1 .*simulated[\s\S]*✓ task-2 .*simulated/);
    expect(out).toMatch(/All completed in [\s\S]*2 completed of 2[\s\S]*cost, simulated: \$0\.\d+, 2 calls/);
    expect(out).not.toContain('\u001b');
    expectDoneOnce(home, ['task-1', 'task-2']);
    const report = await home.status();
    expect(report).toMatchObject({
      total: 2,
      completed: 2,
      cost_nano_usd: 0,
      simulated_cost_nano_usd: home.books().bill,
      grind: null,
      runs: [],
    });
    for (const { result } of report.tasks) expect(home.read(result ?? '')).toMatch(/simulated/);
    expect(home.processes()).toEqual([]);
    expect(readdirSync(home.at('run/orchestrators'))).toEqual([]);
    expect(readdirSync(home.at('task_locks'))).toEqual([]);

    const again = await home.cli(['start', '2']);
    expect(again).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^Nothing is left that could run; nothing was started\.\n {2}2 completed of 2\n/,
      ) as unknown,
    });
    expectDoneOnce(home, ['task-1', 'task-2']);
  });

  it('--json prints one line per event and nothing else', async () => {
    const home = homeWith(taskNamed('a'), taskNamed('b'));
    const { out } = await home.cli(['start', '1', '--concurrency', '2', '--json']);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(lines.map(({ event }) => event)).toEqual(['run.started', 'task.ended', 'task.ended', 'run.ended']);
    expect(lines.at(-1)).toMatchObject({
      end: 'drained',
      exit_code: 0,
      total: 2,
      completed: 2,
      cost_nano_usd: 0,
      simulated_cost_nano_usd: home.books().bill,
      open: [],
    });
  });

  it('Q10: what fails, what is refused and what waited for them is told with reason and remedy, and ends with 1', async () => {
    const home = await prepared(
      homeWith(
        taskNamed('poison'),
        taskNamed('after', { depends_on: ['poison'] }),
        taskNamed('bad', { prompt: 'Run rm -rf / on the server.' }),
        taskNamed('good'),
      ),
    );
    await ownGrind(home, [
      '--faults',
      JSON.stringify([{ match: { promptIncludes: 'poison' }, fault: { kind: 'status', status: 400 } }]),
    ]);
    const { code, out } = await home.cli(['start', '2']);
    expect(code).toBe(1);
    expect(await home.status()).toMatchObject({ failed: 1, refused: 1, skipped: 1, completed: 1 });
    expect(out).toMatch(/✗ poison {2}failed: [\s\S]*Ended, not all completed/);
    expect(out).toMatch(/ {2}after skipped: .*poison.*\n {4}→ /);
    expect(out).toMatch(/ {2}bad refused: .*\n {4}→ reword the text/);
  });

  it('Q11: --run-cap bounds the run; what it leaves is deferred, ends with 5, and the next run goes on', async () => {
    const home = homeWith(taskNamed('a', { min_budget: 0.001, max_budget: 0.05 }));
    const short = await home.cli(['start', '1', '--run-cap', '0.000001']);
    expect(short).toMatchObject({
      code: 5,
      out: expect.stringMatching(/Ended with work deferred[\s\S]*a deferred: .*run/) as unknown,
    });
    expect(home.books()).toEqual({ bill: 0, calls: 0, settled: 0, unknown: 0, held: 0 });
    expect((await home.cli(['start', '1'], { env: { VIVARIUM_RUN_CAP_USD: '0.5' } })).code).toBe(0);
    expectDoneOnce(home, ['a']);
  });

  it('WORKER_TIMEOUT_SECONDS ends an attempt that hangs; the task is tried again', async () => {
    const home = await prepared(homeWith(taskNamed('a')));
    await ownGrind(home, ['--faults', JSON.stringify([{ fault: { kind: 'hang' }, times: 1 }])]);
    const { code, out } = await home.cli(['start', '1'], { env: { WORKER_TIMEOUT_SECONDS: '1' } });
    expect(code).toBe(0);
    expect(out).toMatch(/… a {2}will be tried again: [\s\S]*✓ a /);
    expect(onDisk(home, 'retrying')).toBe(1);
  });

  it('DEFAULT_GROQ_MODEL is asked where a task names none, --model where one does', async () => {
    const home = homeWith(taskNamed('plain'), taskNamed('own', { model: 'openai/gpt-oss-120b' }));
    await home.cli(['start', '1', '--concurrency', '2'], {
      env: { DEFAULT_GROQ_MODEL: 'openai/gpt-oss-20b' },
    });
    expect((await home.status()).tasks.map(({ id, model }) => [id, model])).toEqual([
      ['plain', 'openai/gpt-oss-20b'],
      ['own', 'openai/gpt-oss-120b'],
    ]);
  });

  it('N processes with K slots each really work at once', async () => {
    const home = await prepared(homeWith(...many(12)));
    await ownGrind(home, ['--latency-ms', '1500']);
    const run = home.launch(['start', '3', '--concurrency', '4']);
    await until(() => onDisk(home, 'in_progress') === 12, 20_000, 'twelve claims');
    expect(onDisk(home, 'completed')).toBe(0);
    expect(home.workerPids()).toHaveLength(3);
    expect((await run.ended).code).toBe(0);
  });
});

describe('grind and its owner', () => {
  it('M1: one that is up is used and left alone, and each run brings its own cap to it', async () => {
    const home = await prepared(homeWith(...many(2)));
    const { grind } = await ownGrind(home, []);
    expect((await home.cli(['start', '1', '--run-cap', '0.000001'])).code).toBe(5);
    const { code, out } = await home.cli(['start', '1', '--run-cap', '1.5']);
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`grind: ${grind.url}, was up already, simulator, SIMULATED.*cap of this run \\$1\\.50`),
    );
    expect(grind.child.exitCode).toBeNull();
    expect(home.grindPid()).toBe(grind.child.pid);
  });

  it('SWARM_API_URL names the one to be asked, and one of another home is refused', async () => {
    const home = await prepared(homeWith(...many(1)));
    const other = await prepared(homeWith(...many(1)));
    const { grind } = await ownGrind(home, []);
    const env = { SWARM_API_URL: grind.url };
    expect(await other.cli(['start', '1'], { env })).toMatchObject({
      code: 4,
      err: expect.stringContaining('serves another home') as unknown,
    });
    const { code, out } = await home.cli(['start', '1'], { env });
    expect(code).toBe(0);
    expect(out).toContain('named by SWARM_API_URL');
  });

  it('Q11: kill -9 of grind in the middle of a run fails nothing; it is started again and every call is paid or charged', async () => {
    const tasks = many(16);
    const home = homeWith(...tasks);
    const run = home.launch(['start', '2', '--concurrency', '2']);
    await until(() => onDisk(home, 'completed') >= 3, 30_000, 'the first ends');
    process.kill(home.grindPid(), 'SIGKILL');
    const { code, out } = await run.ended;
    expect(code).toBe(0);
    expect(out).toMatch(/grind ended unexpectedly \(SIGKILL\); starting it again/);
    expectAllCharged(home, idsOf(tasks));
    expect(await home.status()).toMatchObject({ completed: 16, failed: 0 });
  });

  it('Q11: one of somebody else that vanishes is replaced', async () => {
    const tasks = many(6);
    const home = await prepared(homeWith(...tasks));
    const { grind } = await ownGrind(home, ['--latency-ms', '300']);
    const run = home.launch(['start', '1', '--concurrency', '2']);
    await until(() => onDisk(home, 'completed') >= 1, 20_000, 'the first end');
    grind.kill('SIGKILL');
    expect((await run.ended).code).toBe(0);
    expect(await home.status()).toMatchObject({ completed: 6, failed: 0 });
  });

  it('the simulator killed in the middle comes back on its port, with the same bill', async () => {
    const tasks = many(12);
    const home = homeWith(...tasks);
    const run = home.launch(['start', '2', '--concurrency', '2']);
    await until(() => onDisk(home, 'completed') >= 2, 30_000, 'the first ends');
    const simulator = home.processes().find((line) => line.includes('groq-simulator'));
    process.kill(Number(simulator?.split(' ')[0]), 'SIGKILL');
    const { code, out } = await run.ended;
    expect(out).toMatch(/simulator ended unexpectedly/);
    expect(code).toBe(0);
    expectAllCharged(home, idsOf(tasks));
  });
});

describe('several at once', () => {
  it('what direct requests spent meanwhile is told beside the cost of the run', async () => {
    const home = await prepared(homeWith(...many(2)));
    const { grind } = await ownGrind(home, ['--latency-ms', '1500']);
    const run = home.launch(['start', '1']);
    await until(() => onDisk(home, 'in_progress') === 1, 20_000, 'the first claim');
    const answer = await fetch(`${grind.url}/grind`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'One sentence.', max_budget: 0.01 }),
    });
    expect(answer.status).toBe(200);
    const { code, out } = await run.ended;
    expect(code).toBe(0);
    expect(out).toMatch(
      /cost, simulated: .*\n {2}besides: \$0\.\d+ simulated by other runs and direct requests/,
    );
  });

  it('two starts on one home share one grind and do nothing twice', async () => {
    const tasks = many(20);
    const home = homeWith(...tasks);
    const ends = await Promise.all([home.cli(['start', '2']), home.cli(['start', '2'])]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(home.processes()).toEqual([]);
    expect(await home.status()).toMatchObject({ completed: 20 });
    expectAllCharged(home, idsOf(tasks));
  });

  it('two homes never touch each other', async () => {
    const [one, two] = [homeWith(...many(6, 'one-')), homeWith(...many(6, 'two-'))];
    const runs = [one.launch(['start', '2']), two.launch(['start', '2'])];
    await until(
      () => [one, two].every((home) => existsSync(home.at('run/grind.json'))),
      20_000,
      'both grinds',
    );
    const files = [one, two].map((home) => GrindFile.parse(JSON.parse(home.read('run/grind.json'))));
    expect(new Set(files.map(({ port }) => port)).size).toBe(2);
    expect((await Promise.all(runs.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0]);
    expectDoneOnce(one, idsOf(many(6, 'one-')));
    expectDoneOnce(two, idsOf(many(6, 'two-')));
    expect(one.read('logs/api_audit.log')).not.toContain('two-');
  });
});

describe('deaths', () => {
  it('a worker killed -9 half way: same end, nothing twice, settled sum is the bill', async () => {
    const tasks = many(20);
    const home = homeWith(...tasks);
    const run = home.launch(['start', '3', '--concurrency', '2']);
    await until(() => onDisk(home, 'completed') >= 6, 30_000, 'some ends');
    process.kill(home.workerPids()[0] ?? 0, 'SIGKILL');
    const { code, out } = await run.ended;
    expect(code).toBe(0);
    expect(out).toMatch(/worker \d ended unexpectedly \(SIGKILL\); another takes its place/);
    expectDoneOnce(home, idsOf(tasks));
    expect(home.read('logs/execution_log.jsonl')).toMatch(/"supersedes"/);
  });

  it('the orchestrator killed -9: every process leaves, and another start ends the work', async () => {
    const tasks = many(16);
    const home = homeWith(...tasks);
    const run = home.launch(['start', '2', '--concurrency', '2']);
    await until(() => onDisk(home, 'completed') >= 3, 30_000, 'some ends');
    process.kill(run.pid, 'SIGKILL');
    await until(() => home.processes().length === 0, 20_000, 'the children to leave');
    expect(onDisk(home, 'completed')).toBeLessThan(16);
    const after = await home.status();
    expect(after).toMatchObject({ in_progress: 0, failed: 0, runs: [], grind: null });
    // What was under way was answered and recorded: nothing had to be charged at its worst case.
    expect(home.read('logs/api_audit.log')).not.toMatch(/call\.usage-unknown/);
    expect((await home.cli(['start', '2', '--concurrency', '4'])).code).toBe(0);
    expectAllCharged(home, idsOf(tasks));
  });

  it('npm killed -9 leaves no orphan: who was started by it watches it', async () => {
    const home = homeWith(...many(2));
    const script = `require('node:child_process').spawn(process.execPath, ${JSON.stringify([orchestratorMain, '--home', home.path, 'up', '2', '--panel-port', '0'])}, { stdio: 'ignore' }); setInterval(() => {}, 1e6)`;
    const parent = spawn(process.execPath, ['-e', script], {
      env: { PATH: process.env['PATH'] ?? '', npm_lifecycle_event: 'start' },
      stdio: 'ignore',
    });
    await until(() => onDisk(home, 'completed') === 2, 30_000, 'the work');
    expect(home.processes().length).toBeGreaterThan(4);
    parent.kill('SIGKILL');
    await until(() => home.processes().length === 0, 20_000, 'all to leave');
  });
});

describe('control and edits in the middle of a run', () => {
  it('HALT aborts what runs, gives it back, and ends with 3; after resume another start ends the work', async () => {
    const home = await prepared(homeWith(...many(8)));
    await ownGrind(home, ['--latency-ms', '4000']);
    const run = home.launch(['start', '2', '--concurrency', '4']);
    await until(() => onDisk(home, 'in_progress') === 8, 20_000, 'eight claims');
    const began = performance.now();
    expect((await home.cli(['halt', '--reason', 'smoke'])).code).toBe(0);
    const { code, out } = await run.ended;
    expect(performance.now() - began).toBeLessThan(3_500);
    expect(code).toBe(3);
    expect(out).toMatch(/HALTED: smoke[\s\S]*orchestrator clear-halt --reason/);
    expect(await home.status()).toMatchObject({ queued: 8, in_progress: 0, failed: 0, control: 'halted' });
    await home.cli(['clear-halt', '--reason', 'no fire']);
    expect((await home.cli(['start', '2', '--concurrency', '4'])).code).toBe(0);
    expect(await home.status()).toMatchObject({ completed: 8, failed: 0 });
  });

  it('--watch without money for what is left says so, and what to do', async () => {
    const home = homeWith(taskNamed('a'));
    const run = home.launch(['start', '1', '--watch', '--run-cap', '0']);
    await run.says(/The cap of this run \(\$0\.00\) leaves too little for 1 task/);
    run.child.kill('SIGTERM');
    expect((await run.ended).out).toMatch(/raise --run-cap \(now \$0\.00\) and start again/);
  });

  it('PAUSE lets what runs finish and begins nothing; resume goes on in the same run', async () => {
    const home = await prepared(homeWith(...many(7)));
    await ownGrind(home, ['--latency-ms', '900']);
    const run = home.launch(['start', '1', '--concurrency', '2']);
    // The first call of a grind goes ahead alone, to learn the limits of the provider; two follow it.
    const held = (): number => home.read('logs', 'api_audit.log').split('"call.held"').length - 1;
    await until(() => held() === 3, 20_000, 'two calls after the first');
    await home.cli(['pause']);
    await until(() => onDisk(home, 'completed') === 3, 20_000, 'two more ends');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await home.status()).toMatchObject({ completed: 3, queued: 4, in_progress: 0, control: 'paused' });
    await home.cli(['resume']);
    expect((await run.ended).code).toBe(0);
    expectDoneOnce(home, idsOf(many(7)));
  });

  it('Q11: a queue.json broken by hand is told with its place, nothing fails, and what it says once mended is done', async () => {
    const tasks = many(8);
    const home = await prepared(homeWith(...tasks));
    await ownGrind(home, ['--latency-ms', '500']);
    const run = home.launch(['start', '1', '--concurrency', '2']);
    await until(() => onDisk(home, 'completed') >= 1, 20_000, 'the first end');
    const whole = home.read('queue.json');
    home.write('queue.json', whole.slice(0, whole.length / 2));
    await run.says(/! .*queue\.json:\d+:\d+/);
    home.queue([...tasks, taskNamed('late')]);
    expect((await run.ended).code).toBe(0);
    expectDoneOnce(home, [...idsOf(tasks), 'late']);
  });

  it('Q7: a task edited after its end is new work for the next start', async () => {
    const home = homeWith(taskNamed('a'), taskNamed('b'));
    await home.cli(['start', '1']);
    home.queue([taskNamed('a', { prompt: 'Something else entirely.' }), taskNamed('b')]);
    expect(await home.status()).toMatchObject({ completed: 1, queued: 1 });
    expect((await home.cli(['start', '1'])).code).toBe(0);
    expect((await home.status()).tasks.map(({ id, round }) => [id, round])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(home.books().calls).toBe(3);
  });
});

describe('signals', () => {
  it('the first lets what runs finish, ends with 130, and leaves nobody', async () => {
    const home = await prepared(homeWith(...many(6)));
    await ownGrind(home, ['--latency-ms', '1200']);
    const run = home.launch(['start', '1', '--concurrency', '2']);
    await until(() => onDisk(home, 'in_progress') === 2, 20_000, 'two claims');
    run.child.kill('SIGINT');
    const { code, out } = await run.ended;
    expect(code).toBe(130);
    expect(out).toMatch(/SIGINT: finishing what runs[\s\S]*Stopped by SIGINT/);
    expect(await home.status()).toMatchObject({ completed: 2, queued: 4, in_progress: 0 });
    expect(home.processes().filter((line) => /\/(worker|orchestrator)\//.test(line))).toEqual([]);
  });

  it('the second gives back what runs and leaves now', async () => {
    const home = await prepared(homeWith(...many(4)));
    await ownGrind(home, ['--latency-ms', '20000']);
    const run = home.launch(['start', '1', '--concurrency', '2']);
    await until(() => onDisk(home, 'in_progress') === 2, 20_000, 'two claims');
    const began = performance.now();
    run.child.kill('SIGTERM');
    await run.says(/SIGTERM: finishing what runs/);
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(143);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(await home.status()).toMatchObject({ completed: 0, queued: 4, in_progress: 0 });
  });

  it('a closed terminal drains and leaves', async () => {
    const home = homeWith(...many(12));
    const run = home.launch(['start', '1']);
    await until(() => onDisk(home, 'completed') >= 1, 30_000, 'the first end');
    run.child.stdout?.destroy();
    run.child.stderr?.destroy();
    run.child.kill('SIGHUP');
    await until(() => home.processes().length === 0, 20_000, 'all to leave');
    expect(await home.status()).toMatchObject({ in_progress: 0, failed: 0, runs: [] });
  });
});

describe('runs that stay', () => {
  it('Q9: --watch waits for work, takes it up at once, and ends when told', async () => {
    const home = homeWith();
    const run = home.launch(['start', '1', '--watch']);
    await until(() => home.workerPids().length === 1, 20_000, 'the worker');
    await until(() => existsSync(home.at('run/grind.json')), 20_000, 'grind');
    await home.cli(['add', 'late', 'grind', '--prompt', 'x', '--max', '0.02']);
    await until(() => onDisk(home, 'completed') === 1, 20_000, 'the late task');
    expect(run.child.exitCode).toBeNull();
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(0);
    expect(home.processes()).toEqual([]);
  });

  it('up shows outputs, cost and panel, stays, takes up more work; a second one tells where it is; Ctrl-C ends it with 0; a third redoes nothing', async () => {
    const home = homeWith(taskNamed('a'), taskNamed('b', { depends_on: ['a'] }));
    const up = home.launch(['up', '2', '--panel-port', '0']);
    await up.says(/All 2 tasks are completed/);
    await up.says(/✓ a {2}[\s\S]* {4}│ \[simulated\]/);
    await up.says(/control panel: http:\/\/127\.0\.0\.1:\d+\/open#token=/);
    const second = await home.cli(['up']);
    expect(second.code).toBe(0);
    expect(second.out).toMatch(/Already running here: .*\n {2}2 completed of 2\n {2}control panel: http/);
    await home.cli(['add', 'more', 'grind', '--prompt', 'x', '--max', '0.02']);
    await up.says(/✓ more[\s\S]*All 3 tasks are completed/);
    up.child.kill('SIGINT');
    expect((await up.ended).code).toBe(0);
    expect(home.processes()).toEqual([]);

    const once = await home.cli(['up', '2', '--once']);
    expect(once).toMatchObject({
      code: 0,
      out: expect.stringMatching(/All 3 tasks are completed; nothing is done twice/) as unknown,
    });
    expectDoneOnce(home, ['a', 'b', 'more']);
  });

  it('up --once works the queue off without a panel and ends with the code of the run', async () => {
    const home = homeWith(taskNamed('a'), taskNamed('bad', { prompt: 'Run rm -rf / on the server.' }));
    const { code, out } = await home.cli(['up', '2', '--once']);
    expect(code).toBe(1);
    expect(out).toMatch(/Ended, not all completed[\s\S]*1 completed, 1 refused of 2/);
    expect(out).toMatch(/^grind: http:\/\/127\.0\.0\.1:\d+ \(simulator, no real money moves\)$/m);
    expect(out).not.toContain('control panel');
    expect(home.processes()).toEqual([]);
  });

  it('under HALT up stays, and the work goes on when HALT is left', async () => {
    const home = homeWith(taskNamed('a'));
    await home.cli(['halt', '--reason', 'wait for me']);
    const up = home.launch(['up', '1', '--panel-port', '0']);
    await up.says(/HALTED: wait for me\. Nothing is paid for/);
    await until(() => existsSync(home.at('run/grind.json')), 20_000, 'grind');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(onDisk(home, 'in_progress')).toBe(0);
    await home.cli(['clear-halt', '--reason', 'here I am']);
    await up.says(/^running again$/m);
    await up.says(/The one task is completed/);
    await home.cli(['pause', '--reason', 'lunch']);
    await up.says(/^PAUSED: lunch \(orchestrator resume\)$/m);
    up.child.kill('SIGTERM');
    expect((await up.ended).code).toBe(0);
  });

  it('the panel alone comes up, tells its link, and leaves when told', async () => {
    const home = homeWith();
    const panel = home.launch(['panel', '--panel-port', '0']);
    await panel.says(/control panel: http:\/\/127\.0\.0\.1:\d+\/open#token=/);
    expect(await home.cli(['panel'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/is up already: http/) as unknown,
    });
    panel.child.kill('SIGINT');
    expect((await panel.ended).code).toBe(0);
    expect(home.processes()).toEqual([]);
  });
});
