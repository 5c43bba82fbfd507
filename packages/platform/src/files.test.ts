/** What only the engine on disk does: modes, and the system's faults in words. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isVivariumError, type VivariumError } from '@vivarium/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodeFiles } from './files.ts';

const thrownBy = (act: () => void): VivariumError => {
  try {
    act();
  } catch (error) {
    if (isVivariumError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('files on disk', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'vivarium-files-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('sweeps files that never got their name, once nobody has touched them for long; nothing else', () => {
    const files = createNodeFiles();
    const at = (name: string): string => join(directory, name);
    const dead = files.shortLived(directory);
    expect(dead.create(at('lock'), 'held')).toBe(true);
    for (const name of ['.old.json.0a-1.vivarium-tmp', '.new.json.0a-1.vivarium-tmp', 'old.json'])
      writeFileSync(at(name), '');
    const longAgo = new Date(Date.now() - 7_200_000);
    for (const name of readdirSync(directory))
      if (!name.startsWith('.new')) utimesSync(at(name), longAgo, longAgo);
    expect(files.sweepTemporaries(directory, 3_600_000)).toBe(2);
    expect(readdirSync(directory).sort()).toEqual(['.new.json.0a-1.vivarium-tmp', 'lock', 'old.json']);
    // Its owner was alive after all, and only idle: it makes itself another.
    dead.remove(at('lock'));
    expect(dead.create(at('lock'), 'again')).toBe(true);
    expect(files.readText(at('lock'))).toBe('again');
    expect(files.sweepTemporaries(at('none'), 0)).toBe(0);
    dead.close();
  });

  it.skipIf(!existsSync('/dev/full'))(
    'Q8: a full disk is record_unwritable, passes, and says so in words',
    () => {
      const error = thrownBy(() => createNodeFiles().append('/dev/full', 'line\n'));
      expect(error).toMatchObject({ code: 'record_unwritable', remedy: { kind: 'retry' } });
      expect(error.message).toMatch(/\/dev\/full: no space is left on the device/);
    },
  );

  it('a directory where the log should be is named as the reason', () => {
    mkdirSync(join(directory, 'a.log'));
    expect(thrownBy(() => createNodeFiles().append(join(directory, 'a.log'), 'x')).message).toMatch(
      /a directory stands where a file should be/,
    );
  });

  it.skipIf(!existsSync('/proc/self'))(
    'a directory that cannot be made is refused, not tried for ever',
    () => {
      expect(thrownBy(() => createNodeFiles().makeDirectory('/proc/vivarium/run')).code).toBe(
        'home_unwritable',
      );
    },
  );

  it('makes a directory with its parents, and leaves one that is there; a file in its place is refused', () => {
    const files = createNodeFiles();
    for (let twice = 0; twice < 2; twice += 1) files.makeDirectory(join(directory, 'a/b/c'));
    expect(statSync(join(directory, 'a/b/c')).isDirectory()).toBe(true);
    files.replace(join(directory, 'file'), '');
    for (const path of ['file', 'file/below'])
      expect(thrownBy(() => files.makeDirectory(join(directory, path))).code).toBe('home_unwritable');
  });

  it('S6: a private directory is closed to others, also when it was open before', () => {
    const files = createNodeFiles();
    files.makeDirectory(join(directory, 'new'), 'private');
    files.makeDirectory(join(directory, 'old'));
    files.makeDirectory(join(directory, 'old'), 'private');
    for (const name of ['new', 'old']) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o700);
  });

  it('S6: a private file is readable by its owner alone', () => {
    const files = createNodeFiles();
    files.replace(join(directory, 'token'), 'open');
    files.replace(join(directory, 'token'), 'closed', 'private');
    expect(statSync(join(directory, 'token')).mode & 0o777).toBe(0o600);
  });

  it('S4: the real path follows links', () => {
    const files = createNodeFiles();
    files.makeDirectory(join(directory, 'real'));
    symlinkSync(join(directory, 'real'), join(directory, 'link'));
    expect(files.realPath(join(directory, 'link'))).toBe(files.realPath(join(directory, 'real')));
  });

  it('appends through a link, to the file it names', () => {
    const files = createNodeFiles();
    symlinkSync(join(directory, 'real.log'), join(directory, 'link.log'));
    files.append(join(directory, 'link.log'), 'one\n');
    files.append(join(directory, 'link.log'), 'two\n');
    expect(readFileSync(join(directory, 'real.log'), 'utf8')).toBe('one\ntwo\n');
  });

  it('goes on with more logs than it keeps open', () => {
    const files = createNodeFiles();
    const paths = Array.from({ length: 80 }, (_, index) => join(directory, `${index}.log`));
    for (let round = 0; round < 2; round += 1) for (const path of paths) files.append(path, `${round}\n`);
    for (const path of paths) expect(new TextDecoder().decode(files.readBytes(path, 0, 9))).toBe('0\n1\n');
  });

  it('a temporary file left by a crash does not show', () => {
    const files = createNodeFiles();
    files.replace(join(directory, 'a.json'), '{}');
    files.replace(join(directory, '.a.json.1-1.vivarium-tmp'), 'half');
    expect(files.list(directory)).toEqual(['a.json']);
  });

  it('short-lived files use one inode again and again, and leave no hidden name behind', () => {
    const own = createNodeFiles().shortLived(directory);
    const inodes = ['a', 'b', 'c'].map((name) => {
      own.create(join(directory, name), name);
      const { ino } = statSync(join(directory, name));
      own.remove(join(directory, name));
      return ino;
    });
    expect(new Set(inodes).size).toBe(1);
    own.create(join(directory, 'stays'), 'stays');
    own.close();
    expect(readdirSync(directory)).toEqual(['stays']);
  });

  it('a short-lived file whose hidden name was taken away is made anew', () => {
    const own = createNodeFiles().shortLived(directory);
    own.create(join(directory, 'a'), 'a');
    own.remove(join(directory, 'a'));
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    expect(own.create(join(directory, 'b'), 'b')).toBe(true);
    expect(readFileSync(join(directory, 'b'), 'utf8')).toBe('b');
  });
});
