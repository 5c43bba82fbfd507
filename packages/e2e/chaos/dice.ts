/** One seeded source of chance: the same seed throws the same numbers on every machine. Pure. */

export interface Dice {
  /** From 0 up to, not including, 1. */
  fraction(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
}

/** `purpose` keeps two uses of one seed apart: drawing more of the one does not change the other. */
export function createDice(seed: string, purpose: string): Dice {
  let state = hash(`${purpose}#${seed}`);
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    between: (from, to) => from + Math.floor(fraction() * (to - from + 1)),
    chance: (probability) => fraction() < probability,
  };
}

/** The one that a fraction points at. */
export const pickOf = <T>(from: readonly T[], pick: number): T | undefined =>
  from[Math.floor(pick * from.length)];

/** FNV-1a over the characters. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}
