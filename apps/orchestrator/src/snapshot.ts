/**
 * What the record had come to at some place, so that a later look reads on from there instead of from the beginning. Owns run/snapshot.json, a cache: it is
 * made from the record alone, may be deleted, cut or stale at any time without loss, and decides nothing. Grind and the workers never use it: what may be
 * spent and what is to be done they read from the record itself.
 *
 * The first line is a checksum of the rest: what does not fit it, or is of another version, counts as absent. It tells damage, not malice: whoever may write
 * here may write the record too. A place names its log's generation, so that a
 * snapshot of a log that was replaced is not gone on from (log-tail.ts).
 */
import { isAscii } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { BreakerLine, Cursor, HomeLayout, MoneySnapshot } from '@vivarium/contracts';
import { isVivariumError, type Files } from '@vivarium/core';
import type { RecordColumns } from './record-columns.ts';

export interface Snapshot {
  readonly version: typeof VERSION;
  readonly execution: {
    readonly to: Cursor;
    readonly unreadable: number;
    readonly records: RecordColumns;
  };
  readonly money: {
    readonly to: Cursor;
    readonly unreadable: number;
    readonly state: MoneySnapshot;
    /** What opened those that are open. */
    readonly breakers: readonly BreakerLine[];
  };
}

export interface SnapshotFile {
  read(): Snapshot | undefined;
  /** A home that cannot be written has none; nothing is told. */
  write(snapshot: Snapshot): void;
}

/** To be raised with every change of what stands in a snapshot. */
export const VERSION = 8;

export function createSnapshotFile(layout: HomeLayout, files: Files): SnapshotFile {
  return {
    read() {
      try {
        const size = files.stat(layout.snapshot)?.size ?? 0;
        const bytes = asBuffer(files.readBytes(layout.snapshot, 0, size) ?? new Uint8Array());
        const end = bytes.indexOf('\n');
        if (end === -1) return undefined;
        const body = bytes.subarray(end + 1);
        if (checksum(body) !== bytes.toString('latin1', 0, end)) return undefined;
        // Written by this program, as the checksum shows.
        const snapshot = JSON.parse(textOf(body)) as Snapshot;
        return snapshot.version === VERSION ? snapshot : undefined;
      } catch (error) {
        if (isVivariumError(error) || error instanceof SyntaxError || error instanceof RangeError)
          return undefined;
        throw error;
      }
    },
    write(snapshot) {
      try {
        const body = JSON.stringify(snapshot);
        files.replace(layout.snapshot, `${checksum(Buffer.from(body))}\n${body}`);
      } catch (error) {
        // RangeError: longer than the longest string. Then there is none.
        if (!isVivariumError(error) && !(error instanceof RangeError)) throw error;
      }
    },
  };
}

/** With the length: a sum of 32 bits alone would pass one in four thousand million. */
const checksum = (body: Buffer): string => `${crc32(body).toString(16)} ${body.length}`;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Most snapshots are plain ASCII, which is a text five times as fast as what has to be decoded. */
const textOf = (bytes: Buffer): string => bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
