/**
 * The inline chain of a log with one writer at a time (S5): each line bears its number, and the SHA-256 of the bytes from the beginning of the
 * last link (or of the file) up to its own beginning. Fragments of crashes and lines of before are inside those bytes, so nothing between two
 * links can be changed unseen. Owns what this process knows of the end of such a log; asks the file whenever it does not know.
 */
import { createHash, type Hash } from 'node:crypto';
import { sha256, type ChainLink } from '@vivarium/contracts';
import type { Files } from '@vivarium/core';
import { parseJson } from './salvage.ts';

const NEWLINE = 10;
const PIECE = 262_144;

export interface Chain {
  /** The lines as they are to be appended, each with its newline, after `closing`, which ends a fragment and may be empty. */
  link(lines: readonly Readonly<Record<string, unknown>>[], closing: string): readonly string[];
  /** What `link` gave last is in the file, whole. */
  written(): void;
  /** Nothing is known of the end of the file any more. */
  forget(): void;
}

interface Linked {
  readonly seq: number;
  /** The whole line. */
  readonly text: string;
}

/** The link after one that stands there, with `closing` between them. */
const linkAfter = ({ seq, text }: Linked, closing = ''): ChainLink => ({
  seq: seq + 1,
  prev: sha256(text + closing),
});

/** `clean`: what takes secrets out of a line (S6); the hash is of what is written. */
export function createChain(
  files: Files,
  path: string,
  clean: (text: string) => string = (text) => text,
): Chain {
  let last: Linked | undefined;
  let linked: Linked | undefined;
  return {
    link(lines, closing) {
      let before: Linked | undefined;
      const texts = lines.map((line) => {
        const { seq, prev } = before === undefined ? firstLink(closing) : linkAfter(before);
        // Put into the text: to spread an object of that many fields would cost more than all the rest (measured, Node 20).
        const open = clean(JSON.stringify(line)).slice(0, -1);
        before = { seq, text: `${open}${open === '{' ? '' : ','}"seq":${seq},"prev":"${prev}"}\n` };
        return before.text;
      });
      linked = before ?? linked;
      return texts;
    },
    written() {
      last = linked;
    },
    forget() {
      last = undefined;
      linked = undefined;
    },
  };

  function firstLink(closing: string): ChainLink {
    if (last !== undefined) return linkAfter(last, closing);
    // What is closed as torn was refused to its writer, and is no link although it may look like one.
    const { seq, hash } = endOfChain(files, path, closing.length > 1 ? 'torn' : 'whole');
    return { seq: seq + 1, prev: hash.update(closing).digest('hex') };
  }
}

/** True for a line that is a link of a chain. */
export const isLink = (value: unknown): value is ChainLink =>
  typeof value === 'object' &&
  value !== null &&
  'prev' in value &&
  'seq' in value &&
  Number.isSafeInteger(value.seq) &&
  typeof value.prev === 'string' &&
  /^[0-9a-f]{64}$/.test(value.prev);

export interface EndOfChain extends LastLink {
  /** Over the bytes from the beginning of the last link, or of the file, to its end. */
  readonly hash: Hash;
}

/** Looks for the last link from the end of the file, piece by piece. */
export function endOfChain(files: Files, path: string, end: 'whole' | 'torn' = 'whole'): EndOfChain {
  const size = files.stat(path)?.size ?? 0;
  const last = lastLink(files, path, size, end === 'torn');
  const hash = createHash('sha256');
  for (let at = last.from; at < size; at += PIECE)
    hash.update(files.readBytes(path, at, Math.min(PIECE, size - at)) ?? new Uint8Array(0));
  return { ...last, hash };
}

interface LastLink {
  /** 0 when there is none. */
  readonly seq: number;
  readonly from: number;
  /** Of its line alone, newline included. */
  readonly own: string;
  /** Where the line after it begins. */
  readonly to: number;
}

/** A last line that lacks only its newline is one, as the next append ends it, unless it is `torn`. */
function lastLink(files: Files, path: string, size: number, torn: boolean): LastLink {
  let isTorn = torn;
  let rest = Buffer.alloc(0);
  for (let from = size; from > 0;) {
    const length = Math.min(PIECE, from);
    from -= length;
    const bytes = Buffer.concat([files.readBytes(path, from, length) ?? new Uint8Array(0), rest]);
    let end = bytes.length;
    while (end > 0) {
      const newline = bytes.lastIndexOf(NEWLINE, end - 1);
      if (newline === -1 && from > 0) break;
      const line = bytes.toString('utf8', newline + 1, end);
      const value = isTorn ? undefined : parseJson(line);
      isTorn = false;
      if (isLink(value))
        return { seq: value.seq, from: from + newline + 1, own: sha256(`${line}\n`), to: from + end + 1 };
      end = Math.max(0, newline);
    }
    rest = bytes.subarray(0, end);
  }
  return { seq: 0, from: 0, own: sha256(''), to: 0 };
}
