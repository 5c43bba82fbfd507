/** The circuit breaker on real processes: an upstream that fails, tasks that wait and do not fail, and an operator who resets it. */
import { fork } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { createHome, taskNamed, until, type Home } from './orchestrator-process.ts';
import { grindMain } from './grind-process.ts';
import { startSimulator, type SimulatorProcess } from './simulator-process.ts';

const homes: Home[] = [];
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  for (const home of homes.splice(0)) await home.remove();
});

async function stage(
  times: number,
  env: Readonly<Record<string, string>> = {},
): Promise<{ home: Home; simulator: SimulatorProcess; startGrind(): Promise<void> }> {
  const home = createHome(Array.from({ length: 6 }, (_, n) => taskNamed(`task-${n}`)));
  homes.push(home);
  const faults = JSON.stringify([{ fault: { kind: 'status', status: 500 }, times }]);
  const simulator = await startSimulator('--latency-ms', '1', '--faults', faults);
  ends.push(() => simulator.stop());
  const startGrind = async (): Promise<void> => {
    const grind = fork(grindMain, ['--home', home.path, '--port', '0', '--simulator', simulator.url], {
      env: { ...env },
      execArgv: [],
    });
    const gone = new Promise((resolve) => grind.once('exit', resolve));
    ends.push(() => (grind.kill('SIGTERM'), gone));
    await new Promise((resolve) => grind.once('message', resolve));
  };
  return { home, simulator, startGrind };
}
const openIn = async (home: Home): Promise<readonly { model: string; state: string }[]> =>
  (
    JSON.parse((await home.cli(['breaker', '--json'])).out) as {
      breakers: readonly { model: string; state: string }[];
    }
  ).breakers;

describe('circuit breaker', () => {
  it('Q11: an upstream that fails opens it; tasks wait, a restart of grind keeps it open, a reset lets work go on, and nothing has failed', async () => {
    const { home, startGrind } = await stage(5);
    await startGrind();
    const run = home.launch(['start', '1', '--concurrency', '6', '--watch']);
    await until(async () => (await openIn(home)).length === 1, 30_000, 'the breaker to open');
    expect((await home.cli(['breaker'])).out).toMatch(
      /llama-3\.1-8b-instant at simulator: (open|half-open)[\s\S]*Consecutive failure threshold exceeded: 5 failures/,
    );
    expect((await home.cli(['breaker'])).out).toMatch(
      /last 300 s: \d+ failures? of \d+ calls?, \d in a row \(opens at 5\); \$[\d.]+ of \$100\.00/,
    );
    process.kill(home.grindPid(), 'SIGKILL');
    expect(await openIn(home)).toMatchObject([{ model: 'llama-3.1-8b-instant', state: 'open' }]);
    expect((await home.cli(['status'])).out).toMatch(
      /breaker +llama-3\.1-8b-instant at simulator is open: Consecutive failure/,
    );
    expect(await home.status()).toMatchObject({ breakers: [{ model: 'llama-3.1-8b-instant' }] });
    expect(await home.cli(['breaker', 'reset', '--reason', 'it is well again'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Reset: llama-3\.1-8b-instant|every breaker is closed/) as unknown,
    });
    await until(() => home.completions().size === 6, 60_000, 'all tasks');
    run.child.kill('SIGINT');
    await run.ended;
    expect(await home.status()).toMatchObject({ completed: 6, failed: 0 });
    expect(home.read('logs/action_log.jsonl')).toContain('"event":"breaker.opened"');
    expect(home.read('logs/execution_log.jsonl')).toContain('"reason":"circuit_open"');
  });

  it('is reset without a grind, by this command as the one writer for the moment; the next grind finds it closed', async () => {
    const { home, startGrind } = await stage(5, { VIVARIUM_BREAKER_WINDOW_SECONDS: '3600' });
    await startGrind();
    const run = home.launch(['start', '1', '--concurrency', '6']);
    await until(async () => (await openIn(home)).length === 1, 30_000, 'the breaker to open');
    run.child.kill('SIGKILL');
    process.kill(home.grindPid(), 'SIGKILL');
    await until(
      () => home.workerPids().every((pid) => !home.processes().some((line) => line.startsWith(`${pid} `))),
      20_000,
      'the workers to leave',
    );
    expect(await home.cli(['breaker', 'reset', 'no-such-model', '--reason', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no model no-such-model') as unknown,
    });
    expect(await home.cli(['breaker', 'reset', 'llama-3.3-70b-versatile', '--reason', 'x'])).toMatchObject({
      out: expect.stringContaining('Nothing to reset') as unknown,
    });
    const reset = await home.cli(['breaker', 'reset', '--reason', 'mended', '--json']);
    expect(JSON.parse(reset.out)).toMatchObject({
      reset: ['llama-3.1-8b-instant'],
      opened: expect.any(Array) as unknown,
    });
    expect((await home.status()).tasks.filter(({ reason }) => reason === 'circuit_open')).toEqual([]);
    expect(await openIn(home)).toEqual([]);
    expect((await home.cli(['breaker'])).out).toContain('Every circuit breaker is closed');
    expect(home.read('logs/api_audit.log')).toMatch(
      /"event":"breaker.reset","user":"operator".*"reason":"mended"/,
    );
    await startGrind();
    expect(await openIn(home)).toEqual([]);
    expect(await home.cli(['audit', 'verify'])).toMatchObject({ code: 0 });
  });

  it('nonsense is refused: no reason, thresholds that are none', async () => {
    const home = createHome([taskNamed('a')]);
    homes.push(home);
    expect(await home.cli(['breaker', 'reset'])).toMatchObject({ code: 2 });
    expect(await home.cli(['breaker', 'reset', '--reason', ' '])).toMatchObject({ code: 2 });
    for (const [name, value] of [
      ['FAILURES', '0'],
      ['FAILURES', 'many'],
      ['WINDOW_SECONDS', '-1'],
      ['SPEND_USD', 'x'],
    ])
      expect(
        await home.cli(['start', '1'], { env: { [`VIVARIUM_BREAKER_${name}`]: value ?? '' } }),
      ).toMatchObject({
        code: 4,
        err: expect.stringContaining(`VIVARIUM_BREAKER_${name}`) as unknown,
      });
  });
});
