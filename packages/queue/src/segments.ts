/**
 * Reading `queue.d/`: segments of bulk adds, one task a line, read on by offset as they grow. Owns its places in them and nothing else; the files are
 * the writer's (queue-writer.ts).
 *
 * - Q6: a look costs one stat of the directory and one of the newest segment, whatever stands in them. Only the newest grows.
 * - A line that is no task is passed over and told once: the rest of a bulk add is not held up by it. A half-written line waits for its end.
 */
import {
  type Task,
  type HomeLayout,
  type RecordStore,
  type RecordTail,
  type SegmentName,
} from '@vivarium/contracts';
import type { Files } from '@vivarium/core';
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
  readonly files: Pick<Files, 'list' | 'stat'>;
  readonly record: Pick<RecordStore, 'tail'>;
};

/** Names in the order in which they were begun. */
export const segmentNames = (files: Pick<Files, 'list'>, directory: string): readonly SegmentName[] =>
  files
    .list(directory)
    .filter((name) => /^\d{6}\.jsonl$/.test(name))
    .map((name): SegmentName => `queue.d/${name}`);

export function createSegments({ layout, files, record }: SegmentParts): Segments {
  let tails = new Map<SegmentName, RecordTail>();
  let seen: ReturnType<Files['stat']>;

  const readAll = (names: readonly SegmentName[]): SegmentsRead => {
    const added: Task[] = [];
    const faults: string[] = [];
    for (const name of names) {
      const tail = tails.get(name) ?? record.tail(name);
      tails.set(name, tail);
      const { entries, restarted } = tail.read();
      // Only by hand: what was read before no longer stands.
      if (restarted) return readAnew();
      for (const entry of entries) {
        const task = entry.kind === 'line' ? readTask(entry.value) : 'not JSON';
        if (typeof task !== 'string') added.push(task);
        else faults.push(`${layout.log(name)}, byte ${entry.from}: ${task}; the line is passed over`);
      }
    }
    return { added, restarted: false, faults };
  };
  const readAnew = (): SegmentsRead => {
    tails = new Map();
    return { ...readAll(segmentNames(files, layout.segments)), restarted: true };
  };

  return {
    read() {
      const stat = files.stat(layout.segments);
      if (stat === undefined) {
        const had = tails.size > 0;
        tails = new Map();
        seen = undefined;
        return { added: [], restarted: had, faults: [] };
      }
      if (seen !== undefined && isSame(stat, seen)) {
        const newest = [...tails.keys()].at(-1);
        return readAll(newest === undefined ? [] : [newest]);
      }
      seen = stat;
      const names = segmentNames(files, layout.segments);
      return [...tails.keys()].every((name) => names.includes(name)) ? readAll(names) : readAnew();
    },
  };
}
