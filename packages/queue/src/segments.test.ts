/** The bulk part of the queue: what it costs, and what it withstands. */
import { homeIdOf, homeLayout, type NewTask, type Task } from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createMemoryDisk, createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import type { VivariumError } from '@vivarium/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { addToQueue, MOST_IN_FILE } from './queue-writer.ts';
import { createWantedTasks, type WantedTasksReader } from './wanted-tasks.ts';

const layout = homeLayout('/home');
const segment = 'queue.d/000001.jsonl';
const nobody = (): boolean => false;
const many = (count: number, prefix = 't'): readonly NewTask[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${prefix}${index}`, prompt: 'p' }));

interface Process {
  readonly machine: MemoryMachine;
  readonly problems: VivariumError[];
  readonly reader: WantedTasksReader;
  add(tasks: readonly NewTask[], isKnown?: (id: string) => boolean): ReturnType<typeof addToQueue>;
  ids(): readonly string[];
}

describe('bulk adds', () => {
  let disk: ReturnType<typeof createMemoryDisk>;
  const open = (): Process => {
    const machine = createMemoryMachine({ disk });
    const record = createRecordStore({ layout, home: homeIdOf('/home'), machine });
    const { files, fileLock, clock } = machine;
    initHome(layout, files);
    const problems: VivariumError[] = [];
    const reader = createWantedTasks({
      layout,
      files,
      clock,
      record,
      onProblem: (problem) => problems.push(problem),
    });
    return {
      machine,
      problems,
      reader,
      add: async (tasks, isKnown = nobody) =>
        addToQueue({ layout, files, fileLock, clock, record }, tasks, isKnown),
      ids: () => reader.read(nobody).tasks.map(({ id }: Task) => id),
    };
  };
  beforeEach(() => {
    disk = createMemoryDisk();
  });

  it('a queue that a person can read stays in queue.json; what is larger goes to queue.d, and later adds behind it', async () => {
    const one = open();
    await one.add(many(MOST_IN_FILE));
    expect(one.machine.files.list(layout.segments)).toEqual([]);
    await one.add([{ id: 'more', prompt: 'p' }]);
    expect(one.machine.files.list(layout.segments)).toEqual(['000001.jsonl']);
    expect(JSON.parse(one.machine.files.readText(layout.queue) ?? '')).toMatchObject({
      tasks: { length: MOST_IN_FILE },
    });
    const { reader } = open();
    expect(reader.read(nobody).tasks.at(-1)?.id).toBe('more');
    expect(reader.read(nobody).tasks).toHaveLength(MOST_IN_FILE + 1);
  });

  it('Q8: an add that was killed in mid-write and is repeated loses no task and doubles none, wherever it was cut', async () => {
    const one = open();
    await one.add(many(MOST_IN_FILE + 2));
    const segment = layout.log('queue.d/000001.jsonl');
    const whole = one.machine.files.readBytes(segment, 0, 10_000_000) ?? new Uint8Array();
    const text = Buffer.from(whole).toString('utf8');
    const beforeLast = text.trimEnd().lastIndexOf('\n') + 1;
    // Within the last line, at its end without the newline, and before any of it.
    for (const cut of [beforeLast, beforeLast + 20, text.length - 1]) {
      one.machine.files.overwriteInPlace(segment, whole.slice(0, Buffer.byteLength(text.slice(0, cut))));
      const again = open();
      await again.add(many(MOST_IN_FILE + 2));
      expect(again.ids()).toEqual(many(MOST_IN_FILE + 2).map(({ id }) => id));
      expect(again.problems.filter(({ message }) => message.includes('twice'))).toEqual([]);
    }
  });

  it('Q6: an add to a bulk queue reads no task again, and a reader reads only what is new', async () => {
    const one = open();
    await one.add(many(2_000));
    const { reader } = one;
    const before = reader.read(nobody);
    const another = open();
    let bytes = 0;
    const { readBytes } = another.machine.files;
    another.machine.files.readBytes = (path, offset, length, known) => {
      const found = readBytes(path, offset, length, known);
      if (path.includes('queue.d')) bytes += found?.length ?? 0;
      return found;
    };
    await another.add([{ id: 'later', prompt: 'p' }]);
    expect(bytes).toBeLessThan(3_000);
    const after = reader.read(nobody);
    expect(after.version).toBe(before.version);
    expect(after.tasks).toBe(before.tasks);
    expect(after.tasks.at(-1)?.id).toBe('later');
  });

  it('Q10: ids and dependencies are checked against both parts of the queue', async () => {
    const one = open();
    await one.add([{ id: 'file', prompt: 'p' }]);
    await one.add(many(1_500));
    const two = open();
    const answer = await two.add([
      { id: 'file', prompt: 'p' },
      { id: 't7', prompt: 'p' },
      { id: 'ok', prompt: 'p', depends_on: ['t1499', 'file'] },
      { id: 'bad', prompt: 'p', depends_on: ['t1500'] },
    ]);
    expect(answer.added.map(({ id }) => id)).toEqual(['ok']);
    expect(answer.rejected.map(({ id }) => id)).toEqual(['file', 't7', 'bad']);
    // And what is written by hand may depend on what was added in bulk.
    one.machine.files.replace(
      layout.queue,
      JSON.stringify({ tasks: [{ id: 'hand', prompt: 'p', depends_on: ['t3'] }] }),
    );
    expect(one.ids()[0]).toBe('hand');
  });

  it('Q10: a task that comes back cannot close a cycle through tasks that still depend on it', async () => {
    const one = open();
    await one.add(many(1_500), nobody);
    await one.add([{ id: 'after', prompt: 'p', depends_on: ['gone'] }], (id) => id === 'gone');
    const answer = await open().add(
      [{ id: 'gone', prompt: 'p', depends_on: ['after'] }],
      (id) => id === 'gone',
    );
    expect(answer.rejected).toEqual([
      { id: 'gone', index: 0, reason: '"gone" waits for itself: "gone" → "after" → "gone"' },
    ]);
  });

  it('what add remembers may be deleted, cut or stale at any time', async () => {
    await open().add(many(1_500));
    const path = layout.segmentIds(segment);
    const { files } = open().machine;
    const whole = files.readText(path) ?? '';
    expect(whole).not.toBe('');
    for (const spoil of [
      () => files.remove(path),
      () => files.replace(path, whole.slice(0, whole.length / 2)),
      () => files.replace(path, 'nonsense\n'),
      () => files.replace(path, whole.replace(/"generation":"[^"]*"/, '"generation":"another"')),
      () => files.replace(path, '{"to":{"generation":"x","offset":1e9},"ids":["never"],"loose":[]}\n'),
    ]) {
      spoil();
      const { rejected, added } = await open().add([
        { id: 't1499', prompt: 'p' },
        { id: 'never', prompt: 'p', depends_on: ['t0'] },
      ]);
      expect(rejected.map(({ id }) => id)).toContain('t1499');
      expect([...added.map(({ id }) => id), ...rejected.slice(1).map(({ id }) => id)]).toEqual(['never']);
    }
  });

  it('Q8: a bulk add cut at any byte leaves whole tasks that depend on nothing missing, and the same add again completes it', async () => {
    const tasks: NewTask[] = [...many(1_200)];
    tasks.unshift({ id: 'last', prompt: 'p', depends_on: ['t1199', 't3'] });
    await open().add(tasks);
    const whole = open().machine.files.readText(layout.log(segment)) ?? '';
    for (const cut of [1, 100, whole.length - 1, whole.length - 40, Math.floor(whole.length / 2)]) {
      disk = createMemoryDisk();
      const one = open();
      one.machine.files.makeDirectory(layout.segments);
      one.machine.files.replace(layout.log(segment), whole.slice(0, cut));
      const seen = new Set<string>();
      for (const { id, depends_on: needs } of one.reader.read(nobody).tasks) {
        expect(needs.every((need) => seen.has(need))).toBe(true);
        seen.add(id);
      }
      const again = await open().add(tasks);
      expect(again.added.length + again.rejected.length).toBe(tasks.length);
      expect(new Set(one.ids())).toEqual(new Set(tasks.map(({ id }) => id)));
      expect(one.ids()).toHaveLength(tasks.length);
    }
  });

  it('a line that is no task is passed over and told once; an id that stands twice means the first', async () => {
    const one = open();
    await one.add(many(1_100));
    const foreign = [
      '{"id":"hand","prompt":"by hand"}',
      '{"id":"t5","prompt":"again"}',
      '{"id":"x"}',
      'oops',
    ];
    one.machine.files.append(layout.log(segment), `${foreign.join('\n')}\n`);
    const { tasks } = one.reader.read(nobody);
    expect(tasks).toHaveLength(1_101);
    expect(tasks.at(-1)).toMatchObject({ id: 'hand', prompt: 'by hand', max_budget: 0.1 });
    expect(tasks[5]?.prompt).toBe('p');
    one.reader.read(nobody);
    expect(one.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /000001\.jsonl:1103 prompt: .*\n.*000001\.jsonl:1104 not JSON.*\n"t5" stands in the queue twice/,
      ),
    ]);
  });

  describe('an edit by hand', () => {
    const lineOf = (id: string): string => `${JSON.stringify({ id, prompt: 'by hand' })}\n`;
    const older = layout.log(segment);
    const newer = layout.log('queue.d/000002.jsonl');
    /** Two segments, read; nothing but what the test does changes their directory. */
    const begin = (): Process => {
      const one = open();
      one.machine.files.makeDirectory(layout.segments);
      one.machine.files.append(older, lineOf('a') + lineOf('b'));
      one.machine.files.append(newer, lineOf('y') + lineOf('z'));
      expect(one.ids()).toEqual(['a', 'b', 'y', 'z']);
      return one;
    };
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    /** What is read by the third look: an older segment has its turn, and an edit that kept the length is believed when it stands. */
    const soon = (one: Process): readonly string[] => [one.ids(), one.ids(), one.ids()].at(-1) ?? [];

    for (const [which, path] of [
      ['the newest segment', newer],
      ['an older segment', older],
    ] as const) {
      const rest = path === older ? ['y', 'z'] : [];
      const before = path === older ? [] : ['a', 'b'];
      it(`of another length is noticed in ${which}, although its time of change is the same`, () => {
        for (const ids of [['q'], ['q', 'r', 's']]) {
          disk = createMemoryDisk();
          const one = begin();
          one.machine.files.overwriteInPlace(path, bytes(ids.map(lineOf).join('')));
          expect(soon(one)).toEqual([...before, ...ids, ...rest]);
        }
      });
      it(`of the same length is noticed in ${which} by another time of change`, () => {
        const one = begin();
        one.machine.clock.advance(5);
        one.machine.files.overwriteInPlace(path, bytes(lineOf('q') + lineOf('r')));
        expect(soon(one)).toEqual([...before, 'q', 'r', ...rest]);
      });
      it(`of the same length and time is noticed in ${which} by another inode`, () => {
        const one = begin();
        one.machine.files.replace(path, lineOf('q') + lineOf('r'));
        expect(soon(one)).toEqual([...before, 'q', 'r', ...rest]);
      });
    }

    it('an append whose time of change is seen before its length makes nothing be read anew', () => {
      const one = begin();
      const version = one.reader.read(nobody).version;
      const { stat } = one.machine.files;
      one.machine.files.stat = (path) => {
        const found = stat(path);
        return found && path === newer ? { ...found, modifiedMs: found.modifiedMs + 4 } : found;
      };
      one.reader.read(nobody);
      one.machine.files.append(newer, lineOf('later'));
      expect(one.ids()).toEqual(['a', 'b', 'y', 'z', 'later']);
      expect(one.reader.read(nobody).version).toBe(version);
    });

    it('that takes an id out frees it for the next add, and one that puts an id in takes it', async () => {
      await open().add(many(1_200));
      const { files, clock } = open().machine;
      clock.advance(5);
      const text = files.readText(older) ?? '';
      const edited = text.replace('"id":"t1100"', '"id":"other"');
      expect(edited).toHaveLength(text.length);
      expect(edited).not.toBe(text);
      files.overwriteInPlace(older, bytes(edited));
      const answer = await open().add([
        { id: 'other', prompt: 'p' },
        { id: 't1100', prompt: 'p' },
      ]);
      expect(answer.rejected.map(({ id }) => id)).toEqual(['other']);
      expect(answer.added.map(({ id }) => id)).toEqual(['t1100']);
      expect(open().ids()).toHaveLength(1_201);
    });
  });

  it('Q6: a look at a bulk queue that did not change costs a stat of the directory and of two segments, however many there are', () => {
    const one = open();
    one.machine.files.makeDirectory(layout.segments);
    for (const number of ['000001', '000002', '000003', '000004'])
      one.machine.files.append(`${layout.segments}/${number}.jsonl`, `{"id":"t${number}","prompt":"p"}\n`);
    // What was dated a moment ago proves nothing yet.
    one.machine.clock.advance(60_000);
    one.ids();
    const calls: string[] = [];
    one.machine.files.intercept((operation, path) => {
      if (path.startsWith(layout.segments)) calls.push(operation);
    });
    one.ids();
    expect(calls).toEqual(['stat', 'stat', 'stat']);
  });

  it('a segment that was begun in the same tick in which the directory was last looked at is read', () => {
    const one = open();
    const { files } = one.machine;
    const { stat } = files;
    const now = one.machine.clock.now().getTime();
    files.stat = (path) =>
      path === layout.segments ? { inode: 1, size: 0, modifiedMs: now, isDirectory: true } : stat(path);
    files.makeDirectory(layout.segments);
    files.append(layout.log(segment), '{"id":"a","prompt":"p"}\n');
    expect(one.ids()).toEqual(['a']);
    files.append(layout.log('queue.d/000002.jsonl'), '{"id":"b","prompt":"p"}\n');
    expect(one.ids()).toEqual(['a', 'b']);
  });

  it('adds again what was lost with the lock, and says added once', async () => {
    const one = open();
    let appends = 0;
    one.machine.files.intercept((operation, path) => {
      if (operation !== 'append' || !path.includes('queue.d/000')) return;
      appends += 1;
      if (appends === 1) queueMicrotask(one.machine.fileLock.compromise(layout.queue));
    });
    const answer = await one.add(many(1_200));
    expect([answer.added.length, answer.rejected.length]).toEqual([1_200, 0]);
    expect(one.ids()).toHaveLength(1_200);
  });
});
