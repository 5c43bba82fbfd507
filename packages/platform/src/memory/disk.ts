/**
 * A disk in memory that several memory machines share, to play several processes on one home. Owns the files, directories, locks,
 * watchers and the table of processes. It keeps what a real disk keeps: an appender never sees another's bytes in the middle of its own, a
 * replaced file is another inode, a name taken stays taken.
 */
import type { ProcessIdentity } from '@vivarium/core';

export interface MemoryFile {
  readonly inode: number;
  /** Grown by doubling; `size` bytes of it are the content. */
  bytes: Uint8Array;
  size: number;
  modifiedMs: number;
}

export interface MemoryDirectory {
  readonly inode: number;
  /** When a name last came into it or went. */
  modifiedMs: number;
}

/** Who holds a lock now; `undefined` when free. `waiters` are called in the order in which they came. */
export interface MemoryLock {
  holder: symbol | undefined;
  readonly waiters: Set<() => void>;
}

export interface MemoryDisk {
  readonly files: Map<string, MemoryFile>;
  readonly directories: Map<string, MemoryDirectory>;
  readonly watchers: Set<{
    readonly directory: string;
    readonly onChange: (name: string | undefined) => void;
  }>;
  readonly locks: Map<string, MemoryLock>;
  readonly ended: Set<string>;
  nextInode(): number;
  nextPid(): number;
}

export function createMemoryDisk(): MemoryDisk {
  let inode = 0;
  let pid = 1_000;
  return {
    files: new Map(),
    directories: new Map([['/', { inode: 0, modifiedMs: 0 }]]),
    watchers: new Set(),
    locks: new Map(),
    ended: new Set(),
    nextInode: () => (inode += 1),
    nextPid: () => (pid += 1),
  };
}

export const processKey = (process: ProcessIdentity): string =>
  `${process.host}/${process.pid}/${process.started}`;

export function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end <= 0 ? '/' : path.slice(0, end);
}

export function newFile(disk: MemoryDisk, bytes: Uint8Array, modifiedMs: number): MemoryFile {
  return { inode: disk.nextInode(), bytes, size: bytes.length, modifiedMs };
}

export function appendTo(file: MemoryFile, bytes: Uint8Array): void {
  const size = file.size + bytes.length;
  if (size > file.bytes.length) {
    const grown = new Uint8Array(Math.max(size, file.bytes.length * 2, 256));
    grown.set(file.bytes.subarray(0, file.size));
    file.bytes = grown;
  }
  file.bytes.set(bytes, file.size);
  file.size = size;
}

/** Tells watchers, as the system does: later, never within the call that changed something. */
export function notifyWatchers(disk: MemoryDisk, path: string): void {
  const directory = parentOf(path);
  for (const watcher of disk.watchers) {
    if (watcher.directory !== directory) continue;
    queueMicrotask(() => {
      if (disk.watchers.has(watcher)) watcher.onChange(path.slice(directory.length + 1));
    });
  }
}
