/**
 * Rounds of tasks that an operator has just ended. Owns them for a minute: a worker may have claimed a task and not yet asked when its calls were cut, and what it
 * asks for then would be paid for nothing. A task that is opened again is in its next round, which this does not touch.
 */
import type { Clock, Milliseconds } from '@vivarium/core';

export interface CancelledRounds {
  add(taskId: string, round: number): void;
  has(taskId: string, round: number): boolean;
}

/** From a claim to its request it takes milliseconds; a worker may have been stopped in between. */
const KEPT_MS: Milliseconds = 60_000;

export function createCancelledRounds(clock: Clock): CancelledRounds {
  /** In the order in which they were cancelled. */
  const rounds = new Map<string, { readonly round: number; readonly until: Milliseconds }>();
  return {
    add(taskId, round) {
      const now = clock.monotonic();
      for (const [id, { until }] of rounds) {
        if (until > now) break;
        rounds.delete(id);
      }
      rounds.delete(taskId);
      rounds.set(taskId, { round, until: now + KEPT_MS });
    },
    has(taskId, round) {
      const cancelled = rounds.get(taskId);
      return cancelled !== undefined && round <= cancelled.round && clock.monotonic() < cancelled.until;
    },
  };
}
