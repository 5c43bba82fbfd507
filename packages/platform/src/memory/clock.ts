import type { Clock, Milliseconds } from '@vivarium/core';

/** A clock that moves only when told to. Sleepers wake in the order of their times. */
export interface ManualClock extends Clock {
  /** Moves both times on. Sleeps that end on the way resolve, each at its own time; what they lead to runs after this call. */
  advance(duration: Milliseconds): void;
  /** The same in steps: what one sleeper does, sleeping again included, happens before the next one wakes. */
  advanceSettled(duration: Milliseconds): Promise<void>;
  /** Moves wall time anywhere, as an operator or a time server does. Monotonic time and sleeps do not notice (Q5). */
  setWall(date: Date): void;
  /** Sleeps under way. */
  readonly sleeping: number;
}

interface Sleeper {
  readonly until: Milliseconds;
  readonly wake: () => void;
}

export function createManualClock(start: Date = new Date('2026-01-01T00:00:00.000Z')): ManualClock {
  let monotonic: Milliseconds = 0;
  let wallAhead = start.getTime();
  const sleepers = new Set<Sleeper>();

  const nextWithin = (until: Milliseconds): Sleeper | undefined => {
    let next: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.until <= until && (next === undefined || sleeper.until < next.until)) next = sleeper;
    }
    return next;
  };
  /** Wakes the next sleeper due by `until`; false when there is none. */
  const wakeNext = (until: Milliseconds): boolean => {
    const sleeper = nextWithin(until);
    if (sleeper === undefined) return false;
    monotonic = Math.max(monotonic, sleeper.until);
    sleeper.wake();
    return true;
  };

  return {
    now: () => new Date(wallAhead + monotonic),
    monotonic: () => monotonic,
    sleep(duration, signal) {
      if (signal?.aborted === true || !(duration > 0)) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { until: monotonic + duration, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
    advance(duration) {
      const until = monotonic + duration;
      while (wakeNext(until));
      monotonic = until;
    },
    async advanceSettled(duration) {
      const until = monotonic + duration;
      await settle();
      while (wakeNext(until)) await settle();
      monotonic = until;
      await settle();
    },
    setWall(date) {
      wallAhead = date.getTime() - monotonic;
    },
    get sleeping() {
      return sleepers.size;
    },
  };
}

/** Lets everything that is ready to run do so: promises, and what is put off to the next turns of the event loop, which may lead to more. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
const TURNS = 3;
