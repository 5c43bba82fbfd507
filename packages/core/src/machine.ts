/**
 * The ports of the machine. Packages take them as arguments; `platform` has the real engines and the in-memory twins.
 * All calls on files are synchronous: each is a few microseconds on a local disk, and a step that cannot be interleaved
 * with another of the same process is a step that needs no further argument. Paths are absolute.
 */
import type { Clock, Milliseconds } from './time.ts';

export type { Clock };

export interface IdSource {
  /** A fresh id `<prefix>_<random>`, unique across processes and machines for all practical purposes (128 random bits). */
  next(prefix: string): string;
  /** `count` random bytes as lowercase hex. */
  hex(count: number): string;
}

export interface FileStat {
  /** Changes when another file takes the name. */
  readonly inode: number;
  readonly size: number;
  /** Milliseconds since the epoch, with fraction. */
  readonly modifiedMs: number;
  readonly isDirectory: boolean;
  /** Permission bits, as `chmod` has them; undefined where the system knows none. */
  readonly mode?: number;
}

export interface Files {
  /** Whole content as UTF-8, or undefined when there is no such file. */
  readText(path: string): string | undefined;
  /**
   * Up to `length` bytes from `offset` of the file; empty at its end, undefined when there is no such file. `known`: what `stat` said of it just now,
   * which saves asking again.
   */
  readBytes(path: string, offset: number, length: number, known?: FileStat): Uint8Array | undefined;
  /** Of a file or a directory; undefined when nothing is there. Follows links. A directory is modified when a name comes into it or goes. */
  stat(path: string): FileStat | undefined;
  /** The one absolute path without links under which this file or directory is known (S4), or undefined when nothing is there. */
  realPath(path: string): string | undefined;
  /**
   * Appends with ONE write(2) in append mode, creating the file. Lines of live processes do not mix. Throws `record_unwritable`
   * when less than all of it could be written: a fragment may then stand at the end of the file.
   * `no look`: the caller looks for its text under the path afterwards: it is not looked whether the path still names
   * the file that was written to. Answers how long the file is then; undefined without a look.
   */
  append(path: string, text: string, afterwards?: 'no look'): number | undefined;
  /** Makes everything appended to `path` by this process survive a power loss. */
  sync(path: string): void;
  /**
   * Replaces the whole content atomically: temporary file beside it, fsync, rename. Readers see the old or the new, never a mixture.
   * `private`: nobody but its owner may read it.
   */
  replace(path: string, text: string, access?: 'private'): void;
  /** Creates the file with its full content, or answers false when the name is taken. Never visible empty (temporary file, then link). */
  createExclusive(path: string, text: string): boolean;
  /** Removes what was to become a file of `directory` and never did, since its writer was killed: not touched for `olderThan`. Answers how many there were. */
  sweepTemporaries(directory: string, olderThan: Milliseconds): number;
  /** For files that come and go thousands of times, all in one directory: locks. */
  shortLived(directory: string): ShortLivedFiles;
  /** Removes a file; nothing happens when it is not there. */
  remove(path: string): void;
  /** Copies a file as it stands, of any length, over what is there; false when there is none. Atomic for readers, and on the disk when it returns. */
  copy(from: string, to: string): boolean;
  /** Renames; throws when `from` is not there. */
  rename(from: string, to: string): void;
  /** Names in a directory, sorted; empty when it does not exist. */
  list(directory: string): readonly string[];
  /** Creates a directory and its parents. `private`: nobody but its owner may enter it, also when it was there before. */
  makeDirectory(path: string, access?: 'private'): void;
  /**
   * Calls `onChange` soon after something in `directory` changed (measured 0.07 ms); may call too often, and may miss: a slow
   * poll beside it is the caller's. It is told the name of what changed, where the system knows it. Returns the stop, which is idempotent.
   */
  watch(directory: string, onChange: (name: string | undefined) => void): () => void;
}

/** Files of one process that are made and removed again and again. One that was removed gives its storage to the next. */
export interface ShortLivedFiles {
  /** As `Files.createExclusive`: appears with its whole content, or answers false when the name is taken. */
  create(path: string, text: string): boolean;
  /** As `Files.remove`, whoever made it. */
  remove(path: string): void;
  /** Lets go of what is kept ready. Files that stand stay; `create` works again afterwards. */
  close(): void;
}

export interface FileLock {
  /**
   * Runs `work` while holding the lock named by `path`, and releases it. Waits up to `waitMs`, then throws `queue_locked`.
   * `work` gets `assertHeld`, which throws `lock_compromised` when the lock was lost to another holder (after a stall).
   */
  withLock<T>(path: string, waitMs: number, work: (assertHeld: () => void) => T | Promise<T>): Promise<T>;
}

export interface ProcessIdentity {
  readonly pid: number;
  /** Tells two processes with the same pid apart: kernel start time, in the system's own unit. Empty where it cannot be had. */
  readonly started: string;
  readonly host: string;
}

export interface Processes {
  readonly self: ProcessIdentity;
  /** True when that very process (same pid and start) is known to be gone. Processes of another host are never known to be gone. */
  isGone(process: ProcessIdentity): boolean;
}

export interface Machine {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly files: Files;
  readonly fileLock: FileLock;
  readonly processes: Processes;
}
