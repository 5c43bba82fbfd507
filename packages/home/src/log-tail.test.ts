import type { RecordEntry } from '@vivarium/contracts';
import { createMemoryMachine, type MemoryFiles } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogTail } from './log-tail.ts';
import { valuesOf } from './testing/describe-record-store.ts';

const LOG = '/home/a.log';

describe('the tail of a log', () => {
  let files: MemoryFiles;
  beforeEach(() => {
    files = createMemoryMachine().files;
    files.makeDirectory('/home');
  });
  const calls = (operation: string, act: () => void): number => {
    let count = 0;
    const stop = files.intercept((called) => {
      if (called === operation) count += 1;
    });
    act();
    stop();
    return count;
  };

  it('Q8: a half-written line stays for the next read, and its cursor before it', () => {
    const tail = createLogTail(files, LOG);
    files.append(LOG, '{"n":1}\n{"n":');
    const first = tail.read();
    expect(valuesOf(first.entries)).toEqual([{ n: 1 }]);
    expect(first.cursor.offset).toBe(8);
    expect(tail.read().entries).toEqual([]);
    files.append(LOG, '2}\n');
    expect(tail.read().entries).toEqual([{ kind: 'line', value: { n: 2 }, from: 8, to: 16 }]);
    expect(tail.unreadable).toBe(0);
  });
  it('reads no more at once than it is asked for, and loses nothing by it', () => {
    files.append(LOG, '{"n":1}\n{"n":2}\n{"n":3}\n');
    const tail = createLogTail(files, LOG);
    const first = tail.read(10);
    expect(valuesOf(first.entries)).toEqual([{ n: 1 }]);
    expect(first.cursor.offset).toBe(8);
    expect(valuesOf(tail.read(3).entries)).toEqual([]);
    expect(valuesOf(tail.read().entries)).toEqual([{ n: 2 }, { n: 3 }]);
  });
  it('Q8: a cursor taken before a half-written line reads it whole', () => {
    files.append(LOG, '{"n":1}\n{"n":');
    const { cursor } = createLogTail(files, LOG).read();
    files.append(LOG, '2}\n');
    expect(valuesOf(createLogTail(files, LOG, cursor).read().entries)).toEqual([{ n: 2 }]);
  });
  it('characters of several bytes may come in pieces', () => {
    const bytes = new TextEncoder().encode('{"t":"grüße 日本 🌱"}\n');
    const tail = createLogTail(files, LOG);
    const seen: RecordEntry[] = [];
    for (let end = 1; end <= bytes.length; end += 1) {
      // A memory file of exactly the first bytes, grown in place: what a reader sees of a writer in mid-write.
      growTo(files, bytes.subarray(0, end));
      seen.push(...tail.read().entries);
    }
    expect(valuesOf(seen)).toEqual([{ t: 'grüße 日本 🌱' }]);
  });
  it("Q8: what is not JSON is unreadable, counted, and in nobody's way", () => {
    const tail = createLogTail(files, LOG);
    files.append(LOG, '{"n":1}\n{"n":2,"x\nnot json\n{"n":3}\n');
    const { entries } = tail.read();
    expect(entries).toEqual([
      { kind: 'line', value: { n: 1 }, from: 0, to: 8 },
      { kind: 'unreadable', from: 8, to: 18 },
      { kind: 'unreadable', from: 18, to: 27 },
      { kind: 'line', value: { n: 3 }, from: 27, to: 35 },
    ]);
    expect(tail.unreadable).toBe(2);
  });
  it('Q8: a line glued behind a fragment is told, with the bytes it stands at', () => {
    const tail = createLogTail(files, LOG);
    files.append(LOG, '{"n":1,"te{"event_id":"e2"}\n');
    expect(tail.read().entries).toEqual([
      { kind: 'unreadable', from: 0, to: 10 },
      { kind: 'line', value: { event_id: 'e2' }, from: 10, to: 28 },
    ]);
    expect(tail.unreadable).toBe(1);
  });
  it('blank lines, line ends of Windows and a byte order mark are no fault', () => {
    const tail = createLogTail(files, LOG);
    files.append(LOG, '\uFEFF{"n":1}\r\n\n  \r\n{"n":2}\n');
    expect(valuesOf(tail.read().entries)).toEqual([{ n: 1 }, { n: 2 }]);
    expect(tail.unreadable).toBe(0);
  });
  it('a line longer than any chunk is one line', () => {
    const text = 'ü'.repeat(1_500_000);
    files.append(LOG, `{"n":1}\n${JSON.stringify({ text })}\n{"n":3}\n`);
    expect(valuesOf(createLogTail(files, LOG).read().entries)).toEqual([{ n: 1 }, { text }, { n: 3 }]);
  });
  it('Q6: an unchanged log costs one look and no read', () => {
    const tail = createLogTail(files, LOG);
    files.append(LOG, '{"n":1}\n');
    tail.read();
    expect(calls('readBytes', () => tail.read())).toBe(0);
    expect(calls('stat', () => tail.read())).toBe(1);
  });
  it('Q6: a new line costs one read, however long the log is', () => {
    const tail = createLogTail(files, LOG);
    files.append(LOG, '{"n":1}\n'.repeat(50_000));
    tail.read();
    files.append(LOG, '{"n":2}\n');
    expect(calls('readBytes', () => expect(tail.read().entries).toHaveLength(1))).toBe(1);
  });

  describe('notices', () => {
    const begin = (): ReturnType<typeof createLogTail> => {
      const tail = createLogTail(files, LOG);
      files.append(LOG, '{"n":1}\n{"n":2}\nx\n');
      tail.read();
      return tail;
    };
    it('another file under the name, whatever its length', () => {
      for (const content of ['', '{"m":1}\n', '{"m":1}\n'.repeat(100)]) {
        const tail = begin();
        const before = tail.read().cursor.generation;
        files.replace(LOG, content);
        const batch = tail.read();
        expect(batch.restarted).toBe(true);
        expect(batch.entries).toHaveLength(content.split('\n').length - 1);
        expect(batch.cursor.generation).not.toBe(before);
        expect(tail.read().restarted).toBe(false);
        files.remove(LOG);
      }
    });
    it('a file that is gone, and the next one', () => {
      const tail = begin();
      files.remove(LOG);
      expect(tail.read()).toMatchObject({ restarted: true, entries: [], cursor: { offset: 0 } });
      expect(tail.read().restarted).toBe(false);
      files.append(LOG, '{"n":9}\n');
      expect(tail.read()).toMatchObject({ restarted: false, entries: [{ value: { n: 9 } }] });
    });
    it('a file that was cut', () => {
      const tail = begin();
      growTo(files, new TextEncoder().encode('{"n":1}\n'));
      expect(tail.read()).toMatchObject({ restarted: true, entries: [{ value: { n: 1 } }] });
    });
    it('a file that was cut and has grown past the place since', () => {
      const tail = begin();
      growTo(files, new TextEncoder().encode('{"n":7}\n{"n":8}\n{"n":9}\n'));
      const batch = tail.read();
      expect(batch.restarted).toBe(true);
      expect(valuesOf(batch.entries)).toEqual([{ n: 7 }, { n: 8 }, { n: 9 }]);
    });
    it('a file that was replaced between the look and the read', () => {
      const tail = begin();
      files.append(LOG, '{"n":3}\n');
      let replaced = false;
      const stop = files.intercept((operation) => {
        if (operation !== 'readBytes' || replaced) return;
        replaced = true;
        files.replace(LOG, '{"m":1}\n{"m":2}\n{"m":3}\n{"m":4}\n');
      });
      const told: unknown[] = [];
      for (let reads = 0; reads < 2; reads += 1) {
        const batch = tail.read();
        if (batch.restarted) told.length = 0;
        told.push(...valuesOf(batch.entries));
      }
      stop();
      expect(told).toEqual([{ m: 1 }, { m: 2 }, { m: 3 }, { m: 4 }]);
    });
    it('unreadable lines are those of the file that is there now', () => {
      const tail = begin();
      expect(tail.unreadable).toBe(1);
      files.replace(LOG, '{"m":1}\n');
      tail.read();
      expect(tail.unreadable).toBe(0);
    });
    it('that a file with the same inode and length is not the one a cursor was taken from', () => {
      begin();
      const { cursor } = createLogTail(files, LOG).read();
      growTo(files, new TextEncoder().encode('{"n":3}\n{"n":4}\nx\n'));
      expect(createLogTail(files, LOG, cursor).read().restarted).toBe(true);
    });
    it('that a cursor does not stand at the beginning of a line', () => {
      begin();
      const { cursor } = createLogTail(files, LOG).read();
      expect(createLogTail(files, LOG, { ...cursor, offset: 3 }).read().restarted).toBe(true);
    });
    it('nothing when a log begins to be written while it is watched', () => {
      const tail = createLogTail(files, LOG);
      for (const piece of ['{"n"', ':1}', '\n{"n":2}\n', '{"n":3}\n']) {
        expect(tail.read().restarted).toBe(false);
        files.append(LOG, piece);
      }
      expect(tail.read().restarted).toBe(false);
    });
  });

  /** Gives the file that is there this content, in place: same inode. */
  function growTo(of: MemoryFiles, content: Uint8Array): void {
    of.overwriteInPlace(LOG, content);
  }
});
