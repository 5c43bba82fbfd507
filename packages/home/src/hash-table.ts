/**
 * A table of numbers by text that keeps no text: 64 bits of a hash for each, sorted. A million entries are 16 MB and found in a microsecond or two. Two texts with the same
 * 64 bits are taken for one: the caller must be able to bear that, or to see it. What was added last is in a map, until it is worth sorting in.
 */
import { sha256 } from '@vivarium/contracts';

export interface HashTable {
  get(text: string): number | undefined;
  set(text: string, value: number): void;
  readonly size: number;
  /** The whole table as text: two Base64 strings of little-endian words. */
  save(): SavedTable;
}

export interface SavedTable {
  readonly keys: string;
  readonly values: string;
}

const SORT_IN_AT = 8_192;

/** Throws `RangeError` when `from` is not what `save` made. */
export function createHashTable(from?: SavedTable): HashTable {
  let keys = from === undefined ? new BigUint64Array(0) : new BigUint64Array(bytesOf(from.keys));
  let values = from === undefined ? new Float64Array(0) : new Float64Array(bytesOf(from.values));
  if (keys.length !== values.length) throw new RangeError('as many values as keys are needed');
  let added = new Map<bigint, number>();

  const sortIn = (): void => {
    const newer = [...added].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const mergedKeys = new BigUint64Array(keys.length + newer.length);
    const mergedValues = new Float64Array(keys.length + newer.length);
    let length = 0;
    let old = 0;
    const take = (key: bigint, value: number): void => {
      mergedKeys[length] = key;
      mergedValues[length] = value;
      length += 1;
    };
    for (const [key, value] of newer) {
      for (let next = keys[old]; next !== undefined && next < key; next = keys[old]) {
        take(next, values[old] ?? 0);
        old += 1;
      }
      // What was set anew takes the place of what was there.
      if (keys[old] === key) old += 1;
      take(key, value);
    }
    mergedKeys.set(keys.subarray(old), length);
    mergedValues.set(values.subarray(old), length);
    length += keys.length - old;
    keys = mergedKeys.slice(0, length);
    values = mergedValues.slice(0, length);
    added = new Map();
  };

  return {
    get(text) {
      if (keys.length === 0 && added.size === 0) return undefined;
      const key = hashOf(text);
      const recent = added.get(key);
      if (recent !== undefined) return recent;
      const at = firstNotBelow(keys, key);
      return keys[at] === key ? values[at] : undefined;
    },
    set(text, value) {
      added.set(hashOf(text), value);
      // A share of the whole, so that each entry is moved a few times in all.
      if (added.size >= Math.max(SORT_IN_AT, keys.length / 8)) sortIn();
    },
    get size() {
      return keys.length + added.size;
    },
    save() {
      sortIn();
      return { keys: textOf(keys.buffer), values: textOf(values.buffer) };
    },
  };
}

const word = new DataView(new ArrayBuffer(8));
/** The first eight bytes of its SHA-256, little-endian. By way of digits, which Node gives three times as fast as bytes (measured, Node 20). */
function hashOf(text: string): bigint {
  const digits = sha256(text);
  word.setUint32(0, parseInt(digits.slice(0, 8), 16));
  word.setUint32(4, parseInt(digits.slice(8, 16), 16));
  return word.getBigUint64(0, true);
}

function firstNotBelow(sorted: BigUint64Array, key: bigint): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? key) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const textOf = (buffer: ArrayBufferLike): string => Buffer.from(buffer).toString('base64');
/** A buffer of its own, which begins where its words do. */
function bytesOf(text: string): ArrayBuffer {
  const bytes = Buffer.from(text, 'base64');
  return new Uint8Array(bytes).buffer;
}
