/** Reads the whole lines of a file, piece by piece, with their numbers and places. For readers that must see every byte, blank lines and fragments included. */
import type { Files } from '@vivarium/core';

const PIECE = 1_048_576;
const NEWLINE = 10;

export interface LineAt {
  /** With its newline; the last line of a file may lack it. */
  readonly line: Buffer;
  /** From 1. */
  readonly record: number;
  readonly byte: number;
}

export interface LineReader {
  /** The lines of the next piece; none at the end of what there is. A line that is still being written waits. */
  next(): readonly LineAt[];
  /** What stands behind the last newline: a fragment. Empty when nothing does. */
  rest(): Buffer;
  /** Bytes read so far, those of `rest` included. */
  readonly read: number;
  /** Lines told so far. */
  readonly lines: number;
}

export function createLineReader(files: Files, path: string): LineReader {
  let read = 0;
  let lines = 0;
  let pending: Buffer = Buffer.alloc(0);
  return {
    next() {
      const found: LineAt[] = [];
      while (found.length === 0) {
        const bytes = files.readBytes(path, read, PIECE);
        if (bytes === undefined || bytes.length === 0) return found;
        let byte = read - pending.length;
        read += bytes.length;
        const whole = Buffer.concat([pending, bytes]);
        let at = 0;
        for (let newline = whole.indexOf(NEWLINE); newline !== -1; newline = whole.indexOf(NEWLINE, at)) {
          lines += 1;
          found.push({ line: whole.subarray(at, newline + 1), record: lines, byte });
          byte += newline + 1 - at;
          at = newline + 1;
        }
        // A copy: what waits must not keep the whole piece.
        pending = Buffer.from(whole.subarray(at));
      }
      return found;
    },
    rest: () => pending,
    get read() {
      return read;
    },
    get lines() {
      return lines;
    },
  };
}
