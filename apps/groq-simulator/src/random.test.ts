import { expect, it } from 'vitest';
import { createRandom } from './random.ts';

const draw = (...parts: readonly string[]): readonly number[] => {
  const random = createRandom(...parts);
  return Array.from({ length: 8 }, () => random.fraction());
};

it('gives the same sequence for the same parts, and another for any other', () => {
  expect(draw('a', 'b')).toEqual(draw('a', 'b'));
  expect(draw('a', 'b')).not.toEqual(draw('a', 'c'));
  expect(draw('ab', 'c')).not.toEqual(draw('a', 'bc'));
});

it('stays within its bounds and reaches both ends', () => {
  const random = createRandom('bounds');
  const seen = new Set(Array.from({ length: 1_000 }, () => random.between(1, 6)));
  expect([...seen].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
});

it('is spread evenly enough to be used as probability', () => {
  const random = createRandom('spread');
  const below = Array.from({ length: 10_000 }, () => random.fraction()).filter(
    (fraction) => fraction < 0.3,
  ).length;
  expect(below).toBeGreaterThan(2_800);
  expect(below).toBeLessThan(3_200);
});
