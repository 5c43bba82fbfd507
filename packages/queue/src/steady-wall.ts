/**
 * Wall time by which dates of the record fall due in this process, in milliseconds since the epoch. Never goes back: when the wall clock is set back,
 * it goes on by the monotonic clock, so that what waits for a minute waits for a minute. Set ahead, or behind after the machine slept, it follows.
 */
import type { Clock } from '@vivarium/core';

export function createSteadyWall(clock: Clock): () => number {
  const wallMs = (): number => clock.now().getTime();
  let ahead = wallMs() - clock.monotonic();
  return () => {
    const monotonic = clock.monotonic();
    ahead = Math.max(ahead, wallMs() - monotonic);
    return ahead + monotonic;
  };
}
