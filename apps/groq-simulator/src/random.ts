/**
 * The simulator's own dice. Everything it invents is a function of text: SHA-256 of the parts fills the 128 bits of state of an
 * sfc32 generator (three words and a counter), so the same seed and the same request always give the same answer, on any machine.
 */
import { createHash } from 'node:crypto';

export interface Random {
  /** A fraction in [0, 1). */
  fraction(): number;
  /** A whole number in [least, most]. */
  between(least: number, most: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

export function createRandom(...parts: readonly string[]): Random {
  // The separator keeps ('ab', 'c') and ('a', 'bc') apart.
  const state = createHash('sha256').update(parts.join('\u0000')).digest();
  let a = state.readUInt32LE(0);
  let b = state.readUInt32LE(4);
  let c = state.readUInt32LE(8);
  let counter = state.readUInt32LE(12);

  const fraction = (): number => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return (out >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number): number =>
    least + Math.floor(fraction() * (most - least + 1));
  const pick = <T>(items: readonly [T, ...T[]]): T => items[between(0, items.length - 1)] ?? items[0];
  return { fraction, between, pick };
}
