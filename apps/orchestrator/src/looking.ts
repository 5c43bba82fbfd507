/**
 * How often a run looks at its home, for eyes. Owns the timers of that; decides nothing, for what a run does is told to it by its workers.
 * Changes come in bursts and are looked at once per burst; what costs more, the longer the queue, is done as rarely as keeps it cheap.
 */
import type { Clock, Milliseconds } from '@vivarium/core';

const BURST_MS: Milliseconds = 40;

export interface Looking {
  readonly soon: () => void;
  /** Resolves when no look is under way; none begins afterwards. */
  stop(): Promise<void>;
}

/** Looks at most once at a time, soon after it was asked for, and never after it was stopped. */
export function keepLooking(
  clock: Clock,
  look: () => Promise<unknown>,
  onFault: (error: unknown) => void,
): Looking {
  const over = new AbortController();
  let current: Promise<unknown> | undefined;
  const lookAfterBurst = async (): Promise<void> => {
    await clock.sleep(BURST_MS, over.signal);
    if (!over.signal.aborted) await look();
  };
  return {
    soon() {
      if (over.signal.aborted) return;
      current ??= lookAfterBurst()
        .catch(onFault)
        .finally(() => (current = undefined));
    },
    async stop() {
      over.abort();
      await current;
    },
  };
}

/** `work`, left out whenever doing it again would take more than this share of the time: it took longer than it has been since, by that measure. */
export function sparingly(clock: Clock, share: number, work: () => Promise<unknown>): () => Promise<void> {
  let notBefore = Number.NEGATIVE_INFINITY;
  return async () => {
    const began = clock.monotonic();
    if (began < notBefore) return;
    await work();
    const ended = clock.monotonic();
    notBefore = ended + (ended - began) / share;
  };
}
