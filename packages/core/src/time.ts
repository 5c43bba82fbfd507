/** Durations are milliseconds and say so in their name's type; wall time is for the record, monotonic time for deciding. */
export type Milliseconds = number;

export interface Clock {
  /** Wall time. Only for what is written down: it may jump either way. */
  now(): Date;
  /** Milliseconds that only move forward, in this process. Leases, timeouts and latencies are measured with it (Q5). */
  monotonic(): Milliseconds;
  /** Resolves after `duration`, or at once when `signal` aborts. Never rejects: the caller looks at its signal. */
  sleep(duration: Milliseconds, signal?: AbortSignal): Promise<void>;
}

/** UTC with `Z` and milliseconds: the one form new records are written in. */
export const timestamp = (clock: Clock): string => clock.now().toISOString();

/** `84 ms`, `1.2 s`, `3 min 05 s`. */
export function formatDuration(duration: Milliseconds): string {
  if (duration < 1_000) return `${Math.round(duration)} ms`;
  if (duration < 60_000) return `${(duration / 1_000).toFixed(1)} s`;
  const seconds = Math.round(duration / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
