/**
 * Files on a local disk. Owns the open descriptors of one process (handles.ts); talks to nothing but the system.
 *
 * - Q8: an append is one write(2) in append mode. What could not be written whole is thrown as `record_unwritable`, never swallowed.
 * - An append never ends in a file that was renamed away: the path is looked at after every write, and when it names another file by
 *   then, the line is written again to that one. Both may then hold it, which every fold tolerates (a line repeated changes nothing);
 *   to make even that rare, a handle not looked at for 20 ms is looked at before the write too. A look costs 3.4 µs, opening the file for
 *   every line would cost 4.7 µs and still leave the window open. `no look` spares the look after the write.
 * - Replacing and creating are atomic for readers; their temporary files never show in `list`.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fdatasyncSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Files } from '@vivarium/core';
import { fileFault, isMissing, systemCode } from './faults.ts';
import { createHandles, isSameFile, type Handle } from './handles.ts';
import { createShortLivedFiles } from './short-lived-files.ts';
import { createTemporaries, createTemporaryNames, isTemporary, removeQuietly } from './temporaries.ts';
import { watchDirectory } from './watch-directory.ts';

const LOOK_AGAIN_AFTER_MS = 20;
const NO_THROW = { throwIfNoEntry: false } as const;

export function createNodeFiles(): Files {
  const writers = createHandles('a');
  const readers = createHandles('r');
  /** Paths whose directory entry is known to be on disk. */
  const synced = new Set<string>();
  const withTemporary = createTemporaries();
  const nameBeside = createTemporaryNames();

  /** Looks at a path, and lets go of handles on files that no longer have that name. */
  const look = (path: string): Stats | undefined => {
    const stats = statOf(path);
    const writer = writers.get(path);
    if (writer !== undefined) {
      if (isSameFile(writer, stats)) writer.lookedAt = performance.now();
      else writers.drop(path);
    }
    const reader = readers.get(path);
    if (reader !== undefined && !isSameFile(reader, stats)) readers.drop(path);
    return stats;
  };
  const writerOf = (path: string): Handle => {
    const writer = writers.get(path);
    if (writer !== undefined && performance.now() - writer.lookedAt > LOOK_AGAIN_AFTER_MS) look(path);
    const open = writers.get(path);
    if (open !== undefined) return open;
    synced.delete(path);
    return writers.open(path);
  };

  return {
    readText(path) {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw fileFault('record_unreadable', 'cannot read', path, error);
      }
    },
    readBytes(path, offset, length, known) {
      try {
        const stats = known ?? look(path);
        if (stats === undefined) return undefined;
        const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, stats.size - offset)));
        if (buffer.length === 0) return buffer;
        const { fd } = readers.get(path) ?? readers.open(path);
        return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, offset));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw fileFault('record_unreadable', 'cannot read', path, error);
      }
    },
    stat(path) {
      const stats = look(path);
      return (
        stats && {
          inode: stats.ino,
          size: stats.size,
          modifiedMs: stats.mtimeMs,
          isDirectory: stats.isDirectory(),
          ...(process.platform === 'win32' ? {} : { mode: stats.mode & 0o777 }),
        }
      );
    },
    realPath(path) {
      try {
        return realpathSync.native(path);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw fileFault('record_unreadable', 'cannot look at', path, error);
      }
    },
    append(path, text, afterwards) {
      try {
        for (;;) {
          const writer = writerOf(path);
          const written = writeSync(writer.fd, text);
          const expected = Buffer.byteLength(text);
          if (written < expected) throw shortWrite(written, expected);
          if (afterwards === 'no look') return undefined;
          const stats = look(path);
          if (writers.get(path) === writer) return stats?.size;
        }
      } catch (error) {
        writers.drop(path);
        throw fileFault('record_unwritable', 'cannot append to', path, error);
      }
    },
    sync(path) {
      try {
        const { fd } = writerOf(path);
        if (synced.has(path)) {
          fdatasyncSync(fd);
          return;
        }
        fsyncSync(fd);
        syncDirectory(dirname(path));
        synced.add(path);
      } catch (error) {
        throw fileFault('record_unwritable', 'cannot sync', path, error);
      }
    },
    replace(path, text, access) {
      try {
        const mode = access === 'private' ? 0o600 : 0o644;
        withTemporary(path, text, { durable: true, mode }, (temporary) => renameSync(temporary, path));
      } catch (error) {
        throw fileFault('home_unwritable', 'cannot replace', path, error);
      }
    },
    createExclusive(path, text) {
      try {
        // Not synced: what it makes is checked by its hash, or can be made again.
        withTemporary(path, text, { durable: false, mode: 0o644 }, (temporary) => {
          linkSync(temporary, path);
          removeQuietly(temporary);
        });
        return true;
      } catch (error) {
        if (systemCode(error) === 'EEXIST') return false;
        throw fileFault('home_unwritable', 'cannot create', path, error);
      }
    },
    sweepTemporaries(directory, olderThan) {
      try {
        const stale = readdirSync(directory)
          .filter(isTemporary)
          .map((name) => join(directory, name))
          .filter((path) => Date.now() - (statOf(path)?.mtimeMs ?? Number.POSITIVE_INFINITY) > olderThan);
        stale.forEach(removeIfThere);
        return stale.length;
      } catch (error) {
        if (isMissing(error)) return 0;
        throw fileFault('home_unwritable', 'cannot sweep', directory, error);
      }
    },
    shortLived: createShortLivedFiles,
    remove(path) {
      try {
        removeIfThere(path);
      } catch (error) {
        throw fileFault('home_unwritable', 'cannot remove', path, error);
      }
    },
    copy(from, to) {
      const temporary = nameBeside(to);
      try {
        copyFileSync(from, temporary);
        syncPath(temporary);
        renameSync(temporary, to);
        return true;
      } catch (error) {
        removeQuietly(temporary);
        if (isMissing(error) && statOf(from) === undefined) return false;
        throw fileFault('home_unwritable', `cannot copy to ${to}:`, from, error);
      }
    },
    rename(from, to) {
      try {
        renameSync(from, to);
      } catch (error) {
        throw fileFault('home_unwritable', `cannot rename to ${to}:`, from, error);
      }
    },
    list(directory) {
      try {
        return readdirSync(directory)
          .filter((name) => !isTemporary(name))
          .sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw fileFault('record_unreadable', 'cannot list', directory, error);
      }
    },
    makeDirectory(path, access) {
      try {
        const mode = access === 'private' ? 0o700 : 0o755;
        makeDirectories(path, mode);
        // One that was there before may be open to others.
        if (access === 'private' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, mode);
      } catch (error) {
        throw fileFault('home_unwritable', 'cannot create the directory', path, error);
      }
    },
    watch: watchDirectory,
  };
}

/** Not `recursive: true`: where a directory cannot be made although its parent is there (/proc), Node 20 tries for ever. */
function makeDirectories(path: string, mode: number): void {
  const make = (): void => {
    try {
      mkdirSync(path, mode);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error;
    }
  };
  try {
    make();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    makeDirectories(dirname(path), mode);
    make();
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, NO_THROW);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw fileFault('record_unreadable', 'cannot look at', path, error);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function syncPath(path: string): void {
  const fd = openSync(path, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A new file survives a power loss only when its directory does. Systems that cannot sync a directory say so and are believed. */
function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!['EINVAL', 'EPERM', 'EISDIR'].includes(systemCode(error) ?? '')) throw error;
  } finally {
    closeSync(fd);
  }
}

/** A write ends short when the disk fills up in the middle of it; the next one would say ENOSPC. */
function shortWrite(written: number, expected: number): Error {
  return Object.assign(new Error(`only ${written} of ${expected} bytes were written`), { code: 'ENOSPC' });
}
