/**
 * Sees to it that HALT cuts calls in flight within a second (S3). Told by the directory's watcher, and asks by itself in between while there is
 * something to cut: a watcher may miss.
 */
import type { ControlStore } from '@vivarium/contracts';
import type { Clock, Milliseconds } from '@vivarium/core';

const ASK_EVERY_MS: Milliseconds = 100;

export interface HaltWatchDeps {
  readonly control: ControlStore;
  readonly clock: Clock;
  readonly isBusy: () => boolean;
  readonly onHalt: () => void;
}

/** Answers the stop, which is idempotent. */
export function watchHalt({ control, clock, isBusy, onHalt }: HaltWatchDeps): () => void {
  const stopped = new AbortController();
  const look = (): void => {
    if (isBusy() && control.read().kind === 'halted') onHalt();
  };
  const ask = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await clock.sleep(ASK_EVERY_MS, stopped.signal);
      look();
    }
  };
  const unwatch = control.watch(look);
  void ask();
  return () => {
    stopped.abort();
    unwatch();
  };
}
