/**
 * Open files, one per path and purpose, for the two calls that come thousands of times a second: append and readBytes.
 *
 * Owns the descriptors. A handle is only good while its path still names the same file: `clear` and `archive` rename a log away, and a
 * descriptor would silently follow it. An open descriptor also keeps its inode from being given to a new file (ext4 hands a freed one out
 * again at once), which is what makes "another inode" mean "another file" for everybody who reads or appends through here.
 */
import { closeSync, fstatSync, openSync, type Stats } from 'node:fs';
import { performance } from 'node:perf_hooks';

export interface Handle {
  readonly fd: number;
  readonly inode: number;
  readonly device: number;
  /** Monotonic time of the last look that found the path still naming this file. */
  lookedAt: number;
}

export interface Handles {
  get(path: string): Handle | undefined;
  open(path: string): Handle;
  drop(path: string): void;
}

/** Above this many open files, the one opened longest ago is closed. Logs are few; this bounds a caller with many paths. */
const MOST_OPEN = 32;

export function createHandles(flags: 'a' | 'r'): Handles {
  const handles = new Map<string, Handle>();
  const drop = (path: string): void => {
    const handle = handles.get(path);
    if (handle === undefined) return;
    handles.delete(path);
    closeSync(handle.fd);
  };
  return {
    get: (path) => handles.get(path),
    open(path) {
      drop(path);
      const [oldest] = handles.keys();
      if (handles.size >= MOST_OPEN && oldest !== undefined) drop(oldest);
      const fd = openSync(path, flags, 0o644);
      const stats = fstatSync(fd);
      const handle = { fd, inode: stats.ino, device: stats.dev, lookedAt: performance.now() };
      handles.set(path, handle);
      return handle;
    },
    drop,
  };
}

/** `stats` are those of the path: true when the handle still is the file of that name. */
export const isSameFile = (handle: Handle, stats: Stats | undefined): boolean =>
  stats !== undefined && stats.ino === handle.inode && stats.dev === handle.device;
