import type { IdSource } from '@vivarium/core';

/** The same ids in the same order for the same seed, and others for another (a 32-bit generator of the mulberry kind is plenty for tests). */
export function createSeededIds(seed: number): IdSource {
  let state = seed >>> 0;
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const hex = (count: number): string => {
    let text = '';
    while (text.length < count * 2) text += word().toString(16).padStart(8, '0');
    return text.slice(0, count * 2);
  };
  return { next: (prefix) => `${prefix}_${hex(16)}`, hex };
}
