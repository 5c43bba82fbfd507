import { createManualClock } from '@vivarium/platform/testing';
import { expect, it } from 'vitest';
import { createLeases, type Beat } from './leases.ts';

it('Q5: a worker that comes back after it was given up is alive again', () => {
  const clock = createManualClock();
  const beats = new Map<string, Beat>([['w', { counter: 1, gone: false }]]);
  const leases = createLeases((id) => beats.get(id), clock, 4_000);
  const watch = (duration: number): void => {
    for (let passed = 0; passed < duration; passed += 500) {
      clock.advance(500);
      leases.lookAround(['w']);
    }
  };
  leases.lookAround(['w']);
  watch(3_500);
  expect(leases.standing('w')).toBe('alive');
  watch(1_000);
  expect(leases.standing('w')).toBe('beat_stood_still');
  beats.set('w', { counter: 2, gone: false });
  expect(leases.look('w')).toBe('alive');
  watch(3_500);
  expect(leases.standing('w')).toBe('alive');
});

it('Q5: a worker without a beat, or whose process ended, is gone at once', () => {
  const beats = new Map<string, Beat>([['ended', { counter: 9, gone: true }]]);
  const leases = createLeases((id) => beats.get(id), createManualClock(), 15_000);
  leases.lookAround(['ended', 'never']);
  expect([leases.standing('ended'), leases.standing('never')]).toEqual(['holder_gone', 'holder_gone']);
});

it('Q6: between two looks nothing is read, and a worker not yet seen is looked at when it is met', () => {
  const clock = createManualClock();
  let reads = 0;
  const read = (): Beat => {
    reads += 1;
    return { counter: 1, gone: false };
  };
  const leases = createLeases(read, clock, 15_000);
  leases.lookAround(['a', 'b']);
  for (let call = 0; call < 100; call += 1) leases.lookAround(['a', 'b']);
  expect(reads).toBe(2);
  leases.lookAround(['a', 'b', 'c']);
  expect(reads).toBe(3);
  clock.advance(1_000);
  leases.lookAround(['a', 'b', 'c']);
  expect(reads).toBe(6);
});
