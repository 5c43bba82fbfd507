/** What every engine of the port `FileLock` must keep. `ours` and `theirs` are two holders that know nothing of each other. */
import { isVivariumError, type FileLock } from '@vivarium/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface FileLockUnderTest {
  readonly ours: FileLock;
  readonly theirs: FileLock;
  /** A path of this test alone. Nothing needs to be there. */
  readonly path: string;
  /** Lets a waiting time pass. */
  readonly pass: (duration: number) => Promise<void>;
  /** Gives the lock to another holder, as happens after a stall. */
  readonly steal: (path: string) => void;
  readonly stop: () => void;
}

export function describeFileLock(name: string, create: () => FileLockUnderTest): void {
  describe(`FileLock: ${name}`, () => {
    let under: FileLockUnderTest;
    beforeEach(() => {
      under = create();
    });
    afterEach(() => under.stop());

    const codeOf = async (promise: Promise<unknown>): Promise<string | undefined> =>
      promise.then(
        () => undefined,
        (error: unknown) => (isVivariumError(error) ? error.code : String(error)),
      );

    it('answers what the work answers, sync or async', async () => {
      expect(await under.ours.withLock(under.path, 100, () => 7)).toBe(7);
      expect(await under.ours.withLock(under.path, 100, () => Promise.resolve('x'))).toBe('x');
    });
    it('lets one holder in at a time', async () => {
      let inside = 0;
      let most = 0;
      const work = async (): Promise<void> => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      };
      await Promise.all(
        [under.ours, under.theirs, under.ours, under.theirs].map(async (lock) =>
          lock.withLock(under.path, 5_000, work),
        ),
      );
      expect(most).toBe(1);
    });
    it('is free again after work that throws', async () => {
      await expect(
        under.ours.withLock(under.path, 100, () => {
          throw new Error('planned');
        }),
      ).rejects.toThrow('planned');
      expect(await under.theirs.withLock(under.path, 100, () => 'free')).toBe('free');
    });
    it('gives up with queue_locked when the wait is over', async () => {
      await under.ours.withLock(under.path, 100, async () => {
        const refused = codeOf(under.theirs.withLock(under.path, 30, () => 'in'));
        await under.pass(60);
        expect(await refused).toBe('queue_locked');
      });
    });
    it('does not keep holders of other paths apart', async () => {
      await under.ours.withLock(under.path, 100, async () => {
        expect(await under.theirs.withLock(`${under.path}2`, 100, () => 'in')).toBe('in');
      });
    });
    it('assertHeld is silent while the lock is held', async () => {
      await under.ours.withLock(under.path, 100, async (assertHeld) => {
        assertHeld();
        await new Promise((resolve) => setImmediate(resolve));
        assertHeld();
      });
    });
    it('assertHeld throws lock_compromised once another holds it', async () => {
      const outcome = codeOf(
        under.ours.withLock(under.path, 100, (assertHeld) => {
          under.steal(under.path);
          assertHeld();
        }),
      );
      expect(await outcome).toBe('lock_compromised');
    });
    it('a holder that lost the lock does not take it from the next one when it ends', async () => {
      await under.ours.withLock(under.path, 100, () => under.steal(under.path));
      const refused = codeOf(under.theirs.withLock(under.path, 30, () => 'in'));
      await under.pass(60);
      expect(await refused).toBe('queue_locked');
    });
  });
}
