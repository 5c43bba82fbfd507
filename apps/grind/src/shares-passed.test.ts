import { nanoUsd } from '@vivarium/core';
import { expect, it } from 'vitest';
import { sharesPassed } from './shares-passed.ts';

it.each([
  [0, 49, []],
  [49, 50, [50]],
  [50, 60, []],
  [10, 95, [50, 75, 90]],
  [95, 100, [100]],
  [100, 120, []],
])('from %i to %i of 100', (before, after, shares) => {
  expect(sharesPassed(nanoUsd(before), nanoUsd(after), nanoUsd(100))).toEqual(shares);
});

it('a cap of nothing has no shares', () => {
  expect(sharesPassed(nanoUsd(0), nanoUsd(5), nanoUsd(0))).toEqual([]);
});
