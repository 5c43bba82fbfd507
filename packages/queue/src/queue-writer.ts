/**
 * Adding to `queue.json`: lock, read, plan, replace, read again. Owns nothing.
 *
 * - A lock on a file can be lost to another holder by one that stalls (architecture §4), so nothing is acknowledged before it was read back
 *   while the lock was still held; otherwise all of it is done again, and what is then found in the file counts as added, not as a duplicate.
 * - People edit the file without asking for the lock: a file that changed since it was read is read again before it is replaced.
 */
import { VivariumError, isVivariumError, type Files, type FileLock, type Milliseconds } from '@vivarium/core';
import type { AddAnswer, NewTask, Task } from '@vivarium/contracts';
import { planAdd } from './plan/add.ts';
import { emptyQueue, loadQueueFile, withTasks } from './queue-file.ts';
import { isSame } from './queue-reader.ts';

const LOCK_WAIT_MS: Milliseconds = 30_000;
const MOST_TRIES = 5;

export interface QueueWriterOptions {
  readonly path: string;
  readonly files: Files;
  readonly fileLock: FileLock;
}

export async function addToQueueFile(
  { path, files, fileLock }: QueueWriterOptions,
  newTasks: readonly NewTask[],
  isKnown: (id: string) => boolean,
): Promise<AddAnswer> {
  let written: readonly Task[] = [];
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    try {
      const answer = await fileLock.withLock(path, LOCK_WAIT_MS, (assertHeld) => {
        const stat = files.stat(path);
        const text = files.readText(path);
        const queue = text === undefined ? emptyQueue : loadQueueFile(text, path, isKnown);
        const ours = new Set(written.map(textOf).filter((task) => queue.byText.has(task)));
        const others = ours.size === 0 ? queue.tasks : queue.tasks.filter((task) => !ours.has(textOf(task)));
        const plan = planAdd(others, newTasks, isKnown);
        const missing = plan.added.filter((task) => !ours.has(textOf(task)));
        if (missing.length === 0) return plan;
        const next = withTasks(queue, missing);
        assertHeld();
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

/** As the file holds it: keys in the same order, because both were written by `withTasks`. */
const textOf = (task: Task): string => JSON.stringify(task);
