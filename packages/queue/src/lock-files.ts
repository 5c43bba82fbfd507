/** `task_locks/`: one file per task in progress, with the seed's content, complete from the moment it is visible (Q3). */
import type { Files } from '@vivarium/core';
import { TaskLockFile, type HomeLayout } from '@vivarium/contracts';
import type { LockStore } from './task-locks.ts';

export function createLockFiles(layout: HomeLayout, files: Files): LockStore {
  const parse = (text: string | undefined): TaskLockFile | 'unreadable' | undefined => {
    if (text === undefined) return undefined;
    try {
      return TaskLockFile.safeParse(JSON.parse(text)).data ?? 'unreadable';
    } catch {
      return 'unreadable';
    }
  };
  const own = files.shortLived(layout.locks);
  return {
    create: (lock) => own.create(layout.lock(lock.task_id), `${JSON.stringify(lock, null, 2)}\n`),
    read(taskId) {
      const lock = parse(files.readText(layout.lock(taskId)));
      // Another task's under this name: its file was used again while it was being read (short-lived-files.ts), or a hand put it there.
      return typeof lock === 'object' && lock.task_id !== taskId ? 'unreadable' : lock;
    },
    remove: (taskId) => own.remove(layout.lock(taskId)),
    close: () => own.close(),
    list() {
      const locks: TaskLockFile[] = [];
      for (const name of files.list(layout.locks)) {
        const path = `${layout.locks}/${name}`;
        const lock = parse(files.readText(path));
        // A file that lies under another name than its task's is not a lock of ours, whatever it says.
        if (lock !== undefined && lock !== 'unreadable' && layout.lock(lock.task_id) === path)
          locks.push(lock);
      }
      return locks;
    },
  };
}
