import { describe, expect, it } from 'vitest';
import { createNodeIds } from './ids.ts';
import { createSeededIds } from './memory/ids.ts';

describe('ids', () => {
  it('carry 128 random bits behind their prefix and do not repeat', () => {
    const ids = createNodeIds();
    const made = Array.from({ length: 2_000 }, () => ids.next('call'));
    expect(new Set(made).size).toBe(2_000);
    for (const id of made) expect(id).toMatch(/^call_[0-9a-f]{32}$/);
    expect(ids.hex(5)).toMatch(/^[0-9a-f]{10}$/);
  });
  it('of a seed are the same each time, and others for another seed', () => {
    const of = (seed: number): readonly string[] =>
      Array.from(
        { length: 50 },
        (
          (ids) => () =>
            ids.next('e')
        )(createSeededIds(seed)),
      );
    expect(of(7)).toEqual(of(7));
    expect(new Set([...of(7), ...of(8), ...of(1_001), ...of(1_002)]).size).toBe(200);
    expect(createSeededIds(1).hex(3)).toMatch(/^[0-9a-f]{6}$/);
  });
});
