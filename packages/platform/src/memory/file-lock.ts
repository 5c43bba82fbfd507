import { VivariumError, type Clock, type FileLock } from '@vivarium/core';
import type { MemoryDisk, MemoryLock } from './disk.ts';

export interface MemoryFileLock extends FileLock {
  /** Takes the lock from whoever holds it and keeps it, as the next process does after a stall. The holder notices when it asks. Returns the release. */
  compromise(path: string): () => void;
}

export function createMemoryFileLock(disk: MemoryDisk, clock: Clock): MemoryFileLock {
  const lockOf = (path: string): MemoryLock => {
    let lock = disk.locks.get(path);
    if (lock === undefined) disk.locks.set(path, (lock = { holder: undefined, waiters: new Set() }));
    return lock;
  };
  const free = (lock: MemoryLock): void => {
    lock.holder = undefined;
    const [next] = lock.waiters;
    next?.();
  };

  return {
    async withLock(path, waitMs, work) {
      const lock = lockOf(path);
      const me = Symbol(path);
      const until = clock.monotonic() + waitMs;
      while (lock.holder !== undefined) {
        const left = until - clock.monotonic();
        if (left <= 0)
          throw new VivariumError(
            'queue_locked',
            `the lock on ${path} could not be had within ${waitMs} ms`,
            { remedy: { kind: 'retry' } },
          );
        await freedOrTimeUp(lock, clock, left);
      }
      lock.holder = me;
      try {
        return await work(() => {
          if (lock.holder !== me)
            throw new VivariumError('lock_compromised', `the lock on ${path} was lost while it was held`, {
              remedy: { kind: 'retry' },
            });
        });
      } finally {
        if (lock.holder === me) free(lock);
      }
    },
    compromise(path) {
      const lock = lockOf(path);
      const thief = Symbol('thief');
      lock.holder = thief;
      return () => {
        if (lock.holder === thief) free(lock);
      };
    },
  };
}

async function freedOrTimeUp(lock: MemoryLock, clock: Clock, duration: number): Promise<void> {
  const enough = new AbortController();
  const freed = (): void => enough.abort();
  lock.waiters.add(freed);
  await clock.sleep(duration, enough.signal);
  lock.waiters.delete(freed);
}
