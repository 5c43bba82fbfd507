/**
 * How fast tasks come to their end: counts for the small chart, the median duration for the verdict. Fed with wall times from the record,
 * because a panel that starts late must tell the same story as one that watched.
 */
export const BUCKET_MS = 10_000;
const BUCKETS = 60;
const DURATIONS = 50;

export interface FlowStats {
  /** A task came to its end at `atMs` after `durationMs` of work, as far as that is known. */
  finished(atMs: number, durationMs: number | undefined): void;
  /** Ends in each bucket up to now, oldest first. */
  counts(nowMs: number): readonly number[];
  medianMs(): number | undefined;
  readonly lastFinishMs: number | undefined;
}

export function createFlowStats(): FlowStats {
  const buckets = new Map<number, number>();
  const durations: number[] = [];
  let last: number | undefined;
  return {
    finished(atMs, durationMs) {
      if (!Number.isFinite(atMs)) return;
      const bucket = Math.floor(atMs / BUCKET_MS);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
      if (last === undefined || atMs > last) last = atMs;
      // Buckets of lines that came out of order are few; the oldest go first because a Map remembers the order of arrival.
      for (const old of buckets.keys()) if (buckets.size > 4 * BUCKETS) buckets.delete(old);
      if (durationMs === undefined || !Number.isFinite(durationMs) || durationMs < 0) return;
      durations.push(durationMs);
      if (durations.length > DURATIONS) durations.shift();
    },
    counts(nowMs) {
      const current = Math.floor(nowMs / BUCKET_MS);
      return Array.from({ length: BUCKETS }, (_, index) => buckets.get(current - BUCKETS + 1 + index) ?? 0);
    },
    medianMs() {
      const sorted = durations.toSorted((a, b) => a - b);
      return sorted[Math.floor(sorted.length / 2)];
    },
    get lastFinishMs() {
      return last;
    },
  };
}
