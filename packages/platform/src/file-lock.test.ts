/** What only the lock on disk can show: locks that outlive their holders. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeFileLock } from './file-lock.ts';

describe('the lock on disk', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vivarium-lock-'));
    path = join(directory, 'queue.json');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const leaveLock = (ageMs: number): void => {
    mkdirSync(`${path}.lock`);
    const then = new Date(Date.now() - ageMs);
    utimesSync(`${path}.lock`, then, then);
  };

  it('Q8: one left by a process that died is taken over once it has gone stale', async () => {
    leaveLock(10_000);
    expect(
      await createNodeFileLock().withLock(path, 0, (assertHeld) => {
        assertHeld();
        return 'in';
      }),
    ).toBe('in');
  });
  it('one that is fresh is not', async () => {
    leaveLock(0);
    await expect(createNodeFileLock().withLock(path, 10, () => 'in')).rejects.toMatchObject({
      code: 'queue_locked',
      remedy: { kind: 'retry' },
      hint: expect.stringContaining(`${path}.lock`) as string,
    });
  });
  it('nothing is left of it afterwards', async () => {
    await createNodeFileLock().withLock(path, 100, () => expect(existsSync(`${path}.lock`)).toBe(true));
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
  it('assertHeld notices a lock that was removed by hand', async () => {
    const work = createNodeFileLock().withLock(path, 100, (assertHeld) => {
      rmSync(`${path}.lock`, { recursive: true });
      assertHeld();
    });
    await expect(work).rejects.toMatchObject({ code: 'lock_compromised' });
  });
  it('a directory that is not there is a fault of the home, not a lock that is held', async () => {
    const work = createNodeFileLock().withLock(join(directory, 'none', 'queue.json'), 100, () => 'in');
    await expect(work).rejects.toMatchObject({ code: 'home_unwritable', remedy: { kind: 'stop' } });
  });
});
