import { describe, expect, it } from 'vitest';
import { BUCKET_MS, createFlowStats } from './flow-stats.ts';

describe('how fast tasks end', () => {
  it('counts ends in the buckets up to now, oldest first', () => {
    const flow = createFlowStats();
    const now = 100 * BUCKET_MS + 100;
    flow.finished(now - 5, 10);
    flow.finished(now - BUCKET_MS, 10);
    flow.finished(now - BUCKET_MS, 10);
    expect(flow.counts(now).slice(-3)).toEqual([0, 2, 1]);
  });

  it('takes the middle of the last durations', () => {
    const flow = createFlowStats();
    expect(flow.medianMs()).toBeUndefined();
    for (const duration of [9, 1, 5]) flow.finished(1, duration);
    expect(flow.medianMs()).toBe(5);
    for (let index = 0; index < 50; index += 1) flow.finished(1, 100);
    expect(flow.medianMs()).toBe(100);
  });

  it('keeps the latest end, whatever the order the lines came in, and no nonsense', () => {
    const flow = createFlowStats();
    flow.finished(2_000, undefined);
    flow.finished(1_000, -5);
    flow.finished(Number.NaN, 3);
    expect(flow.lastFinishMs).toBe(2_000);
    expect(flow.medianMs()).toBeUndefined();
  });
});
