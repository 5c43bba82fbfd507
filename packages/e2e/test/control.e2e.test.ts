/** The operator's verbs on real processes: what each does to claims, calls and processes, and who said that it heard. */
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { proveControl } from '../chaos/control-proof.ts';
import { createHome, taskNamed, until, type Home, type RunningCli } from './orchestrator-process.ts';

const homes: Home[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});
const working = async (
  count: number,
  ...flags: readonly string[]
): Promise<{ home: Home; run: RunningCli }> => {
  const home = createHome(Array.from({ length: count }, (_, n) => taskNamed(`task-${n}`)));
  homes.push(home);
  const run = home.launch(['start', '2', '--concurrency', '2', ...flags]);
  await until(() => home.completions().size > 2, 30_000, 'a few completions');
  return { home, run };
};
interface Told {
  readonly kind: string;
  readonly acknowledged: readonly { readonly who: string; readonly after_ms: number | null }[];
  readonly calls_left: number | null;
}
const order = async (home: Home, ...words: readonly string[]): Promise<Told> => {
  const { code, out, err } = await home.cli([...words, '--json']);
  if (code !== 0) throw new Error(`${words.join(' ')}: ${code} ${out}${err}`);
  return JSON.parse(out) as Told;
};
const claims = (home: Home): number =>
  home.read('logs/execution_log.jsonl').split('"status":"in_progress"').length - 1;

describe('control', () => {
  it('S9: pause, hold and resume are heard by both workers and by grind, and the run goes on to its end', async () => {
    // More than six verbs' worth of work on a busy machine: a run that is over acknowledges nothing.
    const { home, run } = await working(200);
    for (const verb of ['pause', 'hold', 'resume', 'hold', 'pause', 'resume']) {
      const told = await order(home, verb);
      expect(told.acknowledged).toHaveLength(told.kind === 'changed' ? 3 : 0);
      for (const { who, after_ms } of told.acknowledged)
        expect({ who, after_ms }).toEqual({ who, after_ms: expect.any(Number) as number });
      expect(
        Math.max(0, ...told.acknowledged.map(({ after_ms }) => after_ms ?? Number.POSITIVE_INFINITY)),
      ).toBeLessThan(1_500);
      if (verb !== 'pause' || told.kind !== 'changed') continue;
      const before = claims(home);
      expect((await home.cli(['status'])).out).toContain('PAUSED: Manual pause triggered');
      expect(claims(home)).toBe(before);
    }
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(home.completions().size).toBe(200);
  });

  it('S9: drain finishes what runs, ends the run with 3 and every process with it; start goes on', async () => {
    const { home, run } = await working(60, '--watch');
    expect(await order(home, 'drain', '--reason', 'an update')).toMatchObject({ kind: 'changed' });
    const { code, out } = await run.ended;
    expect(code).toBe(3);
    expect(out).toContain('Drained: an update');
    expect(home.processes()).toEqual([]);
    const status = await home.status();
    expect(status).toMatchObject({ in_progress: 0, failed: 0, control: 'draining' });
    expect(status.completed).toBeLessThan(60);
    expect(await home.cli(['start', '2'])).toMatchObject({ code: 0 });
    expect(home.completions().size).toBe(60);
  });

  it('S9: an order for one worker or one task acts on it alone; one that nobody knows is refused', async () => {
    const { home, run } = await working(200, '--watch');
    const [beat] = (await order(home, 'hold')).acknowledged.filter(({ who }) => who !== 'grind');
    await order(home, 'resume');
    await order(home, 'pause', '--task', 'task-199', '--reason', 'not yet');
    expect(await order(home, 'drain', '--worker', beat?.who ?? '')).toMatchObject({ kind: 'changed' });
    await until(() => home.workerPids().length === 1, 20_000, 'the drained worker to leave');
    await until(() => home.completions().size === 199, 60_000, 'all the others');
    expect(home.completions().has('task-199')).toBe(false);
    expect((await home.cli(['status'])).out).toContain('task task-199: paused: not yet');
    expect(await order(home, 'resume', '--task', 'task-199')).toMatchObject({ kind: 'changed' });
    await until(() => home.completions().size === 200, 20_000, 'the last');
    expect(home.workerPids()).toHaveLength(1);
    for (const scope of [
      ['--worker', 'nobody'],
      ['--task', 'nothing'],
    ])
      expect(await home.cli(['pause', ...scope])).toMatchObject({
        code: 2,
        err: expect.stringContaining(`there is no ${scope[0]?.slice(2)}`) as unknown,
      });
    expect(await home.cli(['pause', '--worker', 'a', '--task', 'b'])).toMatchObject({ code: 2 });
    run.child.kill('SIGINT');
    await run.ended;
  });

  it('S3, S9: a grind that is there and silent keeps nobody from halting, and is told as one that has not heard', async () => {
    const { home, run } = await working(300, '--watch');
    const grind = home.grindPid();
    process.kill(grind, 'SIGSTOP');
    try {
      const began = performance.now();
      const halt = home.launch(['halt', '--reason', 'a drill', '--json']);
      await until(() => existsSync(home.at('HALT')), 10_000, 'HALT to be there');
      // Below the two seconds for which others wait for a silent grind.
      expect(performance.now() - began).toBeLessThan(1_900);
      const { code, out } = await halt.ended;
      expect(code).toBe(0);
      const told = JSON.parse(out) as Told;
      expect(told).toMatchObject({ calls_running: null, held_nano_usd: null, calls_left: null });
      expect(told.acknowledged.filter(({ after_ms }) => after_ms === null)).toEqual([
        { who: 'grind', after_ms: null },
      ]);
      expect(told.acknowledged).toHaveLength(3);
      const hold = await home.cli(['pause', '--task', 'task-299']);
      expect(hold.out).toContain('grind does not answer');
      expect(hold.out).toMatch(/NOT heard within 2 s: grind/);
    } finally {
      process.kill(grind, 'SIGCONT');
    }
    expect(await order(home, 'clear-halt', '--reason', 'over')).toMatchObject({ kind: 'changed' });
    run.child.kill('SIGINT');
    await run.ended;
  });

  it('S3: HALT by hand, by `touch`, aborts and is told; only clear-halt with a reason leaves it, for --no-wait too', async () => {
    const { home, run } = await working(300, '--watch');
    home.write('HALT', '');
    await until(async () => (await home.status()).in_progress === 0, 10_000, 'everything to be given back');
    expect(await home.cli(['resume', '--reason', 'no'])).toMatchObject({ code: 2 });
    const { out } = await home.cli(['clear-halt', '--reason', 'a drill', '--no-wait']);
    expect(out).toBe('HALT is lifted: running\n');
    await until(() => home.completions().size > 20, 30_000, 'the work to go on');
    const halted = await home.cli(['halt', '--reason', 'enough']);
    expect(halted.out).toMatch(/HALTED: enough[\s\S]*heard: .*(grind after \d+ ms)/);
    run.child.kill('SIGINT');
    await run.ended;
  });
});

describe.runIf(existsSync('/proc/self/cmdline'))('proof of control', () => {
  it(
    'S3, S9, M2: HALT with 32 calls in flight, and pauses under load; more of them by `npm run prove -- control`',
    { timeout: 150_000 },
    async () => {
      const proof = await proveControl({ halts: 6, pauses: 40, say: () => undefined });
      expect(proof.violations).toEqual([]);
      expect(proof.halts.effectMs).toHaveLength(6);
      expect(proof.pauses.effectMs).toHaveLength(40);
      expect(proof.money.cut).toBe(192);
    },
  );
});
