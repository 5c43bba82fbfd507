/** A wait that anybody may cut short. A wake between looking and waiting is not lost: `wait` is told which state of things was looked at. */
import type { Clock, Milliseconds } from '@vivarium/core';

export interface Latch {
  wake(): void;
  /** Mark to take before looking at the world. */
  mark(): number;
  /** Resolves after `duration`, or as soon as somebody woke after `mark`. */
  wait(duration: Milliseconds, mark: number): Promise<void>;
}

export function createLatch(clock: Clock): Latch {
  let wakes = 0;
  let sleeping: AbortController | undefined;
  return {
    wake() {
      wakes += 1;
      sleeping?.abort();
    },
    mark: () => wakes,
    async wait(duration, mark) {
      if (wakes !== mark) return;
      sleeping = new AbortController();
      await clock.sleep(duration, sleeping.signal);
      sleeping = undefined;
    },
  };
}
