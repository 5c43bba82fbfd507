/**
 * Reading `queue.d/`: segments of bulk adds, one task a line, read on by offset as they grow. Owns its places in them and nothing else; the files are
 * the writer's (queue-writer.ts).
 *
 * - Q6: a look costs three stats, whatever stands in them: of the directory, of the newest segment, and of one of the older, which take turns. Only the
 *   newest grows; the older are edited by hand or not at all.
 * - A segment that was edited is noticed by its inode, its length or its time of change, each for itself, and read anew.
 * - A line that is no task is passed over and told once, with its number: the rest of a bulk add is not held up by it. A half-written line waits for
 *   its end.
 */
import {
  readOn,
  type Task,
  type HomeLayout,
  type RecordStore,
  type RecordTail,
  type SegmentName,
} from '@vivarium/contracts';
import type { Clock, Files, FileStat, Milliseconds } from '@vivarium/core';
import { countLines } from './line-numbers.ts';
import { isSame } from './queue-reader.ts';
import { readTask } from './read-task.ts';

export interface SegmentsRead {
  /** Tasks since the last read, in order; all of them when `restarted`. */
  readonly added: readonly Task[];
  readonly restarted: boolean;
  /** Lines that are no tasks: where, and why. */
  readonly faults: readonly string[];
}

export interface Segments {
  read(): SegmentsRead;
}

export type SegmentParts = {
  readonly layout: Pick<HomeLayout, 'segments' | 'log'>;
  readonly files: Pick<Files, 'list' | 'stat' | 'readBytes'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly record: Pick<RecordStore, 'tail'>;
};

/** A system may give changes within a few milliseconds the same time: a directory that has just changed is listed again at every look. */
const SETTLED_MS: Milliseconds = 1_000;

/** Names in the order in which they were begun. */
export const segmentNames = (files: Pick<Files, 'list'>, directory: string): readonly SegmentName[] =>
  files
    .list(directory)
    .filter((name) => /^\d{6}\.jsonl$/.test(name))
    .map((name): SegmentName => `queue.d/${name}`);

/** A place in one segment. */
interface Segment {
  readonly path: string;
  readonly tail: RecordTail;
  readonly lineAt: (offset: number) => number;
  /** As it was when it was last read. */
  seen: FileStat | undefined;
  /** The same length at another time, seen once. */
  doubted: FileStat | undefined;
}

export function createSegments({ layout, files, record, clock }: SegmentParts): Segments {
  let segments = new Map<SegmentName, Segment>();
  let seen: FileStat | undefined;
  let turn = 0;

  const open = (name: SegmentName): Segment => {
    const path = layout.log(name);
    const tail = record.tail(name);
    const lineAt = countLines(files, path);
    const segment = { path, tail, lineAt, seen: undefined, doubted: undefined };
    segments.set(name, segment);
    return segment;
  };
  const readAll = (names: readonly SegmentName[]): SegmentsRead => {
    const added: Task[] = [];
    const faults: string[] = [];
    for (const name of names) {
      const segment = segments.get(name) ?? open(name);
      // Only by hand: what was read before no longer stands.
      if (!readNews(segment, added, faults)) return readAnew();
    }
    return { added, restarted: false, faults };
  };
  const readAnew = (): SegmentsRead => {
    segments = new Map();
    return { ...readAll(segmentNames(files, layout.segments)), restarted: true };
  };
  /** The newest, and whose turn it is of the others: an edit of one of them is seen some looks later. */
  const lookedAt = (): readonly SegmentName[] => {
    const older = [...segments.keys()];
    const newest = older.pop();
    if (newest === undefined) return [];
    turn += 1;
    const other = older[turn % older.length];
    return other === undefined ? [newest] : [other, newest];
  };

  return {
    read() {
      const stat = files.stat(layout.segments);
      if (stat === undefined) {
        const had = segments.size > 0;
        segments = new Map();
        seen = undefined;
        return { added: [], restarted: had, faults: [] };
      }
      if (seen !== undefined && isSame(stat, seen)) return readAll(lookedAt());
      seen = clock.now().getTime() - stat.modifiedMs < SETTLED_MS ? undefined : stat;
      const names = segmentNames(files, layout.segments);
      return [...segments.keys()].every((name) => names.includes(name)) ? readAll(names) : readAnew();
    },
  };

  /** False when it is not the file that was read, or not as it was. */
  function readNews(segment: Segment, added: Task[], faults: string[]): boolean {
    const { path, tail, lineAt } = segment;
    const stat = files.stat(path);
    // A link that leads nowhere is listed too.
    if (stat === undefined) return segment.seen === undefined;
    if (isSame(stat, segment.seen)) return true;
    if (stat.inode === segment.seen?.inode && stat.size === segment.seen.size) {
      // Written over in place; or an append that has come as far as the time of change, which is set before the length. The next look knows.
      if (isSame(stat, segment.doubted)) return false;
      segment.doubted = stat;
      return true;
    }
    // Looked at before it is read: what is written in between is seen by the next look.
    segment.seen = stat;
    let isWhole = true;
    readOn(tail, ({ entries, restarted }) => {
      if (restarted) isWhole = false;
      if (!isWhole) return;
      for (const entry of entries) {
        const task = entry.kind === 'line' ? readTask(entry.value) : 'not JSON';
        if (typeof task !== 'string') added.push(task);
        else faults.push(`${path}:${lineAt(entry.from)} ${task}; the line is passed over`);
      }
    });
    return isWhole;
  }
}
