/**
 * A lock between processes: a directory `<path>.lock` kept fresh by proper-lockfile, which this file alone imports.
 *
 * A holder that stalls for longer than STALE_MS loses the lock to the next one without noticing, so a second holder is possible (also when
 * the wall clock jumps ahead). Therefore `assertHeld` looks at the lock on disk at that moment, and writers call it before they publish.
 * A process that dies leaves the lock to go stale: the next one waits for STALE_MS at most.
 */
import * as fs from 'node:fs';
import { VivariumError, type FileLock } from '@vivarium/core';
import { fileFault, systemCode } from './faults.ts';

const STALE_MS = 5_000;
const UPDATE_MS = 1_000;
/** Waiting between two tries: short at first, then longer, never in step with others. */
const FIRST_WAIT_MS = 4;
const LONGEST_WAIT_MS = 60;
/** A lock is retaken STALE_MS after its last update at the earliest, so times closer than this are of one holder. */
const SAME_HOLDER_MS = 2_000;

export function createNodeFileLock(): FileLock {
  return {
    async withLock(path, waitMs, work) {
      const held = await acquire(path, waitMs);
      try {
        return await work(held.assertHeld);
      } finally {
        await held.release();
      }
    },
  };
}

interface HeldLock {
  readonly assertHeld: () => void;
  readonly release: () => Promise<void>;
}

async function acquire(path: string, waitMs: number): Promise<HeldLock> {
  // Loaded on first use: most processes never take this lock, and the import costs tens of milliseconds.
  const { default: lockfile } = await import('proper-lockfile');
  const lockPath = `${path}.lock`;
  const touches = createTouches();
  let compromised: Error | undefined;
  const release = await retryWhileLocked(path, waitMs, () =>
    lockfile.lock(path, {
      realpath: false,
      stale: STALE_MS,
      update: UPDATE_MS,
      retries: 0,
      fs: touches.fs,
      onCompromised: (error) => {
        compromised = error;
      },
    }),
  );
  const { ino } = fs.statSync(lockPath, { throwIfNoEntry: false }) ?? { ino: -1 };

  const isHeld = (): boolean => {
    const stats = fs.statSync(lockPath, { throwIfNoEntry: false });
    return compromised === undefined && stats !== undefined && stats.ino === ino && touches.isOurs(stats);
  };

  return {
    assertHeld() {
      if (isHeld()) return;
      throw new VivariumError('lock_compromised', `the lock on ${path} was lost while it was held`, {
        remedy: { kind: 'retry' },
        hint: 'This process stood still for seconds (a suspended machine, a very slow disk), or somebody removed the lock by hand. Nothing was written; try again.',
        cause: compromised,
      });
    },
    async release() {
      // A lost lock is not ours to remove. What cannot be released goes stale by itself; the work is done either way.
      if (isHeld()) await release().catch(() => undefined);
    },
  };
}

/** proper-lockfile's own `fs`, noting each time it gives the lock: what another holder writes there is then told apart. */
function createTouches() {
  let before: number | undefined;
  let after: number | undefined;
  const toMs = (time: string | number | Date): number =>
    time instanceof Date ? time.getTime() : Number(time) * 1_000;
  return {
    fs: {
      ...fs,
      utimes(
        path: fs.PathLike,
        accessed: string | number | Date,
        modified: string | number | Date,
        done: fs.NoParamCallback,
      ): void {
        before = after;
        after = toMs(modified);
        fs.utimes(path, accessed, modified, done);
      },
    },
    /** The update on its way may or may not have landed yet. */
    isOurs: (stats: fs.Stats): boolean =>
      [before, after].some((time) => time !== undefined && Math.abs(stats.mtimeMs - time) < SAME_HOLDER_MS),
  };
}

async function retryWhileLocked<T>(path: string, waitMs: number, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + waitMs;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (systemCode(error) !== 'ELOCKED') throw fileFault('home_unwritable', 'cannot lock', path, error);
    }
    const left = until - performance.now();
    if (left <= 0) {
      throw new VivariumError('queue_locked', `the lock on ${path} could not be had within ${waitMs} ms`, {
        remedy: { kind: 'retry' },
        hint: `Another process is writing ${path}. If none is running, remove the directory ${path}.lock.`,
      });
    }
    const pause = Math.min(left, wait * (0.5 + Math.random()));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
