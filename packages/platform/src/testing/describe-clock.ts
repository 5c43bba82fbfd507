/** What every engine of the port `Clock` must keep. */
import type { Clock } from '@vivarium/core';
import { beforeEach, describe, expect, it } from 'vitest';

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Lets time pass. */
  readonly pass: (duration: number) => Promise<void>;
}

export function describeClock(name: string, create: () => ClockUnderTest): void {
  describe(`Clock: ${name}`, () => {
    let under: ClockUnderTest;
    beforeEach(() => {
      under = create();
    });

    it('monotonic time never goes back and moves as time passes', async () => {
      const before = under.clock.monotonic();
      await under.pass(5);
      const after = under.clock.monotonic();
      expect(after - before).toBeGreaterThanOrEqual(5);
      expect(under.clock.monotonic()).toBeGreaterThanOrEqual(after);
    });
    it('wall time is a date of its own each time', () => {
      const date = under.clock.now();
      date.setFullYear(1999);
      expect(under.clock.now().getFullYear()).not.toBe(1999);
    });
    it('a sleep ends when its time has passed, not before', async () => {
      const start = under.clock.monotonic();
      const slept = under.clock.sleep(10).then(() => under.clock.monotonic() - start);
      await under.pass(20);
      expect(await slept).toBeGreaterThanOrEqual(10);
    });
    it('sleeping for nothing or less ends at once', async () => {
      for (const duration of [0, -5, Number.NaN])
        await expect(under.clock.sleep(duration)).resolves.toBeUndefined();
    });
    it('a sleep ends at once when its signal aborts, and does not reject', async () => {
      const controller = new AbortController();
      const slept = under.clock.sleep(3_600_000, controller.signal);
      controller.abort();
      await expect(slept).resolves.toBeUndefined();
    });
    it('a signal aborted before ends a sleep at once', async () => {
      await expect(under.clock.sleep(3_600_000, AbortSignal.abort())).resolves.toBeUndefined();
    });
    it('a sleep longer than any timer is still a sleep', async () => {
      const controller = new AbortController();
      let over = false;
      const slept = under.clock.sleep(Number.POSITIVE_INFINITY, controller.signal).then(() => {
        over = true;
      });
      await under.pass(5);
      expect(over).toBe(false);
      controller.abort();
      await slept;
    });
  });
}
