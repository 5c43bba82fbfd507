import { expect, it } from 'vitest';
import { formatDuration, timestamp, type Clock } from './time.ts';

it('writes durations the way people read them', () => {
  expect([84.4, 1_234, 185_000].map(formatDuration)).toEqual(['84 ms', '1.2 s', '3 min 05 s']);
});

it('writes UTC with Z and milliseconds', () => {
  const clock: Clock = {
    now: () => new Date(Date.UTC(2026, 1, 3, 22, 42, 6, 798)),
    monotonic: () => 0,
    sleep: async () => {},
  };
  expect(timestamp(clock)).toBe('2026-02-03T22:42:06.798Z');
});
