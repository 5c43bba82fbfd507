/**
 * Files written whole before they get their name: nobody ever sees half of one. Owns the names of its temporary files, which stand in the
 * same directory (a rename or link does not cross file systems) and never in a list. One that a crash leaves behind is in nobody's way: its name
 * holds random digits, because a pid and a counter come back (in a container the first process always has the same pid).
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const ENDING = '.vivarium-tmp';

export const isTemporary = (name: string): boolean => name.endsWith(ENDING);

export interface WriteOptions {
  /** Whether the content must survive a power loss. */
  readonly durable: boolean;
  readonly mode: number;
}

/** Writes `text` to a temporary file beside `path` and hands it to `publish`, which gives it its name and removes or moves it. */
export type WithTemporary = (
  path: string,
  text: string,
  options: WriteOptions,
  publish: (temporary: string) => void,
) => void;

/** Names of temporary files beside a path, never the same one twice. */
export function createTemporaryNames(): (path: string) => string {
  const mine = randomBytes(6).toString('hex');
  let count = 0;
  return (path) => {
    count += 1;
    return join(dirname(path), `.${basename(path)}.${mine}-${count}${ENDING}`);
  };
}

export function createTemporaries(): WithTemporary {
  const nameBeside = createTemporaryNames();
  return (path, text, options, publish) => {
    const temporary = nameBeside(path);
    try {
      writeWhole(temporary, text, options);
      publish(temporary);
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
  };
}

function writeWhole(path: string, text: string, { durable, mode }: WriteOptions): void {
  const fd = openSync(path, 'wx', mode);
  try {
    writeAll(fd, text);
    if (durable) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Puts `text` at the beginning of an open file; answers its bytes. */
export function writeAll(fd: number, text: string): number {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, done);
  return done;
}

/** For our own temporary files: one that stays behind is no reason to fail what was done. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    return;
  }
}
