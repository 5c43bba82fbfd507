/** What every engine of the port `Files` must keep. `ours` and `theirs` are two processes on one disk. */
import { VivariumError, type Files, type Milliseconds } from '@vivarium/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

export interface FilesUnderTest {
  readonly ours: Files;
  readonly theirs: Files;
  /** An empty directory of this test alone. */
  readonly directory: string;
  /** Lets time pass on the disk's own clock. */
  readonly pass: (milliseconds: Milliseconds) => void | Promise<void>;
  readonly stop: () => void;
}

export function describeFiles(name: string, create: () => FilesUnderTest): void {
  describe(`Files: ${name}`, () => {
    let under: FilesUnderTest;
    let ours: Files;
    let theirs: Files;
    let log: string;
    beforeEach(() => {
      under = create();
      ({ ours, theirs } = under);
      log = `${under.directory}/a.log`;
    });
    afterEach(() => under.stop());

    const bytes = (files: Files, path: string, offset: number, length: number): string | undefined => {
      const found = files.readBytes(path, offset, length);
      return found && new TextDecoder().decode(found);
    };

    describe('what is not there', () => {
      it('is undefined, empty or nothing to do, never a fault', () => {
        const path = `${under.directory}/none`;
        expect(ours.readText(path)).toBeUndefined();
        expect(ours.readBytes(path, 0, 10)).toBeUndefined();
        expect(ours.stat(path)).toBeUndefined();
        expect(ours.list(path)).toEqual([]);
        expect(() => ours.remove(path)).not.toThrow();
      });
      it('is also undefined below a file', () => {
        ours.append(log, 'x');
        expect(ours.stat(log)?.isDirectory).toBe(false);
        expect(ours.stat(under.directory)?.isDirectory).toBe(true);
        expect(ours.readText(`${log}/b`)).toBeUndefined();
        expect(ours.stat(`${log}/b`)).toBeUndefined();
        expect(ours.list(`${log}/b`)).toEqual([]);
      });
      it('cannot be renamed', () => {
        expect(() => ours.rename(`${under.directory}/none`, log)).toThrow(VivariumError);
      });
    });

    describe('append', () => {
      it('creates the file and adds at its end, whoever appended before', () => {
        ours.append(log, 'one\n');
        theirs.append(log, 'two\n');
        ours.append(log, 'three\n');
        expect(theirs.readText(log)).toBe('one\ntwo\nthree\n');
      });
      it('keeps every character of any text', () => {
        const text = '\uFEFFgrüße 日本語 🌱 \u0000\u2028\n';
        ours.append(log, text);
        ours.append(log, text);
        expect(ours.readText(log)).toBe(text + text);
      });
      it('answers a fault as record_unwritable, with whether it passes; the message names the path, the hint says what to do', () => {
        const path = `${under.directory}/none/a.log`;
        let thrown: unknown;
        try {
          ours.append(path, 'x');
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toMatchObject({ code: 'record_unwritable', remedy: { kind: 'stop' } });
        expect((thrown as VivariumError).message).toContain(path);
        expect((thrown as VivariumError).hint).toMatch(/./);
      });
      it('works again once the fault is mended', () => {
        const path = `${under.directory}/later/a.log`;
        expect(() => ours.append(path, 'x')).toThrow(VivariumError);
        ours.makeDirectory(`${under.directory}/later`);
        ours.append(path, 'y');
        expect(ours.readText(path)).toBe('y');
      });
      it('never goes into a file that another process renamed away', () => {
        ours.append(log, 'old\n');
        theirs.rename(log, `${under.directory}/archived.log`);
        ours.append(log, 'new\n');
        expect(ours.readText(log)).toBe('new\n');
        theirs.append(log, 'newer\n');
        expect(ours.readText(log)).toBe('new\nnewer\n');
      });
      it('goes into the file that took the name', () => {
        ours.append(log, 'old\n');
        theirs.replace(log, 'replaced\n');
        ours.append(log, 'new\n');
        expect(ours.readText(log)).toBe('replaced\nnew\n');
      });
      it('creates the file anew after it was removed', () => {
        ours.append(log, 'old\n');
        theirs.remove(log);
        ours.append(log, 'new\n');
        expect(theirs.readText(log)).toBe('new\n');
      });
      it('can be synced, before and after others changed the file', () => {
        ours.append(log, 'one\n');
        ours.sync(log);
        theirs.append(log, 'two\n');
        ours.sync(log);
        expect(ours.readText(log)).toBe('one\ntwo\n');
      });
    });

    describe('readBytes', () => {
      it('reads any window, cut at the end of the file', () => {
        ours.append(log, '0123456789');
        expect(bytes(ours, log, 0, 4)).toBe('0123');
        expect(bytes(ours, log, 8, 4)).toBe('89');
        expect(bytes(ours, log, 10, 4)).toBe('');
        expect(bytes(ours, log, 99, 4)).toBe('');
      });
      it('sees what was appended since, by anybody', () => {
        ours.append(log, 'one');
        expect(bytes(ours, log, 0, 9)).toBe('one');
        theirs.append(log, 'two');
        expect(bytes(ours, log, 3, 9)).toBe('two');
      });
      it('reads the file that has the name now, not the one that had it', () => {
        ours.append(log, 'old');
        expect(bytes(ours, log, 0, 9)).toBe('old');
        theirs.rename(log, `${under.directory}/archived.log`);
        expect(bytes(ours, log, 0, 9)).toBeUndefined();
        theirs.append(log, 'new');
        expect(bytes(ours, log, 0, 9)).toBe('new');
        theirs.replace(log, 'replaced');
        expect(bytes(ours, log, 0, 9)).toBe('replaced');
      });
      it('answers bytes of its own, which later reads leave alone', () => {
        ours.append(log, 'abcdef');
        const first = ours.readBytes(log, 0, 3);
        ours.readBytes(log, 3, 3);
        expect(new TextDecoder().decode(first)).toBe('abc');
      });
    });

    describe('stat', () => {
      it('tells size in bytes', () => {
        ours.append(log, 'grüße');
        expect(ours.stat(log)?.size).toBe(7);
        theirs.append(log, '!');
        expect(ours.stat(log)?.size).toBe(8);
      });
      it('keeps the inode while the file lives, also under another name', () => {
        ours.append(log, 'x');
        const inode = ours.stat(log)?.inode;
        theirs.append(log, 'y');
        expect(ours.stat(log)?.inode).toBe(inode);
        theirs.rename(log, `${under.directory}/b.log`);
        expect(ours.stat(`${under.directory}/b.log`)?.inode).toBe(inode);
      });
      it('changes the inode when another file takes the name of one that is read or appended to, even at once', () => {
        for (let round = 0; round < 20; round += 1) {
          ours.append(log, 'x');
          ours.readBytes(log, 0, 1);
          const inode = ours.stat(log)?.inode;
          theirs.remove(log);
          theirs.append(log, 'x');
          expect(ours.stat(log)?.inode).not.toBe(inode);
        }
      });
    });

    describe('directories and links', () => {
      it('a directory is modified when a name comes into it, is replaced, and goes, also in the hands of others', async () => {
        const modified = (): number => ours.stat(under.directory)?.modifiedMs ?? 0;
        let last = modified();
        for (const change of [
          () => theirs.createExclusive(log, 'x'),
          () => theirs.replace(log, 'y'),
          () => theirs.rename(log, `${under.directory}/b.log`),
          () => theirs.remove(`${under.directory}/b.log`),
          () => theirs.append(log, 'x'),
          () => theirs.makeDirectory(`${under.directory}/d`),
        ]) {
          await under.pass(20);
          change();
          expect(modified()).toBeGreaterThan(last);
          last = modified();
        }
        await under.pass(20);
        theirs.append(log, 'y');
        expect(modified()).toBe(last);
      });
      it('a directory is something that is there', () => {
        expect(ours.stat(under.directory)).toBeDefined();
        ours.makeDirectory(`${under.directory}/d`);
        expect(theirs.stat(`${under.directory}/d`)?.inode).toBe(ours.stat(`${under.directory}/d`)?.inode);
        expect(ours.readText(`${under.directory}/d/none`)).toBeUndefined();
      });
      it('the real path of what is there is known, also to others, and there is none of what is not', () => {
        ours.replace(log, 'x');
        const real = ours.realPath(log);
        expect(real).toMatch(/\/a\.log$/);
        expect(theirs.realPath(String(real))).toBe(real);
        expect(ours.realPath(under.directory)).toBe(real?.slice(0, -'/a.log'.length));
        expect(ours.realPath(`${under.directory}/none`)).toBeUndefined();
      });
    });

    describe('replace', () => {
      it('puts the whole content in place, of a new file or an old one', () => {
        ours.replace(log, 'first');
        expect(theirs.readText(log)).toBe('first');
        theirs.replace(log, 'x');
        expect(ours.readText(log)).toBe('x');
      });
      it('leaves nothing else in the directory', () => {
        ours.replace(log, 'first');
        ours.replace(log, 'second');
        expect(ours.list(under.directory)).toEqual(['a.log']);
      });
      it('answers a fault as home_unwritable', () => {
        expect(() => ours.replace(`${under.directory}/none/a`, 'x')).toThrow(
          expect.objectContaining({ code: 'home_unwritable' }) as Error,
        );
      });
    });

    describe('createExclusive', () => {
      it('gives a name to the first that asks, with its whole content', () => {
        expect(ours.createExclusive(log, 'ours')).toBe(true);
        expect(theirs.createExclusive(log, 'theirs')).toBe(false);
        expect(ours.createExclusive(log, 'ours again')).toBe(false);
        expect(theirs.readText(log)).toBe('ours');
      });
      it('gives it again once it is removed', () => {
        ours.createExclusive(log, 'ours');
        ours.remove(log);
        expect(theirs.createExclusive(log, 'theirs')).toBe(true);
        expect(ours.readText(log)).toBe('theirs');
      });
      it('does not take the name of a directory', () => {
        ours.makeDirectory(log);
        expect(theirs.createExclusive(log, 'x')).toBe(false);
      });
      it('leaves nothing behind when it loses', () => {
        ours.createExclusive(log, 'x');
        theirs.createExclusive(log, 'y');
        expect(ours.list(under.directory)).toEqual(['a.log']);
      });
      it('answers a fault as home_unwritable, not as a name taken', () => {
        expect(() => ours.createExclusive(`${under.directory}/none/a`, 'x')).toThrow(
          expect.objectContaining({ code: 'home_unwritable' }) as Error,
        );
      });
    });

    describe('copy', () => {
      it('copies what stands there, over what was there, and keeps the two apart afterwards', () => {
        const copy = `${under.directory}/copy`;
        theirs.append(copy, 'old and longer than the new one');
        ours.append(log, 'grüße 🌱\n');
        expect(ours.copy(log, copy)).toBe(true);
        ours.append(log, 'more');
        expect(theirs.readText(copy)).toBe('grüße 🌱\n');
        expect(theirs.stat(copy)?.size).toBe(Buffer.byteLength('grüße 🌱\n'));
        theirs.append(copy, 'theirs');
        expect(ours.readText(log)).toBe('grüße 🌱\nmore');
        expect(ours.list(under.directory)).toHaveLength(2);
      });
      it('says so when there is nothing to copy, and throws when it cannot be written', () => {
        expect(ours.copy(`${under.directory}/none`, log)).toBe(false);
        expect(ours.stat(log)).toBeUndefined();
        ours.append(log, 'x');
        expect(() => ours.copy(log, `${under.directory}/none/a`)).toThrow(
          expect.objectContaining({ code: 'home_unwritable' }),
        );
      });
    });

    describe('short-lived files', () => {
      const at = (name: string): string => `${under.directory}/${name}`;
      it('give a name to the first that asks, with its whole content, and again once it was removed', () => {
        const own = ours.shortLived(under.directory);
        expect(own.create(at('x'), 'ours')).toBe(true);
        expect(own.create(at('x'), 'ours again')).toBe(false);
        expect(theirs.shortLived(under.directory).create(at('x'), 'theirs')).toBe(false);
        expect(theirs.readText(at('x'))).toBe('ours');
        own.remove(at('x'));
        own.remove(at('x'));
        expect(theirs.createExclusive(at('x'), 'theirs')).toBe(true);
        expect(own.create(at('x'), 'ours')).toBe(false);
        expect(ours.readText(at('x'))).toBe('theirs');
      });
      it('hold what was written last, whatever stood in the one before', () => {
        const own = ours.shortLived(under.directory);
        for (const text of [
          'a long one, grüße 🌱',
          'short',
          '',
          'long again, and longer than all before it',
        ]) {
          expect(own.create(at('x'), text)).toBe(true);
          expect(theirs.readText(at('x'))).toBe(text);
          own.remove(at('x'));
          expect(theirs.list(under.directory)).toEqual([]);
        }
      });
      it('stand beside each other, each with its own content, whichever is removed first', () => {
        const own = ours.shortLived(under.directory);
        for (const name of ['a', 'b', 'c']) own.create(at(name), name);
        own.remove(at('b'));
        own.create(at('d'), 'd');
        own.create(at('e'), 'e');
        expect(theirs.list(under.directory)).toEqual(['a', 'c', 'd', 'e']);
        for (const name of ['a', 'c', 'd', 'e']) expect(theirs.readText(at(name))).toBe(name);
      });
      it('never change what others made of them: linked, moved, removed or replaced', () => {
        const own = ours.shortLived(under.directory);
        own.create(at('moved'), 'moved');
        theirs.rename(at('moved'), at('kept'));
        own.remove(at('moved'));
        own.create(at('removed'), 'removed');
        theirs.remove(at('removed'));
        theirs.createExclusive(at('removed'), 'theirs');
        expect(own.create(at('removed'), 'ours')).toBe(false);
        own.create(at('new'), 'new');
        expect(theirs.readText(at('kept'))).toBe('moved');
        expect(theirs.readText(at('removed'))).toBe('theirs');
        expect(theirs.readText(at('new'))).toBe('new');
      });
      it('stay after the close, which may be followed by more', () => {
        const own = ours.shortLived(under.directory);
        own.create(at('a'), 'a');
        own.close();
        own.close();
        own.create(at('b'), 'b');
        own.remove(at('a'));
        expect(theirs.list(under.directory)).toEqual(['b']);
        expect(theirs.readText(at('b'))).toBe('b');
      });
      it('answer a fault as home_unwritable, not as a name taken, and work once it is mended', () => {
        const directory = at('none');
        const own = ours.shortLived(directory);
        expect(() => own.create(`${directory}/a`, 'x')).toThrow(
          expect.objectContaining({ code: 'home_unwritable' }) as Error,
        );
        ours.makeDirectory(directory);
        expect(own.create(`${directory}/a`, 'x')).toBe(true);
      });
    });

    describe('directories', () => {
      it('list their names sorted, files and directories alike', () => {
        for (const name of ['b', 'a', 'c.json']) ours.replace(`${under.directory}/${name}`, '');
        ours.makeDirectory(`${under.directory}/aa/deep`);
        expect(theirs.list(under.directory)).toEqual(['a', 'aa', 'b', 'c.json']);
        expect(theirs.list(`${under.directory}/aa`)).toEqual(['deep']);
      });
      it('can be made twice, also private ones', () => {
        ours.makeDirectory(`${under.directory}/d`);
        ours.makeDirectory(`${under.directory}/d`);
        theirs.makeDirectory(`${under.directory}/d`, 'private');
        ours.replace(`${under.directory}/d/x`, 'still ours');
        expect(ours.readText(`${under.directory}/d/x`)).toBe('still ours');
      });
    });

    describe('watch', () => {
      it('calls back after an append, a replacement, a creation, a removal and a rename by another process', async () => {
        theirs.append(log, 'x');
        const acts = [
          () => theirs.append(log, 'y'),
          () => theirs.replace(log, 'z'),
          () => theirs.createExclusive(`${under.directory}/new`, ''),
          () => theirs.rename(`${under.directory}/new`, `${under.directory}/newer`),
          () => theirs.remove(`${under.directory}/newer`),
        ];
        for (const act of acts) {
          const onChange = vi.fn();
          const stop = ours.watch(under.directory, onChange);
          act();
          await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), { timeout: 2_000, interval: 1 });
          stop();
        }
      });
      it('is silent after its stop, which may be called twice', async () => {
        const onChange = vi.fn();
        const stop = ours.watch(under.directory, onChange);
        stop();
        stop();
        // A second watcher shows that the change has been told by then.
        const witness = vi.fn();
        const stopWitness = ours.watch(under.directory, witness);
        theirs.append(log, 'x');
        await vi.waitFor(() => expect(witness).toHaveBeenCalled(), { timeout: 2_000, interval: 1 });
        stopWitness();
        expect(onChange).not.toHaveBeenCalled();
      });
      it('of a directory that is not there is no fault', () => {
        const stop = ours.watch(`${under.directory}/none`, () => undefined);
        expect(() => stop()).not.toThrow();
      });
    });
  });
}
