/** The record when the disk refuses, tears and fills up; and what stands in the files themselves. */
import { homeIdOf, homeLayout, sha256, type HomeLayout } from '@vivarium/contracts';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { initHome } from './home.ts';
import { createRecordStore, type FileRecordStore } from './record-store.ts';
import { valuesOf } from './testing/describe-record-store.ts';

const unwritable = expect.objectContaining({ code: 'record_unwritable', remedy: { kind: 'retry' } }) as Error;

describe('the record on a failing disk', () => {
  let layout: HomeLayout;
  let machine: MemoryMachine;
  let store: FileRecordStore;
  const open = (of: MemoryMachine): FileRecordStore =>
    createRecordStore({ layout, home: homeIdOf('/home'), machine: of });
  beforeEach(() => {
    layout = homeLayout('/home');
    machine = createMemoryMachine();
    initHome(layout, machine.files);
    store = open(machine);
  });
  const content = (): string | undefined => machine.files.readText(layout.log('execution'));
  const read = (): readonly unknown[] => valuesOf(open(machine).tail('execution').read().entries);

  it('with fsync, decisions, money and results are on the disk before their write returns; action lines are not waited for', () => {
    for (const durability of ['os', 'fsync'] as const) {
      const seen: string[] = [];
      const stop = machine.files.intercept((operation, path) => {
        if (operation === 'sync') seen.push(path.slice(layout.logs.length + 1));
      });
      store = createRecordStore({ layout, home: homeIdOf('/home'), machine, durability });
      store.append('safetyAudit', { n: 1 });
      store.append('apiAudit', { n: 1 });
      store.act({ actor: 'a', action_type: 'SYSTEM', action: 'x', detail: '' });
      const name = store.putResult(`a result ${durability}`);
      stop();
      expect(seen).toEqual(
        durability === 'fsync'
          ? ['safety_audit.log', 'api_audit.log', layout.result(name).slice(layout.logs.length + 1)]
          : [],
      );
    }
  });

  it('M1: when nobody can look what stands of lines that shared a write that failed, all are refused, and nothing more is written to that log', async () => {
    const ends: (() => void)[] = [];
    store = createRecordStore({ layout, home: homeIdOf('/home'), machine, soon: (then) => ends.push(then) });
    store.append('apiAudit', { n: 0 });
    const given = [1, 2].map((n) => store.appendSoon('apiAudit', { n }));
    machine.files.truncateNextAppend(10);
    machine.files.failNext('readBytes', new Error('EIO'));
    ends[0]?.();
    for (const each of given) await expect(each).rejects.toThrow(unwritable);
    expect(() => store.append('apiAudit', { n: 3 })).toThrow('what it holds is not certain');
    store.append('safetyAudit', { n: 4 });
  });

  it('M1: of lines that shared a write that failed those stand that are found there, whoever else wrote to the log meanwhile', async () => {
    const ends: (() => void)[] = [];
    store = createRecordStore({ layout, home: homeIdOf('/home'), machine, soon: (then) => ends.push(then) });
    store.append('apiAudit', { n: 0 });
    // As an editor does.
    machine.files.append(layout.log('apiAudit'), `${'x'.repeat(400)}\n`);
    const told: number[] = [];
    const given = [1, 2].map((n) => store.appendSoon('apiAudit', { n }, () => told.push(n)));
    machine.files.truncateNextAppend(10);
    ends[0]?.();
    await Promise.all(given);
    expect(told).toEqual([1, 2]);
    expect(valuesOf(open(machine).tail('apiAudit').read().entries)).toMatchObject([
      { n: 0 },
      { n: 1 },
      { n: 2 },
    ]);
  });

  it('M1: lines of one turn cost one look at their log, and each is told where it begins', async () => {
    const ends: (() => void)[] = [];
    store = createRecordStore({ layout, home: homeIdOf('/home'), machine, soon: (then) => ends.push(then) });
    store.append('apiAudit', { n: 0 });
    let looks = 0;
    const stop = machine.files.intercept((operation, path) => {
      if (operation === 'stat' && path === layout.log('apiAudit')) looks += 1;
    });
    const told: number[] = [];
    for (const texts of [['a', 'ü'], ['b']]) {
      const given = texts.map((text) => store.appendSoon('apiAudit', { text }, (at) => told.push(at)));
      for (const end of ends.splice(0)) end();
      await Promise.all(given);
    }
    stop();
    // The one look is within the append.
    expect(looks).toBe(0);
    const bytes = Buffer.from(machine.files.readText(layout.log('apiAudit')) ?? '');
    const lineAt = (at: number): unknown =>
      JSON.parse(bytes.subarray(at, bytes.indexOf('\n', at)).toString());
    expect(told.map(lineAt)).toMatchObject([{ text: 'a' }, { text: 'ü' }, { text: 'b' }]);
  });

  it('M1: a line that is written at once stands behind those that were given before it, and so does the end of the log', async () => {
    const ends: (() => void)[] = [];
    store = createRecordStore({ layout, home: homeIdOf('/home'), machine, soon: (then) => ends.push(then) });
    const told: number[] = [];
    const given = [1, 2].map((n) => store.appendSoon('apiAudit', { n }, () => told.push(n)));
    store.append('apiAudit', { n: 3 });
    expect(told).toEqual([1, 2]);
    given.push(store.appendSoon('apiAudit', { n: 4 }));
    const size = store.size('apiAudit');
    for (const end of ends) end();
    await Promise.all(given);
    expect(store.size('apiAudit')).toBe(size);
    expect(valuesOf(open(machine).tail('apiAudit').read().entries)).toMatchObject([
      { n: 1 },
      { n: 2 },
      { n: 3 },
      { n: 4 },
    ]);
  });

  it('with fsync, lines of one turn share a sync; when it fails, none of them counts and nothing more is written', async () => {
    const ends: (() => void)[] = [];
    const seen: string[] = [];
    const stop = machine.files.intercept((operation, path) => {
      if (operation === 'append' || operation === 'sync')
        seen.push(`${operation} ${path.slice(layout.logs.length + 1)}`);
    });
    store = createRecordStore({
      layout,
      home: homeIdOf('/home'),
      machine,
      durability: 'fsync',
      soon: (then) => ends.push(then),
    });
    const turn = async (numbers: readonly number[]): Promise<readonly string[]> => {
      const given = numbers.map((n) =>
        store.appendSoon('apiAudit', { n }).then(
          () => 'stands',
          () => 'refused',
        ),
      );
      for (const end of ends.splice(0)) end();
      return Promise.all(given);
    };
    expect(await turn([1, 2, 3])).toEqual(['stands', 'stands', 'stands']);
    expect(seen).toEqual(['append api_audit.log', 'sync api_audit.log']);
    machine.files.failNext('sync');
    expect(await turn([4, 5])).toEqual(['refused', 'refused']);
    expect(await turn([6])).toEqual(['refused']);
    stop();
    expect(valuesOf(open(machine).tail('apiAudit').read().entries)).toHaveLength(5);
  });

  it('M1, S2: after a sync that failed nothing more is written to that log', () => {
    store = createRecordStore({ layout, home: homeIdOf('/home'), machine, durability: 'fsync' });
    store.append('apiAudit', { n: 1 });
    machine.files.failNext('sync');
    for (let time = 0; time < 2; time += 1)
      expect(() => store.append('apiAudit', { n: 2 })).toThrow(
        expect.objectContaining({ code: 'record_unwritable', remedy: { kind: 'stop' } }) as Error,
      );
    expect(valuesOf(open(machine).tail('apiAudit').read().entries)).toMatchObject([{ n: 1 }, { n: 2 }]);
    store.append('safetyAudit', { n: 3 });
  });

  it('Q8: a whole line that lacks only its newline stays readable when the first append behind it leaves nothing on the disk', () => {
    machine.files.replace(layout.log('execution'), '{"n":1}\n{"n":2}');
    machine.files.failNext('append');
    expect(() => store.append('execution', { n: 3 })).toThrow(unwritable);
    store.append('execution', { n: 4 });
    expect(read()).toMatchObject([{ n: 1 }, { n: 2 }, { n: 4 }]);
  });

  it('Q8: whichever append fails, the lines before and after it are whole', () => {
    for (let failing = 0; failing < 5; failing += 1) {
      machine.files.remove(layout.log('execution'));
      store = open(machine);
      machine.files.failNext('append', undefined, failing);
      const acknowledged: unknown[] = [];
      for (let n = 0; n < 5; n += 1) {
        if (n === failing) expect(() => store.append('execution', { n })).toThrow(unwritable);
        else {
          store.append('execution', { n });
          acknowledged.push({ n });
        }
      }
      expect(read()).toEqual(acknowledged);
    }
  });
  it('Q8: a fragment of our own is closed before our next line, so that any JSONL reader finds it', () => {
    machine.files.truncateNextAppend(4);
    expect(() => store.append('execution', { n: 1 })).toThrow(unwritable);
    store.append('execution', { n: 2 });
    expect(content()).toBe('{"n"#torn\n{"n":2}\n');
  });
  it('Q8: a line that was refused does not count afterwards, even when only its newline is missing', () => {
    machine.files.truncateNextAppend(7);
    expect(() => store.append('execution', { n: 1 })).toThrow(unwritable);
    expect(content()).toBe('{"n":1}');
    store.append('execution', { n: 2 });
    expect(read()).toEqual([{ n: 2 }]);
  });
  it('Q8: the refused line may be written again and is there once', () => {
    for (const bytes of [0, 1, 6, 7]) {
      machine.files.remove(layout.log('execution'));
      machine.files.truncateNextAppend(bytes);
      expect(() => store.append('execution', { n: 1 })).toThrow(unwritable);
      store.append('execution', { n: 1 });
      expect(read()).toEqual([{ n: 1 }]);
    }
  });
  it('Q8: a fragment left by a process that died is closed by the next one that begins', () => {
    machine.files.append(layout.log('execution'), '{"n":1}\n{"n":');
    store.append('execution', { n: 2 });
    expect(content()).toBe('{"n":1}\n{"n":#torn\n{"n":2}\n');
  });
  it('a whole last line without its newline, as an editor leaves it, is kept', () => {
    machine.files.append(layout.log('execution'), '{"n":1}\n{"n":2}');
    store.append('execution', { n: 3 });
    expect(content()).toBe('{"n":1}\n{"n":2}\n{"n":3}\n');
  });
  it('Q8: a fragment another process leaves while we are writing costs it its line, not us ours', () => {
    const other = createMemoryMachine({ disk: machine.disk });
    store.append('execution', { event_id: 'e1' });
    other.files.truncateNextAppend(5);
    expect(() => open(other).append('execution', { event_id: 'e2' })).toThrow(unwritable);
    store.append('execution', { event_id: 'e3' });
    expect(read()).toEqual([{ event_id: 'e1' }, { event_id: 'e3' }]);
  });
  it('Q8: a disk that fails again and again is nothing to a later line', () => {
    for (let n = 0; n < 5; n += 1) {
      machine.files.truncateNextAppend(n);
      expect(() => store.append('execution', { n })).toThrow(unwritable);
    }
    store.append('execution', { n: 'last' });
    expect(read()).toEqual([{ n: 'last' }]);
  });
  it('Q6: only the first line of a process looks at the end of the log', () => {
    machine.files.append(layout.log('execution'), '{"n":0}\n');
    const looks: string[] = [];
    machine.files.intercept((operation) => looks.push(operation));
    store.append('execution', { n: 1 });
    expect(looks).toEqual(['stat', 'readBytes', 'append']);
    looks.length = 0;
    store.append('execution', { n: 2 });
    store.appendAll('execution', [{ n: 3 }, { n: 4 }]);
    expect(looks).toEqual(['append', 'append']);
  });
  it('S2: a log that cannot even be looked at refuses the line as any other fault does', () => {
    machine.files.append(layout.log('execution'), 'x');
    machine.files.failNext('readBytes', new Error('input/output error'));
    expect(() => store.append('execution', { n: 1 })).toThrow(unwritable);
    store.append('execution', { n: 2 });
    expect(read()).toEqual([{ n: 2 }]);
  });
  it('lines go into the file that has the name, not the one that was archived', () => {
    store.append('execution', { n: 1 });
    machine.files.rename(layout.log('execution'), `${layout.archive}/execution.jsonl`);
    store.append('execution', { n: 2 });
    expect(content()).toBe('{"n":2}\n');
  });

  describe('act', () => {
    const action = { actor: 'w1', action_type: 'API', action: 'call', detail: 'x'.repeat(100) } as const;
    it('writes the line and its twin, under a header that stands once', () => {
      store.act(action);
      store.act(action);
      open(createMemoryMachine({ disk: machine.disk })).act(action);
      const twin = machine.files.readText(layout.actionTwin)?.split('\n') ?? [];
      expect(twin.filter((line) => line.startsWith('ACTION LOG STARTED'))).toHaveLength(1);
      expect(twin.filter((line) => line.includes(`| ${'x'.repeat(77)}...`))).toHaveLength(3);
    });
    it('never throws, and counts what could not be written', () => {
      machine.files.failNext('append');
      expect(() => store.act(action)).not.toThrow(unwritable);
      expect(store.unwrittenActions).toBe(1);
      expect(machine.files.readText(layout.actionTwin)).toBeUndefined();
      machine.files.failNext('append', undefined, 1);
      store.act(action);
      expect(store.unwrittenActions).toBe(2);
      expect(valuesOf(store.tail('action').read().entries)).toHaveLength(1);
      store.act(action);
      expect(store.unwrittenActions).toBe(2);
    });
    it('lines of one turn share a write of each file, in the order told, also beside lines that are appended', () => {
      const turn: (() => void)[] = [];
      const batched = createRecordStore({
        layout,
        home: homeIdOf('/home'),
        machine,
        soon: (then) => void turn.push(then),
      });
      const details = (): unknown[] =>
        valuesOf(store.tail('action').read().entries).map((line) => Reflect.get(Object(line), 'detail'));
      const tell = (detail: string): void => batched.act({ ...action, detail });
      tell('one');
      tell('two');
      expect(details()).toEqual([]);
      // The third append would fail: that of the lines is the first, that of their twins the second.
      machine.files.failNext('append', undefined, 2);
      turn.pop()?.();
      expect(details()).toEqual(['one', 'two']);
      expect(turn).toEqual([]);
      tell('three');
      batched.append('action', { detail: 'four' });
      expect(batched.unwrittenActions).toBe(1);
      tell('five');
      batched.flush();
      expect(details()).toEqual(['one', 'two', 'four', 'five']);
      expect(batched.unwrittenActions).toBe(1);
    });
    it('never throws for values that are not JSON, and writes nothing of them', () => {
      expect(() => store.act({ ...action, metadata: { n: 1n } })).not.toThrow(unwritable);
      expect(store.unwrittenActions).toBe(1);
      expect(valuesOf(store.tail('action').read().entries)).toEqual([]);
    });
  });

  describe('results', () => {
    const isThere = (name: string): boolean => [...store.results()].some((each) => each.sha256 === name);
    const at = (name: string): string => machine.files.readText(layout.result(name)) ?? '';
    it('Q8: one cut short is written behind the fragment, and found there, also where the fragment was not seen', () => {
      const name = store.putResult('the whole result');
      const line = at(name);
      for (let length = 0; length < line.length; length += 1) {
        machine.files.replace(layout.result(name), line.slice(0, length));
        if (length < line.length - 1) expect(store.getResult(name)).toBeUndefined();
        expect(store.putResult('the whole result')).toBe(name);
        expect(store.getResult(name)).toBe('the whole result');
        expect(isThere(name)).toBe(true);
        machine.files.replace(layout.result(name), line.slice(0, length));
        expect(open(machine).putResult('the whole result')).toBe(name);
        expect(
          at(name)
            .split('\n')
            .filter((each) => each === line.trimEnd()),
        ).toHaveLength(
          // All of it but the newline is as good as the whole.
          length === line.length - 1 ? 2 : 1,
        );
      }
    });
    it('one that a sync failed for is written anew and synced before it is named: it may not be on the disk', () => {
      const durable = createRecordStore({ layout, home: homeIdOf('/home'), machine, durability: 'fsync' });
      machine.files.failNext('sync', new Error('EIO'));
      expect(() => durable.putResult('dear')).toThrow(unwritable);
      const done: string[] = [];
      const stop = machine.files.intercept((operation) => void done.push(operation));
      durable.putResult('dear');
      stop();
      expect(done.slice(-2)).toEqual(['append', 'sync']);
    });
    it('one that was edited is not that result any more, but for a whole copy of it', () => {
      const name = store.putResult('true');
      machine.files.replace(layout.result(name), at(name).replace('true', 'fake'));
      expect(store.getResult(name)).toBeUndefined();
      store.putResult('true');
      expect(store.getResult(name)).toBe('true');
    });
    it('are found in files of any length, across the pieces they are read in', () => {
      const long = 'x'.repeat(1_500_000);
      const name = store.putResult('sought');
      const line = at(name);
      for (const before of [1_048_576 - 100, 1_048_576 - 10, 1_048_576, 1_048_576 + 1]) {
        machine.files.replace(layout.result(name), `${'{'.repeat(before - 1)}\n${line}`);
        expect(store.getResult(name)).toBe('sought');
        expect(isThere(name)).toBe(true);
      }
      expect(store.getResult(store.putResult(long))).toBe(long);
    });
    it('a result that quotes another is not taken for it', () => {
      const inner = sha256('never stored');
      const name = store.putResult(`{"result_sha256":"${inner}","result":"never stored"}`);
      machine.files.replace(layout.result(inner), at(name));
      expect(store.getResult(inner)).toBeUndefined();
      expect(isThere(inner)).toBe(false);
    });
    it('of a home of before 2026-12 are read where they stand, a file each', () => {
      const name = sha256('old');
      machine.files.makeDirectory(`${layout.results}/${name.slice(0, 2)}`);
      machine.files.replace(layout.olderResult(name), 'old');
      expect([store.getResult(name), isThere(name)]).toEqual(['old', true]);
      machine.files.replace(layout.olderResult(name), 'new');
      expect([store.getResult(name), isThere(name)]).toEqual([undefined, false]);
    });
    it('one that is asked for again by who stored it is found without looking through the others', () => {
      const names = ['one', 'two', 'three'].map((text) => store.putResult(text));
      const calls: string[] = [];
      const stop = machine.files.intercept((operation) => void calls.push(operation));
      expect(names.map((name) => store.getResult(name))).toEqual(['one', 'two', 'three']);
      expect(calls).toEqual(['readBytes', 'readBytes', 'readBytes']);
      stop();
      // Where it stood stands something else by now.
      const [one = ''] = names;
      machine.files.replace(layout.result(one), `{"n":1}\n${at(one)}`);
      expect(store.getResult(one)).toBe('one');
    });
    it('a result whose directory was taken away is refused once, and stored at the next try', () => {
      store.putResult('x');
      machine.files.remove(layout.result(sha256('x')));
      machine.files.failNext('append', new Error('no such directory'));
      expect(() => store.putResult('x')).toThrow(unwritable);
      const made: string[] = [];
      machine.files.intercept((operation, path) => void (operation === 'makeDirectory' && made.push(path)));
      store.putResult('x');
      expect(made).toEqual([layout.results]);
      expect(store.getResult(sha256('x'))).toBe('x');
    });
    it('S2: a full disk is record_unwritable, and nothing is stored', () => {
      machine.files.failNext('append');
      expect(() => store.putResult('x')).toThrow(unwritable);
      machine.files.failNext('makeDirectory', new Error('full'));
      expect(() => store.putResult('x')).toThrow(unwritable);
      expect(store.getResult(sha256('x'))).toBeUndefined();
    });
  });
});
