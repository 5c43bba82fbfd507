/**
 * Files on a memory disk, with the faults a real disk has, on demand. Q8 is tested with these: a write that is refused, a write that stops
 * in the middle, a call that other processes get in before.
 */
import { VivariumError, type Clock, type Files } from '@vivarium/core';
import { appendTo, newFile, notifyWatchers, parentOf, type MemoryDisk, type MemoryFile } from './disk.ts';

export type FileOperation = Exclude<keyof Files, 'watch' | 'shortLived' | 'sweepTemporaries'>;

export interface MemoryFiles extends Files {
  /** The next call of `operation` throws `error`, without effect. `skip` lets that many pass first: the n-th call fails. */
  failNext(operation: FileOperation, error?: Error, skip?: number): void;
  /** The next append leaves only its first `bytes` bytes and throws `record_unwritable`: a full disk, or a kill in mid-write. */
  truncateNextAppend(bytes: number): void;
  /** Gives a file this content in place, as an editor or `truncate` does: the same file goes on under the same name. */
  overwriteInPlace(path: string, content: Uint8Array): void;
  /** Called before every call with its name and path; may throw, or let another process act just then. Returns the stop. */
  intercept(before: (operation: FileOperation, path: string) => void): () => void;
}

export function createMemoryFiles(disk: MemoryDisk, clock: Clock): MemoryFiles {
  const planned: { readonly operation: FileOperation; readonly error: Error; skip: number }[] = [];
  const interceptors = new Set<(operation: FileOperation, path: string) => void>();
  let truncateAt: number | undefined;

  const enter = (operation: FileOperation, path: string): void => {
    for (const before of interceptors) before(operation, path);
    const fault = planned.find((candidate) => candidate.operation === operation);
    if (fault === undefined) return;
    if (fault.skip > 0) {
      fault.skip -= 1;
      return;
    }
    planned.splice(planned.indexOf(fault), 1);
    throw fault.error;
  };
  const modifiedMs = (): number => clock.now().getTime();
  const needParent = (path: string): void => {
    if (!disk.directories.has(parentOf(path))) throw unwritable(path, 'the directory does not exist', 'stop');
  };
  /** A name came or went. */
  const touch = (path: string): void => {
    const directory = disk.directories.get(parentOf(path));
    if (directory !== undefined) directory.modifiedMs = modifiedMs();
  };
  const put = (path: string, text: string): void => {
    needParent(path);
    touch(path);
    disk.files.set(path, newFile(disk, encode(text), modifiedMs()));
    notifyWatchers(disk, path);
  };

  const files: MemoryFiles = {
    readText(path) {
      enter('readText', path);
      const file = disk.files.get(path);
      return file && decode(file.bytes.subarray(0, file.size));
    },
    readBytes(path, offset, length) {
      enter('readBytes', path);
      const file = disk.files.get(path);
      return file?.bytes.slice(Math.min(offset, file.size), Math.min(offset + length, file.size));
    },
    stat(path) {
      enter('stat', path);
      const directory = disk.directories.get(path);
      if (directory !== undefined) return { ...directory, size: 0, isDirectory: true };
      const file = disk.files.get(path);
      return file && { inode: file.inode, size: file.size, modifiedMs: file.modifiedMs, isDirectory: false };
    },
    realPath(path) {
      enter('realPath', path);
      return disk.files.has(path) || disk.directories.has(path) ? path : undefined;
    },
    append(path, text, afterwards) {
      enter('append', path);
      const bytes = encode(text);
      const room = truncateAt;
      truncateAt = undefined;
      if (!disk.directories.has(parentOf(path)))
        throw cannotAppend(path, 'the directory does not exist', 'stop');
      if (!disk.files.has(path)) touch(path);
      const file = fileAt(disk, path, modifiedMs());
      appendTo(file, room === undefined ? bytes : bytes.subarray(0, room));
      // As on a real disk: nothing written is no change.
      if (bytes.length > 0) file.modifiedMs = modifiedMs();
      notifyWatchers(disk, path);
      if (room !== undefined && room < bytes.length)
        throw cannotAppend(path, 'no space is left on the device', 'retry');
      return afterwards === 'no look' ? undefined : file.size;
    },
    sync(path) {
      enter('sync', path);
    },
    replace(path, text) {
      enter('replace', path);
      put(path, text);
    },
    createExclusive(path, text) {
      enter('createExclusive', path);
      if (disk.files.has(path) || disk.directories.has(path)) return false;
      put(path, text);
      return true;
    },
    sweepTemporaries: () => 0, // here nothing is written under another name first
    shortLived: () => ({
      create: (path, text) => files.createExclusive(path, text),
      remove: (path) => files.remove(path),
      close: () => undefined,
    }),
    remove(path) {
      enter('remove', path);
      if (!disk.files.delete(path)) return;
      touch(path);
      notifyWatchers(disk, path);
    },
    copy(from, to) {
      enter('copy', from);
      const file = disk.files.get(from);
      if (file === undefined) return false;
      const { bytes, size } = file;
      put(to, '');
      fileAt(disk, to, modifiedMs()).bytes = bytes.slice();
      fileAt(disk, to, modifiedMs()).size = size;
      return true;
    },
    rename(from, to) {
      enter('rename', from);
      const file = disk.files.get(from);
      if (file === undefined) throw unwritable(from, 'there is no such file', 'stop');
      needParent(to);
      disk.files.delete(from);
      disk.files.set(to, file);
      touch(from);
      touch(to);
      notifyWatchers(disk, from);
      notifyWatchers(disk, to);
    },
    list(directory) {
      enter('list', directory);
      const names = [...disk.files.keys(), ...disk.directories.keys()].filter(
        (path) => path !== '/' && parentOf(path) === directory,
      );
      return names.map((path) => path.slice(path.lastIndexOf('/') + 1)).sort();
    },
    makeDirectory(path) {
      enter('makeDirectory', path);
      for (let at = path; !disk.directories.has(at); at = parentOf(at)) {
        disk.directories.set(at, { inode: disk.nextInode(), modifiedMs: modifiedMs() });
        touch(at);
        notifyWatchers(disk, at);
      }
    },
    watch(directory, onChange) {
      const watcher = { directory, onChange };
      disk.watchers.add(watcher);
      return () => {
        disk.watchers.delete(watcher);
      };
    },
    failNext(
      operation,
      error = cannotAppend('the disk', 'no space is left on the device', 'retry'),
      skip = 0,
    ) {
      planned.push({ operation, error, skip });
    },
    truncateNextAppend(bytes) {
      truncateAt = bytes;
    },
    overwriteInPlace(path, content) {
      const file = fileAt(disk, path, modifiedMs());
      file.bytes = content.slice();
      file.size = content.length;
      file.modifiedMs = modifiedMs();
      notifyWatchers(disk, path);
    },
    intercept(before) {
      interceptors.add(before);
      return () => {
        interceptors.delete(before);
      };
    },
  };
  return files;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

function fileAt(disk: MemoryDisk, path: string, modifiedMs: number): MemoryFile {
  let file = disk.files.get(path);
  if (file === undefined) disk.files.set(path, (file = newFile(disk, new Uint8Array(0), modifiedMs)));
  return file;
}

const cannotAppend = (path: string, reason: string, remedy: 'retry' | 'stop'): VivariumError =>
  new VivariumError('record_unwritable', `cannot append to ${path}: ${reason}`, {
    remedy: { kind: remedy },
    hint: 'Mend what is named.',
  });

const unwritable = (path: string, reason: string, remedy: 'retry' | 'stop'): VivariumError =>
  new VivariumError('home_unwritable', `cannot write ${path}: ${reason}`, {
    remedy: { kind: remedy },
    hint: 'Mend what is named.',
  });
