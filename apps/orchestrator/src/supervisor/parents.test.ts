import { describe, expect, it } from 'vitest';
import { ancestryIn } from './parents.ts';

describe('who started us', () => {
  it.each([
    ['through a shell: npm above it counts', '7 (sh) S 42 7 7 0', '7 42'],
    ['through a shell of any name', '7 (dash) S 42 7', '7 42'],
    ['npm itself, where its shell made way: who is above may leave', '7 (npm start) S 42 7', '7'],
    ['a name with brackets and blanks', '7 (sh) (x y) S 1 0) S 42 4711', '7'],
    ['a system without /proc', undefined, '7'],
    ['an unreadable answer', '', '7'],
  ])('%s', (_what, stat, known) => {
    expect(ancestryIn(7, (pid) => (pid === 7 ? stat : undefined))).toBe(known);
  });

  it('changes when npm is gone and the shell stays', () => {
    const before = ancestryIn(7, () => '7 (sh) S 42 7');
    expect(ancestryIn(7, () => '7 (sh) S 1 7')).not.toBe(before);
  });
});
