/**
 * `queue.json` as it stands, read again when it changed. Owns the last good version and what is wrong with the present one.
 *
 * - Q6: a look at an unchanged file costs one stat, whatever its size.
 * - A file that is broken while work is running changes nothing: the last good version stays in force and the fault is told once, after a
 *   moment's grace, for editors that empty a file before they fill it.
 */
import type { Clock, Files, FileStat, Milliseconds } from '@vivarium/core';
import { isVivariumError, VivariumError } from '@vivarium/core';
import { emptyQueue, loadQueueFile, type LoadedQueue } from './queue-file.ts';

export interface QueueReader {
  /** The last good version. Throws `queue_unreadable` when there has been none. */
  read(isKnown: (id: string) => boolean): LoadedQueue;
  /** Names the version that is in force; the same in every process that reads the same file. */
  readonly version: string;
}

export interface QueueReaderOptions {
  readonly path: string;
  readonly files: Files;
  readonly clock: Clock;
  /** Told once for each broken version that stays. */
  readonly onProblem?: ((problem: VivariumError) => void) | undefined;
}

const GRACE_MS: Milliseconds = 500;

export function createQueueReader({ path, files, clock, onProblem }: QueueReaderOptions): QueueReader {
  let good: LoadedQueue | undefined;
  let seen: FileStat | undefined;
  let version = '';
  let fault: { readonly problem: VivariumError; readonly since: Milliseconds } | undefined;

  function load(isKnown: (id: string) => boolean): LoadedQueue {
    const text = files.readText(path);
    if (text !== undefined) return loadQueueFile(text, path, isKnown, good);
    if (good === undefined || good.tasks.length === 0) return emptyQueue;
    throw new VivariumError('queue_unreadable', `${path} is gone`, {
      remedy: { kind: 'stop' },
      hint: 'Put it back, or begin a new one with "orchestrator init".',
    });
  }

  function tellFault(): void {
    if (fault === undefined || clock.monotonic() - fault.since < GRACE_MS) return;
    onProblem?.(fault.problem);
    fault = undefined;
  }

  return {
    read(isKnown) {
      const stat = files.stat(path);
      if (good !== undefined && isSame(stat, seen)) {
        tellFault();
        return good;
      }
      try {
        good = load(isKnown);
        fault = undefined;
      } catch (error) {
        if (good === undefined || !isVivariumError(error)) throw error;
        // Not the file's fault (too many files open): it is read again at the next look.
        if (error.code !== 'queue_unreadable') return good;
        fault = { problem: error, since: clock.monotonic() };
      }
      // Looked at before it was read: what was written in between is seen by the next look.
      seen = stat;
      if (fault === undefined)
        version = stat === undefined ? 'none' : `${stat.inode}-${stat.modifiedMs}-${stat.size}`;
      return good;
    },
    get version() {
      return version;
    },
  };
}

export function isSame(a: FileStat | undefined, b: FileStat | undefined): boolean {
  return a?.inode === b?.inode && a?.modifiedMs === b?.modifiedMs && a?.size === b?.size;
}
