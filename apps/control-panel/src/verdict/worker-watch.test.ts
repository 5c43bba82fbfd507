import type { BeatFile, ControlState } from '@vivarium/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createWorkerWatch, STILL_AFTER_MS, type WorkerWatch } from './worker-watch.ts';

const running: ControlState = { kind: 'running' };
const paused: ControlState = {
  kind: 'paused',
  scope: { kind: 'all' },
  order: 'o1',
  reason: '',
  actor: undefined,
  since: '2026-11-23T10:00:00.000Z',
};
const beat = (worker_id: string, counter: number, busy: number, pid = 1): BeatFile => ({
  worker_id,
  pid,
  started: '1',
  host: 'h',
  run_id: 'r',
  counter,
  slots: 2,
  busy,
});

describe('which workers are at hand', () => {
  let gone: Set<number>;
  let watch: WorkerWatch;
  beforeEach(() => {
    gone = new Set();
    watch = createWorkerWatch(({ pid }) => gone.has(pid));
  });
  const stateAt = (now: number) => watch.rows(now).map(({ worker_id, state }) => `${worker_id} ${state}`);

  it('Q5: a worker is fresh while its counter moves, and still when it does not', () => {
    watch.observe([beat('a', 1, 0)], running, 0);
    watch.observe([beat('a', 1, 0)], running, STILL_AFTER_MS);
    expect(stateAt(STILL_AFTER_MS)).toEqual(['a fresh']);
    expect(stateAt(STILL_AFTER_MS + 1)).toEqual(['a still']);
    watch.observe([beat('a', 2, 0)], running, STILL_AFTER_MS + 2);
    expect(stateAt(STILL_AFTER_MS + 2)).toEqual(['a fresh']);
  });

  it('a worker whose process ended is gone at once', () => {
    watch.observe([beat('a', 1, 0, 7)], running, 0);
    gone.add(7);
    expect(stateAt(1)).toEqual(['a gone']);
  });

  it('a beat from before the change acknowledges nothing, even one that holds nothing', () => {
    watch.observe([beat('a', 5, 0)], running, 0);
    watch.observe([beat('a', 5, 0)], paused, 100);
    expect(watch.acknowledgement(100)).toMatchObject({ workers: 1, acknowledged: 0, effective: false });
    watch.observe([beat('a', 6, 0)], paused, 900);
    expect(watch.acknowledgement(900)).toEqual({
      workers: 1,
      acknowledged: 1,
      effective: true,
      effectiveAfterMs: 800,
      each: [{ workerId: 'a', hasLetGo: true, afterMs: 800 }],
    });
  });

  it('a worker that still holds work has not acknowledged', () => {
    watch.observe([beat('a', 5, 2), beat('b', 5, 0)], running, 0);
    watch.observe([beat('a', 6, 1), beat('b', 6, 0)], paused, 100);
    watch.observe([beat('a', 7, 1), beat('b', 7, 0)], paused, 1_100);
    expect(watch.acknowledgement(1_100)).toMatchObject({ workers: 2, acknowledged: 1, effective: false });
    watch.observe([beat('a', 8, 0), beat('b', 8, 0)], paused, 2_100);
    expect(watch.acknowledgement(2_100)).toMatchObject({
      acknowledged: 2,
      effective: true,
      effectiveAfterMs: 2_000,
    });
  });

  it('says of each worker when it was seen to have let go, and of one that has not that it has not', () => {
    watch.observe([beat('a', 5, 1), beat('b', 5, 0)], running, 0);
    watch.observe([beat('a', 5, 1), beat('b', 6, 0)], paused, 100);
    watch.observe([beat('a', 6, 1), beat('b', 7, 0)], paused, 350);
    watch.observe([beat('a', 7, 1), beat('b', 8, 0)], paused, 600);
    expect(watch.acknowledgement(600).each).toEqual([
      { workerId: 'a', hasLetGo: false, afterMs: undefined },
      { workerId: 'b', hasLetGo: true, afterMs: 250 },
    ]);
  });

  it('is not held up for ever by a worker that died', () => {
    watch.observe([beat('a', 5, 2, 7)], running, 0);
    watch.observe([beat('a', 5, 2, 7)], paused, 100);
    expect(watch.acknowledgement(100).effective).toBe(false);
    gone.add(7);
    expect(watch.acknowledgement(200)).toMatchObject({ workers: 0, effective: true });
  });

  it('takes effect at once when nobody is at work', () => {
    watch.observe([], running, 0);
    watch.observe([], paused, 100);
    expect(watch.acknowledgement(100)).toMatchObject({ effective: true, effectiveAfterMs: 0 });
  });

  it('claims no duration for a state it found when it started', () => {
    watch.observe([beat('a', 5, 0)], paused, 0);
    watch.observe([beat('a', 6, 0)], paused, 500);
    expect(watch.acknowledgement(500)).toMatchObject({ effective: true, effectiveAfterMs: undefined });
  });
});
