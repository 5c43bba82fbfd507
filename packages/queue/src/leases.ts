/**
 * Whether the holders of tasks are still there (Q5). Owns what this process has seen of their beats; reads them through the engine's storage.
 *
 * - Q5: a holder loses its tasks only when its process is known to be gone, when it left, or when its counter stood still for the lease time
 *   as counted here: on this process's monotonic clock, and only while this process was watching. A jump of the wall clock takes nothing, and
 *   neither does a machine that slept: what lay between two looks counts at most twice the interval of looking.
 */
import type { Clock, Milliseconds } from '@vivarium/core';

/** A worker's beat as it stands; undefined when there is none: it left, or it never announced itself. */
export interface Beat {
  readonly counter: number;
  /** True when its process is known to have ended. */
  readonly gone: boolean;
}

export type Standing = 'alive' | 'holder_gone' | 'beat_stood_still';

export interface Leases {
  /** How long one may wait before looking again. */
  readonly lookEveryMs: Milliseconds;
  /** Looks at one worker now. */
  look(workerId: string): Standing;
  /** Looks at all of them when it is time to, and at once at those never seen. */
  lookAround(workerIds: Iterable<string>): void;
  /** What the last look said. */
  standing(workerId: string): Standing;
}

interface Observation {
  counter: number;
  stillMs: Milliseconds;
  lookedAt: Milliseconds;
  standing: Standing;
}

export function createLeases(
  readBeat: (workerId: string) => Beat | undefined,
  clock: Clock,
  leaseMs: Milliseconds,
): Leases {
  const lookEveryMs = Math.max(1, Math.min(1_000, leaseMs / 4));
  const seen = new Map<string, Observation>();
  let lookedAround = Number.NEGATIVE_INFINITY;

  function look(workerId: string): Standing {
    const now = clock.monotonic();
    const beat = readBeat(workerId);
    const before = seen.get(workerId);
    const counter = beat?.counter ?? -1;
    const moved = before === undefined || before.counter !== counter;
    const stillMs = moved ? 0 : before.stillMs + Math.min(now - before.lookedAt, 2 * lookEveryMs);
    const standing =
      beat === undefined || beat.gone ? 'holder_gone' : stillMs >= leaseMs ? 'beat_stood_still' : 'alive';
    seen.set(workerId, { counter, stillMs, lookedAt: now, standing });
    return standing;
  }

  return {
    lookEveryMs,
    look,
    lookAround(workerIds) {
      const now = clock.monotonic();
      const due = now - lookedAround >= lookEveryMs;
      for (const workerId of workerIds) if (due || !seen.has(workerId)) look(workerId);
      if (!due) return;
      lookedAround = now;
      // Whoever has not mattered for some leases is forgotten, so that a long life does not collect all workers there ever were.
      for (const [workerId, { lookedAt }] of seen) if (now - lookedAt > 4 * leaseMs) seen.delete(workerId);
    },
    standing: (workerId) => seen.get(workerId)?.standing ?? 'alive',
  };
}
