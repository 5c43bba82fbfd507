/** Stopping and resuming when hands and disks get in the way. */
import { EVERYTHING, HaltFile, homeIdOf, homeLayout, PauseFile, type ControlVerb } from '@vivarium/contracts';
import type { ControlStore } from '@vivarium/contracts';
import type { Files } from '@vivarium/core';
import { createMemoryMachine, type MemoryFiles, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createControlStore } from './control-store.ts';
import { initHome } from './home.ts';
import { createRecordStore } from './record-store.ts';
import { valuesOf } from './testing/describe-record-store.ts';

const layout = homeLayout('/home');

describe('HALT and PAUSE as files', () => {
  let machine: MemoryMachine;
  let files: MemoryFiles;
  let control: ControlStore;
  beforeEach(() => {
    machine = createMemoryMachine();
    ({ files } = machine);
    initHome(layout, files);
    control = createControlStore({
      layout,
      machine,
      record: createRecordStore({ layout, home: homeIdOf('/home'), machine }),
    });
  });
  const ask = (verb: ControlVerb, reason?: string): ReturnType<ControlStore['change']> =>
    control.change({ verb, actor: 'operator', reason });
  const lift = (): ReturnType<ControlStore['change']> =>
    ask(control.read().kind === 'halted' ? 'clear-halt' : 'resume', 'over');
  const events = (): readonly unknown[] =>
    valuesOf(
      createRecordStore({ layout, home: homeIdOf('/home'), machine })
        .tail('action')
        .read().entries,
    ).map((value) => (value as { readonly event: unknown }).event);

  /** As another process does, at the moment when an order is written down. */
  const meanwhile = (act: (theirs: ControlStore) => void): void => {
    let done = false;
    files.intercept((operation, path) => {
      if (done || operation !== 'append' || path !== layout.log('action')) return;
      done = true;
      const other = createMemoryMachine({ disk: machine.disk, clock: machine.clock });
      act(createControlStore({ layout, machine: other, record: createRecordStore({ layout, home: homeIdOf('/home'), machine: other }) })); // prettier-ignore
    });
  };

  it.each([
    ['halt', 'halted'],
    ['pause', 'paused'],
  ] as const)(
    'S3, S9: a %s that is given while HALT is being cleared is not cleared with it',
    (verb, kind) => {
      ask('halt', 'first');
      meanwhile((theirs) => {
        expect(theirs.change({ verb, actor: 'panel', reason: 'new danger' }).kind).toBe('unchanged');
      });
      machine.clock.advance(5);
      ask('clear-halt', 'over');
      expect(control.read().kind).toBe(kind);
      if (kind === 'paused') expect(events()).toContain('control.paused');
    },
  );

  it('S9: a pause that is given while a HALT that was cleared meanwhile is still being told is not taken along', () => {
    meanwhile((theirs) => {
      theirs.change({ verb: 'clear-halt', actor: 'panel', reason: 'a mistake' });
      theirs.change({ verb: 'pause', actor: 'panel', reason: 'wait' });
    });
    ask('halt', 'a drill');
    expect(control.read()).toMatchObject({ kind: 'paused', reason: 'wait' });
  });

  it('S3: an order whose name was cut and whose content says nothing halts everything: nobody can tell whose it is', () => {
    const id = '漢'.repeat(20);
    files.failNext('replace', new Error('disk full'));
    control.change({ verb: 'halt', actor: 'operator', reason: 'x', scope: { kind: 'task', id } });
    expect(control.read({ taskId: id })).toMatchObject({ kind: 'halted', reason: expect.stringMatching(/does not say whose order it is; to go on, remove that file/) as unknown }); // prettier-ignore
  });

  it('S2: what is halted by no order of ours is not told as cleared, and nothing is recorded as if it were', () => {
    files.makeDirectory(layout.control);
    files.replace(`${layout.control}/x.bak`, '');
    expect(ask('clear-halt', 'over')).toMatchObject({ kind: 'unchanged', state: { kind: 'halted' } });
    expect(events()).toEqual([]);
  });

  it('S3: presence counts, whatever stands in the file', () => {
    for (const content of [
      '',
      'garbage',
      '{}',
      '[]',
      'null',
      '{"halted":false,"reason":7}',
      '{"reason":"  "}',
      '\u0000\uFFFD',
    ]) {
      files.replace(layout.halt, content);
      expect(control.read()).toMatchObject({
        kind: 'halted',
        reason: 'HALT file exists',
        actor: undefined,
        since: undefined,
      });
      files.remove(layout.halt);
      files.replace(layout.pause, content);
      expect(control.read()).toMatchObject({
        kind: 'paused',
        reason: 'PAUSE file exists',
        actor: undefined,
        since: undefined,
      });
      files.remove(layout.pause);
    }
  });
  it('S3: also a directory by that name, which only hands can make, stops', () => {
    files.makeDirectory(layout.halt);
    expect(control.read()).toMatchObject({ kind: 'halted', reason: 'HALT file exists' });
  });
  it('S3: HALT goes before PAUSE', () => {
    files.replace(layout.pause, '{"reason":"lunch"}');
    files.replace(layout.halt, '{"reason":"smoke"}');
    expect(control.read()).toMatchObject({ kind: 'halted', reason: 'smoke' });
  });
  it('reads the files of the seed, and writes its keys', () => {
    files.replace(
      layout.halt,
      '{"halted": true, "timestamp": "2026-02-03T02:27:18.396684", "reason": "Circuit breaker tripped: x"}',
    );
    expect(control.read()).toMatchObject({
      kind: 'halted',
      reason: 'Circuit breaker tripped: x',
      actor: undefined,
      since: '2026-02-03T02:27:18.396684',
    });
    ask('clear-halt', 'seen to');
    ask('pause', 'lunch');
    const pause: unknown = JSON.parse(files.readText(layout.pause) ?? '');
    expect(Object.keys(PauseFile.parse(pause))).toEqual(['paused', 'timestamp', 'reason', 'actor']);
    ask('halt', 'smoke');
    expect(HaltFile.parse(JSON.parse(files.readText(layout.halt) ?? ''))).toMatchObject({
      halted: true,
      reason: 'smoke',
      actor: 'operator',
    });
    expect(files.stat(layout.pause)).toBeUndefined();
  });

  it('S3: a state that cannot be read is halted', () => {
    files.failNext('stat', new Error('input/output error'));
    expect(control.read()).toMatchObject({
      kind: 'halted',
      reason: expect.stringContaining('input/output error') as string,
    });
    files.failNext('stat', new Error('input/output error'), 1);
    expect(control.read().kind).toBe('halted');
    expect(control.read().kind).toBe('running');
  });
  it('S3: what a present file says may be unreadable; it still counts', () => {
    ask('halt', 'smoke');
    files.failNext('readText', new Error('input/output error'));
    expect(control.read()).toMatchObject({ kind: 'halted', reason: 'HALT file exists' });
  });
  it('S3: on a full disk one can still stop', () => {
    for (const verb of ['pause', 'halt'] as const) {
      files.failNext('replace', new Error('no space'));
      const receipt = ask(verb, 'the disk is full');
      expect(receipt.kind === 'changed' && receipt.after.kind).toBe(verb === 'halt' ? 'halted' : 'paused');
      expect(control.read().kind).toBe(verb === 'halt' ? 'halted' : 'paused');
    }
  });
  it('S3: stopping does not depend on the record', () => {
    files.failNext('append', new Error('no space'));
    expect(ask('halt')).toMatchObject({ kind: 'changed', after: { kind: 'halted' } });
  });
  it('stopping that did not happen is not acknowledged', () => {
    files.failNext('replace', new Error('read-only'));
    files.failNext('append', new Error('read-only'));
    expect(() => ask('halt')).toThrow('read-only');
    expect(control.read().kind).toBe('running');
    expect(events()).toEqual([]);
  });
  it('halting holds although the pause it ends cannot be removed, and resuming then ends both', () => {
    ask('pause');
    files.failNext('remove', new Error('busy'));
    expect(ask('halt')).toMatchObject({ kind: 'changed', after: { kind: 'halted' } });
    lift();
    expect(control.read()).toEqual({ kind: 'running' });
  });
  it('halting is tried also when the state cannot be read', () => {
    const stop = files.intercept((operation) => {
      if (operation === 'stat') throw new Error('input/output error');
    });
    ask('halt', 'to be safe');
    stop();
    expect(control.read()).toMatchObject({ kind: 'halted', reason: 'to be safe' });
  });

  it('S2: HALT stays when its end cannot be recorded', () => {
    ask('halt', 'smoke');
    files.failNext('append', new Error('no space'));
    expect(() => lift()).toThrow(expect.objectContaining({ code: 'record_unwritable' }) as Error);
    expect(control.read()).toMatchObject({ kind: 'halted', reason: 'smoke' });
    expect(lift().kind).toBe('changed');
  });
  it('S3: the end of HALT is in the record before HALT is gone', () => {
    ask('halt', 'smoke');
    let recorded: readonly unknown[] = [];
    const stop = files.intercept((operation, path) => {
      if (operation === 'remove' && path === layout.halt) recorded = events();
    });
    lift();
    stop();
    expect(recorded).toEqual(['control.halted', 'control.halt-cleared']);
  });
  it('a resume that failed after it was recorded is recorded as failed', () => {
    ask('halt', 'smoke');
    files.failNext('remove', new Error('busy'));
    expect(() => lift()).toThrow('busy');
    expect(control.read().kind).toBe('halted');
    expect(events()).toEqual(['control.halted', 'control.halt-cleared', 'control.resume-failed']);
  });
  it('S3: resuming never ends a HALT that came in between', () => {
    const other = createMemoryMachine({ disk: machine.disk });
    for (const from of ['pause', 'halt'] as const) {
      ask(from);
      const stop = files.intercept((operation, path) => {
        if (operation === 'append' && path === layout.log('action')) {
          other.files.replace(layout.halt, '{"reason":"smoke"}');
        }
      });
      const receipt = lift();
      stop();
      expect(control.read()).toMatchObject({ kind: 'halted', reason: 'smoke' });
      expect(receipt).toMatchObject({ kind: 'changed', after: { kind: 'halted' } });
      lift();
    }
  });

  it('S3: a HALT that comes while a pause is looked at needs its own reason', () => {
    ask('pause');
    const other = createMemoryMachine({ disk: machine.disk });
    let looks = 0;
    const stop = files.intercept((operation, path) => {
      // Between the first look and the reading of the state.
      if (operation === 'stat' && path === layout.halt && (looks += 1) === 2)
        other.files.replace(layout.halt, '');
    });
    expect(ask('resume').kind).toBe('needs_clear_halt');
    stop();
    expect(control.read().kind).toBe('halted');
  });

  it('S3: a file where the directory of orders was to be halts', () => {
    const machineOfFile = createMemoryMachine();
    machineOfFile.files.makeDirectory(layout.root);
    machineOfFile.files.replace(layout.control, 'x');
    const store = createControlStore({
      layout,
      machine: machineOfFile,
      record: createRecordStore({ layout, home: homeIdOf('/home'), machine: machineOfFile }),
    });
    expect(store.read()).toMatchObject({
      kind: 'halted',
      reason: expect.stringContaining('control is a file') as string,
    });
  });
  it('S3: a file in control/ that nobody understands halts: somebody meant something by it', () => {
    files.makeDirectory(layout.control);
    files.replace(`${layout.control}/stop everything`, '');
    expect(control.read()).toMatchObject({
      kind: 'halted',
      reason: 'control/stop everything is no order that is known; to go on, remove that file',
    });
    files.remove(`${layout.control}/stop everything`);
    files.replace(`${layout.control}/hold`, '');
    expect(control.read()).toMatchObject({ kind: 'hold', reason: 'hold file exists' });
    files.replace(`${layout.control}/task.a%20b.pause`, 'by hand');
    expect(control.read({ taskId: 'a b' })).toMatchObject({
      kind: 'paused',
      scope: { kind: 'task', id: 'a b' },
    });
  });
  it('S9: whichever file operation of a verb is the last before its process is killed, the verb is in force or it is not', () => {
    const reached = { before: 0, after: 0 };
    for (const scope of [EVERYTHING, { kind: 'worker', id: 'w' }, { kind: 'task', id: 't' }] as const)
      for (const [from, verb, to] of [
        [[], 'hold', 'hold'],
        [['hold'], 'pause', 'paused'],
        [['hold', 'pause'], 'drain', 'draining'],
        [['pause'], 'halt', 'halted'],
        [['hold'], 'resume', 'running'],
        [['pause'], 'resume', 'running'],
        [['drain'], 'resume', 'running'],
        [['pause', 'halt'], 'clear-halt', 'running'],
      ] as const)
        for (let survived = 0; survived < 14; survived += 1) {
          const fresh = createMemoryMachine();
          initHome(layout, fresh.files);
          const openOn = (of: MemoryMachine): ControlStore =>
            createControlStore({
              layout,
              machine: of,
              record: createRecordStore({ layout, home: homeIdOf('/home'), machine: of }),
            });
          const subject = { workerId: 'w', taskId: 't' };
          for (const each of from) openOn(fresh).change({ verb: each, scope, actor: 'a', reason: 'r' });
          const before = openOn(fresh).read(subject).kind;
          let done = 0;
          const stop = fresh.files.intercept(() => {
            if (done === survived) throw new Error('killed');
            done += 1;
          });
          try {
            openOn(fresh).change({ verb, scope, actor: 'a', reason: 'r' });
          } catch {
            // What a killed process would have gone on with is not gone on with: what stands on the disk is what the next one finds.
          }
          stop();
          const kind = openOn(createMemoryMachine({ disk: fresh.disk })).read(subject).kind;
          expect([before, to]).toContain(kind);
          reached[kind === to ? 'after' : 'before'] += 1;
        }
    expect(Math.min(reached.before, reached.after)).toBeGreaterThan(50);
  });

  it('a watcher is called for another state and for nothing else that happens in the home', async () => {
    const seen: string[] = [];
    const stop = control.watch(() => seen.push(control.read().kind));
    files.replace(layout.queue, '{}');
    await Promise.resolve();
    expect(seen).toEqual([]);
    files.replace(layout.halt, '');
    await Promise.resolve();
    expect(seen).toEqual(['halted']);
    stop();
    files.remove(layout.halt);
    await Promise.resolve();
    expect(seen).toEqual(['halted']);
  });
});

describe('one look for the reads of a turn', () => {
  it('S9: reads of a turn share a look; the next turn looks anew, and what this process gives or is told of counts at once', async () => {
    const machine = createMemoryMachine();
    const { files } = machine;
    initHome(layout, files);
    const record = createRecordStore({ layout, home: homeIdOf('/home'), machine });
    const ends: (() => void)[] = [];
    const control = createControlStore({ layout, machine, record, lookOnceATurn: (end) => ends.push(end) });
    const endTurn = (): void => ends.splice(0).forEach((end) => end());
    let looks = 0;
    files.intercept((operation, path) => {
      if (operation === 'stat' && path === layout.halt) looks += 1;
    });

    expect([control.read().kind, control.orders(), control.read().kind]).toEqual(['running', [], 'running']);
    expect([looks, ends.length]).toEqual([1, 1]);

    files.append(layout.halt, '');
    expect(control.read().kind).toBe('running');
    endTurn();
    expect(control.read().kind).toBe('halted');

    control.change({ verb: 'clear-halt', actor: 'operator', reason: 'over' });
    expect(control.read().kind).toBe('running');
    const seen: string[] = [];
    const stop = control.watch(() => seen.push(control.read().kind));
    files.append(layout.pause, '');
    expect(control.read().kind).toBe('running');
    await Promise.resolve();
    expect(seen).toEqual(['paused']);
    stop();
  });
});

describe('a home in which no order stands', () => {
  const open = (files: Files = machine.files): ControlStore =>
    createControlStore({
      layout,
      machine: { ...machine, files },
      record: createRecordStore({ layout, home: homeIdOf('/home'), machine }),
    });
  let machine: MemoryMachine;
  beforeEach(() => {
    machine = createMemoryMachine();
    initHome(layout, machine.files);
    machine.clock.advance(60_000);
  });

  it('S9: costs two looks, and an order counts in the moment it is there', () => {
    const control = open();
    expect(control.read().kind).toBe('running');
    const calls: string[] = [];
    const stop = machine.files.intercept((operation) => void calls.push(operation));
    expect(control.read().kind).toBe('running');
    expect(calls).toEqual(['stat', 'stat']);
    stop();
    for (const [path, kind] of [
      [layout.halt, 'halted'],
      [layout.pause, 'paused'],
      [`${layout.control}/drain`, 'draining'],
      [`${layout.control}/whatever`, 'halted'],
    ] as const) {
      machine.files.createExclusive(path, '');
      expect(control.read().kind).toBe(kind);
      machine.files.remove(path);
      expect(control.read().kind).toBe('running');
      machine.clock.advance(60_000);
      expect(control.read().kind).toBe('running');
    }
  });
  it('S9: an order that comes in the same moment as something else counts too', () => {
    const control = open();
    for (const [path, kind] of [
      [layout.halt, 'halted'],
      [`${layout.control}/hold`, 'hold'],
    ] as const) {
      machine.files.createExclusive(`${path}.other`, '');
      machine.files.remove(`${path}.other`);
      expect(control.read().kind).toBe('running');
      machine.files.createExclusive(path, '');
      expect(control.read().kind).toBe(kind);
      machine.files.remove(path);
    }
  });
  const undated = (): Files => ({
    ...machine.files,
    stat(path) {
      const stat = machine.files.stat(path);
      return stat?.isDirectory === true ? { ...stat, modifiedMs: 0 } : stat;
    },
  });
  it('S3, S9: where directories are not dated, what is given and lifted is told as it is, and who watches hears of it', async () => {
    const control = open(undated());
    const seen: string[] = [];
    const stop = control.watch(() => seen.push(control.read().kind));
    expect(control.read().kind).toBe('running');
    expect(control.change({ verb: 'halt', actor: 'operator', reason: undefined })).toMatchObject({
      after: { kind: 'halted' },
    });
    await Promise.resolve();
    expect(control.change({ verb: 'clear-halt', actor: 'operator', reason: 'over' })).toMatchObject({
      kind: 'changed',
      before: { kind: 'halted' },
      after: { kind: 'running' },
    });
    await Promise.resolve();
    expect(seen).toEqual(['halted', 'running']);
    stop();
  });
  it('S9: where directories are not dated an order is heard within 20 ms', () => {
    const control = open(undated());
    expect(control.read().kind).toBe('running');
    machine.files.createExclusive(layout.halt, '');
    machine.clock.advance(20);
    expect(control.read().kind).toBe('halted');
  });
});
