/** A service whose parent dies while it is still starting has nobody to stop it: it must find out by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { createHome, until, type Home } from './orchestrator-process.ts';

const apps = fileURLToPath(new URL('../../../apps/', import.meta.url));
const homes: Home[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
});
const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it.each([
  ['grind', (home: Home) => ['--home', home.path, '--port', '0', '--simulator', 'http://127.0.0.1:1']],
  ['groq-simulator', (home: Home) => ['--port', '0', '--bill', home.at('logs/simulator_bill.jsonl')]],
])(
  '%s leaves when its parent was killed at any moment of its start',
  async (app, argumentsFor) => {
    const home = createHome([]);
    homes.push(home);
    await home.cli(['init', home.path]);
    for (const ms of [0, 60, 150, 300]) {
      const parent = spawn(process.execPath, [
        '--input-type=module',
        '-e',
        `import { fork } from 'node:child_process';
       const child = fork(process.argv[1], JSON.parse(process.argv[2]), { stdio: 'ignore' });
       process.stdout.write(String(child.pid));
       setInterval(() => undefined, 1_000);`,
        join(apps, app, 'bundle/main.js'),
        JSON.stringify(argumentsFor(home)),
      ]);
      const [said] = (await once(parent.stdout, 'data')) as [Buffer];
      await new Promise((resolve) => setTimeout(resolve, ms));
      parent.kill('SIGKILL');
      const pid = Number(said.toString());
      await until(() => !isThere(pid), 15_000, `the end of ${app}, orphaned after ${ms} ms`);
      expect(isThere(pid)).toBe(false);
    }
  },
  60_000,
);
