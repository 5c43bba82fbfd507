/** `--durability` and its variable reach the processes that write. What they then do is shown where they are: packages/home, packages/queue. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createHome, taskNamed, until, type Home } from './orchestrator-process.ts';

const homes: Home[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});
const commandLineOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');

describe('durability', () => {
  it.each([
    ['the flag', ['--durability', 'fsync'], {}, 'fsync'],
    ['the variable', [], { VIVARIUM_DURABILITY: 'fsync' }, 'fsync'],
    ['neither', [], {}, 'os'],
  ])('%s: grind and workers write so', async (_what, flags, env, expected) => {
    const home = createHome([taskNamed('a')]);
    homes.push(home);
    const run = home.launch(['start', '1', '--watch', ...flags], { env });
    await until(() => home.completions().get('a') === 1, 30_000, 'the end of the task');
    const pids = [home.grindPid(), ...home.workerPids()];
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(commandLineOf(pid ?? 0)).toContain(`--durability ${expected}`);
    run.child.kill('SIGINT');
    await run.ended;
  });

  it('anything else is refused by name', async () => {
    const home = createHome([taskNamed('a')]);
    homes.push(home);
    expect(await home.cli(['start', '--durability', 'forever'])).toMatchObject({ code: 2 });
    expect(await home.cli(['start'], { env: { VIVARIUM_DURABILITY: 'forever' } })).toMatchObject({
      code: 4,
      err: expect.stringContaining('"forever" is neither os nor fsync') as unknown,
    });
  });
});
