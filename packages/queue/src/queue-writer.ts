/**
 * Adding to the queue: lock, read, plan, write, look again. Owns nothing. A queue that people can still read is kept in `queue.json`; what is larger goes
 * to segments of `queue.d/`, so that an add costs what it adds and not what is there (Q6).
 *
 * - A lock on a file can be lost to another holder by one that stalls (architecture §4), so nothing is acknowledged before it was read back
 *   while the lock was still held; otherwise all of it is done again, and what is then found in the queue counts as added, not as a duplicate.
 * - People edit queue.json without asking for the lock: a file that changed since it was read is read again before it is replaced.
 * - Q8, Q10: a segment is written dependencies first and with one write. Cut short by a crash, what stands of it depends on nothing that is missing.
 */
import {
  isVivariumError,
  VivariumError,
  type Clock,
  type Files,
  type FileLock,
  type Milliseconds,
} from '@vivarium/core';
import type { AddAnswer, HomeLayout, NewTask, RecordStore, SegmentName, Task } from '@vivarium/contracts';
import { planAdd, type Existing } from './plan/add.ts';
import { dependenciesFirst } from './plan/dependencies-first.ts';
import { emptyQueue, loadQueueFile, withTasks, type LoadedQueue } from './queue-file.ts';
import { isSame } from './queue-reader.ts';
import { readSegmentIds, type SegmentIds } from './segment-ids.ts';
import { createSegments, segmentNames } from './segments.ts';

export const LOCK_WAIT_MS: Milliseconds = 30_000;
const MOST_TRIES = 5;
/** More tasks than a person reads in one file. */
export const MOST_IN_FILE = 1_000;
/** A segment that has reached this length is left as it is, and the next one begun. */
const SEGMENT_BYTES = 64 * 1_024 * 1_024;
/** Written at once; a write much larger than this would hold the whole of a bulk add in memory three times. */
const CHUNK_LINES = 20_000;

export interface QueueWriterOptions {
  readonly layout: HomeLayout;
  readonly files: Files;
  readonly fileLock: FileLock;
  readonly clock: Clock;
  readonly record: RecordStore;
}

export async function addToQueue(
  options: QueueWriterOptions,
  newTasks: readonly NewTask[],
  isKnown: (id: string) => boolean,
): Promise<AddAnswer> {
  const { layout, files, fileLock } = options;
  const path = layout.queue;
  let written: readonly Task[] = [];
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    try {
      const answer = await fileLock.withLock(path, LOCK_WAIT_MS, (assertHeld) => {
        const stat = files.stat(path);
        const text = files.readText(path);
        mendNewest(options);
        const segments = readSegmentIds(options);
        const queue =
          text === undefined
            ? emptyQueue
            : loadQueueFile(text, path, (id) => segments.ids.has(id) || isKnown(id));
        const ours = oursIn(written, queue, segments);
        const plan = planAdd(existing(queue, segments, ours, newTasks, options), newTasks, isKnown);
        const missing = plan.added.filter(({ id }) => !ours.has(id));
        if (missing.length === 0) return plan;
        const goesToFile =
          segments.newest === undefined && queue.tasks.length + missing.length <= MOST_IN_FILE;
        const next = goesToFile ? withTasks(queue, missing) : undefined;
        assertHeld();
        if (next === undefined) {
          written = plan.added;
          appendToSegments(options, segments.newest, missing);
          assertHeld();
          // Read back, and remembered for the next add.
          const after = readSegmentIds(options, 'grew');
          return missing.every(({ id }) => after.ids.has(id)) ? plan : undefined;
        }
        if (!isSame(stat, files.stat(path))) return undefined;
        written = plan.added;
        files.replace(path, next);
        assertHeld();
        return files.readText(path) === next ? plan : undefined;
      });
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isVivariumError(error) || error.code !== 'lock_compromised') throw error;
    }
  }
  throw new VivariumError(
    'queue_locked',
    `${path} changed under every one of ${MOST_TRIES} tries to add to it`,
    {
      remedy: { kind: 'retry' },
      hint: 'Something else keeps writing it. Run the command again; tasks that were added are then named as already there.',
    },
  );
}

/** Of the tasks of an earlier try, those that stand in the queue as they were written. */
function oursIn(written: readonly Task[], queue: LoadedQueue, segments: SegmentIds): ReadonlySet<string> {
  const stands = (task: Task): boolean => queue.byText.has(textOf(task)) || segments.ids.has(task.id);
  return new Set(written.filter(stands).map(({ id }) => id));
}

function existing(
  queue: LoadedQueue,
  segments: SegmentIds,
  ours: ReadonlySet<string>,
  newTasks: readonly NewTask[],
  options: QueueWriterOptions,
): Existing {
  const tasks = new Map(queue.tasks.map((task) => [task.id, task]));
  // A task that comes back while others still depend on it may close a cycle through them. Only then are they read.
  if (newTasks.some(({ id }) => segments.loose.has(id)))
    for (const task of createSegments(options).read().added) tasks.set(task.id, task);
  return {
    has: (id) => !ours.has(id) && (tasks.has(id) || segments.ids.has(id)),
    get: (id) => (ours.has(id) ? undefined : tasks.get(id)),
  };
}

/**
 * A bulk add that was killed may have left a whole task without its newline. The next write would end it, after its id was looked for in vain; so it is
 * ended first, and counts as there (Q8).
 */
function mendNewest({ layout, files, record }: QueueWriterOptions): void {
  const newest = segmentNames(files, layout.segments).at(-1);
  if (newest !== undefined) record.mend(newest);
}

function appendToSegments(
  { layout, files, record }: QueueWriterOptions,
  newest: SegmentName | undefined,
  tasks: readonly Task[],
): void {
  files.makeDirectory(layout.segments);
  let segment = newest ?? segmentAfter(undefined);
  const ordered = dependenciesFirst(tasks);
  for (let from = 0; from < ordered.length; from += CHUNK_LINES) {
    if ((files.stat(layout.log(segment))?.size ?? 0) >= SEGMENT_BYTES) segment = segmentAfter(segment);
    record.appendAll(segment, ordered.slice(from, from + CHUNK_LINES));
    record.sync(segment);
  }
}

function segmentAfter(segment: SegmentName | undefined): SegmentName {
  const number = segment === undefined ? 1 : Number(/\d+/.exec(segment)?.[0]) + 1;
  return `queue.d/${String(number).padStart(6, '0')}.jsonl`;
}

/** As the file holds it: keys in the same order, because both were written by `withTasks`. */
const textOf = (task: Task): string => JSON.stringify(task);
