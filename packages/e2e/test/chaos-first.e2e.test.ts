/**
 * Deaths at random, many of them, over one queue with dependencies: workers, grind and simulator are killed -9 as they come, and the orchestrator
 * itself in between. Afterwards the record must tell one story: every task completed once, every nano-dollar accounted for (Q7, Q8, M1, M2, M3).
 * The dice are seeded; the moments are the machine's, so a failure prints what was killed when.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createHome, taskNamed, until, type Home, type RunningCli } from './orchestrator-process.ts';

let home: Home | undefined;
afterEach(() => home?.remove());

const TASKS = 48;
const SEED = 20_261_124;

/** A small generator of even quality is enough to choose victims. */
function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('deaths at random', () => {
  it(
    'kill -9 of anything, again and again, loses nothing and doubles nothing',
    { timeout: 120_000 },
    async () => {
      const roll = dice(SEED);
      const tasks = Array.from({ length: TASKS }, (_, at) =>
        taskNamed(`t${at}`, { depends_on: at < 8 ? [] : [`t${roll(at)}`] }),
      );
      const here = (home = createHome(tasks));
      const completed = (): number => here.completions().size;
      const story: string[] = [];
      const start = (): RunningCli => here.launch(['start', '3', '--concurrency', '2']);

      let run = start();
      for (let death = 1; completed() < TASKS && death <= 9; death += 1) {
        const mark = Math.min(TASKS - 1, completed() + 3);
        await until(
          () => completed() >= mark || run.child.exitCode !== null,
          60_000,
          `${mark} ends after ${story.join(', ')}`,
        );
        if (run.child.exitCode !== null) break;
        const victims = death === 5 ? [] : here.processes();
        const victim = victims[roll(Math.max(1, victims.length))];
        if (victim === undefined || victim.includes('orchestrator/dist')) {
          story.push('orchestrator');
          process.kill(run.pid, 'SIGKILL');
          await until(
            () => here.processes().length === 0,
            30_000,
            `the children to leave after ${story.join(', ')}`,
          );
          run = start();
        } else {
          const [pid = '', , program = ''] = victim.split(' ');
          story.push(program.split('/').at(-3) ?? program);
          kill(Number(pid));
        }
      }
      const { code, out } = await run.ended;
      expect({ code, story: story.length > 4 }, `${story.join(', ')}\n${out}`).toEqual({
        code: 0,
        story: true,
      });
      expect(Object.values(Object.fromEntries(here.completions())), story.join(', ')).toEqual(
        tasks.map(() => 1),
      );
      expect(await here.status()).toMatchObject({
        total: TASKS,
        completed: TASKS,
        failed: 0,
        in_progress: 0,
        held_nano_usd: 0,
        simulated_held_nano_usd: 0,
      });
      const { bill, settled, unknown, held } = here.books();
      expect(settled, story.join(', ')).toBeLessThanOrEqual(bill);
      expect(bill, story.join(', ')).toBeLessThanOrEqual(settled + unknown);
      expect(held).toBe(0);
      expect(here.processes()).toEqual([]);
    },
  );
});

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It left by itself between looking and killing.
  }
}
