/**
 * What the record had come to at some place, so that a later look reads on from there instead of from the beginning. Owns run/snapshot.json, a cache: it is
 * made from the record alone, may be deleted, cut or stale at any time without loss, and decides nothing. Grind and the workers never use it: what may be
 * spent and what is to be done they read from the record itself.
 *
 * The first line is a checksum of the rest: what does not fit it, or is of another version, counts as absent. It tells damage, not malice: whoever may write
 * here may write the record too. A place names its log's generation, so that a
 * snapshot of a log that was replaced is not gone on from (log-tail.ts).
 */
import { crc32 } from 'node:zlib';
import type { Cursor, HomeLayout, MoneySnapshot } from '@vivarium/contracts';
import { isVivariumError, type Files } from '@vivarium/core';
import type { RecordRows } from './record-rows.ts';

export interface Snapshot {
  readonly version: typeof VERSION;
  readonly execution: {
    readonly to: Cursor;
    readonly unreadable: number;
    readonly records: RecordRows;
  };
  readonly money: { readonly to: Cursor; readonly unreadable: number; readonly state: MoneySnapshot };
}

export interface SnapshotFile {
  read(): Snapshot | undefined;
  /** A home that cannot be written has none; nothing is told. */
  write(snapshot: Snapshot): void;
}

/** To be raised with every change of what stands in a snapshot. */
export const VERSION = 2;

export function createSnapshotFile(layout: HomeLayout, files: Files): SnapshotFile {
  return {
    read() {
      try {
        const text = files.readText(layout.snapshot);
        const end = text?.indexOf('\n') ?? -1;
        if (text === undefined || end === -1) return undefined;
        const body = text.slice(end + 1);
        if (checksum(body) !== text.slice(0, end)) return undefined;
        // Written by this program, as the checksum shows.
        const snapshot = JSON.parse(body) as Snapshot;
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
        files.replace(layout.snapshot, `${checksum(body)}\n${body}`);
      } catch (error) {
        // RangeError: longer than the longest string. Then there is none.
        if (!isVivariumError(error) && !(error instanceof RangeError)) throw error;
      }
    },
  };
}

/** With the length: a sum of 32 bits alone would pass one in four thousand million. */
const checksum = (text: string): string => `${crc32(text).toString(16)} ${text.length}`;
