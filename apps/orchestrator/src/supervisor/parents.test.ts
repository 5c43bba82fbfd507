import { describe, expect, it } from 'vitest';
import { parentIn } from './parents.ts';

describe('the parent in /proc/<pid>/stat', () => {
  it.each([
    ['4711 (node) S 42 4711 4711 0 -1 4194560', '42'],
    ['4711 (sh) (x y) S 1 0) S 42 4711', '42'],
    ['', undefined],
  ])('%j', (stat, parent) => {
    expect(parentIn(stat)).toBe(parent);
  });
});
