import { performance } from 'node:perf_hooks';
import type { Clock, Milliseconds } from '@vivarium/core';

/** Longest delay a Node timer can carry; a longer one would fire at once. */
const LONGEST_TIMER: Milliseconds = 2 ** 31 - 1;

export function createNodeClock(): Clock {
  const monotonic = (): Milliseconds => performance.now();
  return {
    now: () => new Date(),
    monotonic,
    sleep(duration, signal) {
      if (signal?.aborted === true || !(duration > 0)) return Promise.resolve();
      const until = monotonic() + duration;
      return new Promise((resolve) => {
        let timer: NodeJS.Timeout;
        const end = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const wait = (): void => {
          const left = until - monotonic();
          // Timers may fire a fraction of a millisecond early: nobody who slept is told a time before the end of the sleep.
          if (left <= 0) end();
          else timer = setTimeout(wait, Math.min(Math.ceil(left), LONGEST_TIMER));
        };
        signal?.addEventListener('abort', end, { once: true });
        wait();
      });
    },
  };
}
