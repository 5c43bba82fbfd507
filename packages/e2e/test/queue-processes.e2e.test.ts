/** The file engine among real processes on a real disk: kill -9, races and adds that no double of a file system can stand for. */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nanoUsd, runId, workerId } from '@vivarium/core';
import {
  createTaskFold,
  ExecutionLogLine,
  homeIdOf,
  homeLayout,
  isFinal,
  type HomeLayout,
} from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { createFileTaskQueue } from '@vivarium/queue';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const player = fileURLToPath(new URL('queue-processes/player.mjs', import.meta.url));
const PROCESSES = 8;

describe('many processes on one home', () => {
  let layout: HomeLayout;
  let children: ChildProcess[];

  beforeEach(() => {
    layout = homeLayout(realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-queue-'))));
    initHome(layout, createNodeMachine().files);
    children = [];
  });
  afterEach(() => {
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    rmSync(layout.root, { recursive: true, force: true });
  });

  const start = (part: string, name: string, ...more: readonly (string | number)[]): ChildProcess => {
    const words = [part, layout.root, name, notesOf(name), ...more].map(String);
    const child = fork(player, words, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    children.push(child);
    return child;
  };
  const ended = (child: ChildProcess): Promise<unknown> =>
    child.exitCode !== null || child.signalCode !== null
      ? Promise.resolve(child.signalCode ?? child.exitCode)
      : new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const notesOf = (name: string): string => join(layout.root, `${name}.notes`);
  const notesFor = (name: string): readonly string[] =>
    existsSync(notesOf(name))
      ? readFileSync(notesOf(name), 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];

  const openQueue = () => {
    const machine = createNodeMachine();
    const home = homeIdOf(layout.root);
    const record = createRecordStore({ layout, home, machine });
    return createFileTaskQueue({ layout, home, machine, record, runId: runId('run_test') });
  };
  const logLines = (): readonly ExecutionLogLine[] =>
    readFileSync(layout.log('execution'), 'utf8')
      .split('\n')
      .filter((text) => text !== '')
      // A line that a kill cut in two is passed over here as it is there.
      .flatMap((text) => {
        try {
          return [ExecutionLogLine.parse(JSON.parse(text))];
        } catch {
          return [];
        }
      });

  it('Q2, Q8: 500 tasks, 8 processes, one killed in mid-work: every task ends exactly once and nobody is told a lie', async () => {
    await openQueue().add(Array.from({ length: 500 }, (_, index) => ({ id: `t${index}`, prompt: 'p' })));
    const names = Array.from({ length: PROCESSES }, (_, index) => `worker_${index}`);
    const workers = names.map((name) => start('work', name));
    const [victim, ...others] = workers;
    // In mid-work: it has finished some, and others are still to come.
    while (notesFor('worker_0').length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    victim?.kill('SIGKILL');
    expect(await Promise.all(others.map(ended))).toEqual(others.map(() => 0));

    const views = await openQueue().list();
    expect(views.map(({ status }) => status)).toEqual(Array.from({ length: 500 }, () => 'completed'));
    const fold = createTaskFold();
    const ends = logLines().filter((line) => fold.apply(line) === 'applied' && isFinal(line.status));
    expect(ends).toHaveLength(500);

    const told = names.flatMap((name) => notesFor(name).filter((note) => note.startsWith('recorded')));
    expect(new Set(told).size).toBe(told.length);
    // The victim may have died between the record and its note, and only there: its slots were two, one being worked on.
    expect(told.length).toBeGreaterThanOrEqual(499);
    for (const name of names) {
      for (const note of notesFor(name)) {
        const [answer, id] = note.split(' ');
        const by = views.find(({ task }) => task.id === id)?.record.workerId;
        expect([note, by === name]).toEqual([note, answer === 'recorded']);
      }
    }
    // The victim may have died with a lock half made: such a file has no name that anybody looks at.
    expect(readdirSync(layout.locks).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it('Q5: of 8 processes that find three tasks of a killed one, each takes what no other takes, within seconds', async () => {
    await openQueue().add([
      { id: 'a', prompt: 'p' },
      { id: 'b', prompt: 'p' },
      { id: 'c', prompt: 'p' },
    ]);
    const victim = start('hold', 'victim');
    await new Promise((resolve) => victim.once('message', resolve));
    victim.kill('SIGKILL');
    await ended(victim);
    const began = performance.now();
    const names = Array.from({ length: PROCESSES }, (_, index) => `worker_${index}`);
    await Promise.all(names.map((name) => ended(start('work', name))));
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(names.flatMap(notesFor).toSorted()).toEqual(['recorded a 1', 'recorded b 1', 'recorded c 1']);
    const takeovers = logLines().filter(
      (line) => line.status === 'in_progress' && line.supersedes !== undefined,
    );
    expect(takeovers.map((line) => line.task_id).toSorted()).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  });

  it('100 adds by 4 processes at the same time, while 4 others work, lose nothing', async () => {
    const adders = Array.from({ length: 4 }, (_, index) => start('add', `adder_${index}`, index * 25, 25));
    const names = Array.from({ length: 4 }, (_, index) => `worker_${index}`);
    const early = names.map((name) => start('work', name));
    expect(await Promise.all([...adders, ...early].map(ended))).toEqual([...adders, ...early].map(() => 0));
    await ended(start('work', 'last'));
    const views = await openQueue().list();
    expect(views.map(({ task }) => task.id).toSorted()).toEqual(
      Array.from({ length: 100 }, (_, index) => `t${index}`).toSorted(),
    );
    expect(views.every(({ status }) => status === 'completed')).toBe(true);
    expect([...names, 'last'].flatMap(notesFor)).toHaveLength(100);
  });

  it('Q8: a process that finds the log torn by a kill works on behind the fragment', async () => {
    const queue = openQueue();
    await queue.add([{ id: 'a', prompt: 'p' }]);
    const { files } = createNodeMachine();
    files.append(layout.log('execution'), '{"task_id":"a","worker_id":"worker_torn","status":"in_pro');
    await ended(start('work', 'worker_1'));
    expect(notesFor('worker_1')).toEqual(['recorded a 1']);
    const outcome = { kind: 'failed', error: 'late', errorCode: 'internal', cost: nanoUsd(0) } as const;
    const [view] = await queue.list();
    if (view === undefined) throw new Error('the task is gone');
    const claim = {
      task: view.task,
      digest: view.digest,
      round: 1,
      attempt: 1,
      faults: 0,
      outages: 0,
      workerId: workerId('worker_torn'),
    };
    expect(await queue.finish(claim, outcome)).toBe('lost');
  });
});
