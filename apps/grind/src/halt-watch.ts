/**
 * Sees to it that HALT cuts calls in flight within a second (S3). Told by the directory's watcher, and asks by itself in between while there is
 * something to cut: a watcher may miss.
 */
import type { ControlStore } from '@vivarium/contracts';
import type { Clock, Milliseconds } from '@vivarium/core';

const ASK_EVERY_MS: Milliseconds = 100;

export interface HaltWatchDeps {
  readonly control: Pick<ControlStore, 'watch'>;
  readonly clock: Clock;
  /** Looks at the orders and cuts what must be cut. */
  readonly heed: () => void;
}

/** Answers the stop, which is idempotent. */
export function watchHalt({ control, clock, heed }: HaltWatchDeps): () => void {
  const stopped = new AbortController();
  const ask = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await clock.sleep(ASK_EVERY_MS, stopped.signal);
      heed();
    }
  };
  const unwatch = control.watch(heed);
  void ask();
  return () => {
    stopped.abort();
    unwatch();
  };
}
