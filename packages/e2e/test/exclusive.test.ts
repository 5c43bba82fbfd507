import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquire, startOf } from '../../../scripts/exclusive.mjs';
import { until } from './toy-checkout.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vivarium-lock-'));
  path = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A process that ended, as the lock would name it. */
const corpse = async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const started = startOf(pid) ?? '';
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  return { pid, started };
};
const owner = (fields: object) => JSON.stringify({ host: hostname(), nonce: 'abc', ...fields });

/** Whether a lock that names `text` as its owner is taken over at once; if not, its waiter is let go. */
const isTakenOver = async (text: string): Promise<boolean> => {
  writeFileSync(path, text);
  let waits = false;
  let taken = false;
  const attempt = acquire(path, () => (waits = true)).then((held) => {
    taken = !waits;
    held.release();
  });
  await until(() => waits || taken);
  if (waits) rmSync(path);
  await attempt;
  return taken;
};

describe('one at a time in a checkout', () => {
  it('names its owner, lets go, and leaves nothing behind', async () => {
    const held = await acquire(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    held.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is taken over from an owner that is gone, also when another process has its pid by now', async () => {
    expect(await isTakenOver(owner(await corpse()))).toBe(true);
    expect(await isTakenOver(owner({ pid: process.pid, started: '1' }))).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is not taken from a living owner, from one whose child still works, or from another host', async () => {
    const living = { pid: process.pid, started: startOf(process.pid) };
    expect(await isTakenOver(owner(living))).toBe(false);
    expect(await isTakenOver(owner({ ...(await corpse()), child: living }))).toBe(false);
    expect(await isTakenOver(owner({ ...(await corpse()), host: 'elsewhere' }))).toBe(false);
  });

  it('many that find the same dead owner come in one after the other', async () => {
    writeFileSync(path, owner(await corpse()));
    const log = join(directory, 'log');
    const script = `
      import { acquire } from ${JSON.stringify(new URL('../../../scripts/exclusive.mjs', import.meta.url).href)};
      import { appendFileSync, rmSync } from 'node:fs';
      for (let round = 0; round < 10; round++) {
        const held = await acquire(${JSON.stringify(path)});
        appendFileSync(${JSON.stringify(log)}, 'in ' + process.pid + '\\n');
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
        appendFileSync(${JSON.stringify(log)}, 'out ' + process.pid + '\\n');
        // The last round ends without letting go: the others have to take over.
        if (round < 9) held.release();
      }`;
    const codes = await Promise.all(
      Array.from({ length: 6 }, () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
        return new Promise((resolve) => child.on('close', resolve));
      }),
    );
    expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(120);
    for (let index = 0; index < lines.length; index += 2) {
      expect(lines[index + 1]).toBe(lines[index]?.replace('in', 'out'));
    }
  });
});
