/**
 * A model of the queue for property tests: three workers that add, claim, finish, beat, fall silent and are killed in any order, and a book
 * of what each was told. The engine is judged by that book alone, not by its own fold.
 */
import { runId, workerId, type WorkerId } from '@vivarium/core';
import { createTaskFold, isFinal, type Claim, type ClaimAnswer, type TaskOutcome } from '@vivarium/contracts';
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  completed,
  deferred,
  failed,
  faulty,
  newTask,
  released,
  type QueueProcess,
  type TaskQueueWorld,
} from './task-queue-world.ts';

const LEASE_MS = 4_000;
const worker = fc.nat(2);

const command = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('add'), needs: fc.array(fc.nat(5), { maxLength: 2 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('claim'), worker, slots: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('finish'),
      worker,
      which: fc.nat(3),
      outcome: fc.constantFrom(
        'completed',
        'failed',
        'retrying',
        'deferred',
        'deferred for good',
        'released',
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('beat'), worker }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill'), worker }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave'), worker }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.integer({ min: 1, max: 3_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('set wall'),
      ms: fc.integer({ min: -7_200_000, max: 7_200_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('edit'), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel'), worker, which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retry'), worker, which: fc.nat(5) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
export const scenarios: fc.Arbitrary<readonly Command[]> = fc.array(command, { minLength: 5, maxLength: 60 });

interface Player {
  readonly id: WorkerId;
  readonly process: QueueProcess;
  /** Claims it was given and has not finished. */
  readonly holds: Claim[];
  lastBeat: number;
  present: boolean;
}

/** Plays a scenario, holding the engine to the book at each step; then lets a last worker finish everything. */
export async function play(world: TaskQueueWorld, commands: readonly Command[]): Promise<void> {
  let names = 0;
  let monotonic = 0;
  let tasks = 0;
  /** Who was last given a task, and has neither finished it nor been told that it is lost. */
  const holders = new Map<string, { readonly player: Player; readonly claim: Claim }>();
  /** Final ends that were acknowledged: by task and round, with their mark. */
  const ends = new Map<string, string>();

  const join = (run = 'run_1'): Player => {
    names += 1;
    const process = world.open({ leaseMs: LEASE_MS, runId: runId(run) });
    return { id: workerId(`worker_${names}`), process, holds: [], lastBeat: monotonic, present: false };
  };
  const players = [join(), join(), join()];

  const receive = (player: Player, answer: ClaimAnswer): void => {
    if (!player.present) player.lastBeat = monotonic;
    player.present = true;
    for (const claim of answer.kind === 'claimed' ? answer.claims : []) {
      const { round, attempt, task } = claim;
      expect(ends.has(`${task.id}/${round}`), `${task.id} was given out after its end`).toBe(false);
      const before = holders.get(task.id);
      if (before !== undefined) {
        // Q5: only from one that is not there, and only by a later attempt.
        const silent = monotonic - before.player.lastBeat;
        expect(
          before.player.present && silent < LEASE_MS,
          `${task.id} was taken from a worker that was there`,
        ).toBe(false);
        expect([round, attempt]).toEqual([before.claim.round, before.claim.attempt + 1]);
      }
      holders.set(task.id, { player, claim });
      player.holds.push(claim);
    }
  };
  const finish = async (player: Player, claim: Claim, outcome: TaskOutcome, mark: string): Promise<void> => {
    player.holds.splice(player.holds.indexOf(claim), 1);
    const answer = await player.process.queue.finish(claim, outcome);
    const holds = holders.get(claim.task.id)?.claim === claim;
    // Q4: exactly the one in force may finish.
    expect([claim.task.id, answer]).toEqual([claim.task.id, holds ? 'recorded' : 'lost']);
    if (!holds) return;
    holders.delete(claim.task.id);
    if (outcome.kind === 'completed') {
      expect(ends.has(`${claim.task.id}/${claim.round}`)).toBe(false);
      ends.set(`${claim.task.id}/${claim.round}`, mark);
    }
  };

  for (const [step, it] of commands.entries()) {
    const index = 'worker' in it ? it.worker : 0;
    const player = players[index] ?? join();
    const { queue } = player.process;
    switch (it.kind) {
      case 'add': {
        const needs = [...new Set(it.needs.filter((need) => need < tasks).map((need) => `t${need}`))];
        await queue.add([newTask(`t${tasks}`, { depends_on: needs })]);
        tasks += 1;
        break;
      }
      case 'claim':
        receive(player, await queue.claim(player.id, it.slots));
        break;
      case 'finish': {
        const claim = player.holds[it.which % Math.max(1, player.holds.length)];
        if (claim !== undefined)
          await finish(player, claim, outcomeOf(it.outcome, `step ${step}`, world), `step ${step}`);
        break;
      }
      case 'beat':
        queue.beat(player.id, player.holds.length);
        player.lastBeat = monotonic;
        player.present = true;
        break;
      case 'kill':
        player.process.kill();
        player.present = false;
        players[index] = join();
        break;
      case 'leave':
        queue.leave(player.id);
        player.present = false;
        break;
      case 'pass':
        world.advance(it.ms);
        monotonic += it.ms;
        break;
      case 'set wall':
        world.setWall(new Date(world.now.getTime() + it.ms));
        break;
      case 'cancel': {
        const { changed } = await queue.cancel([`t${it.which}`], `step ${step}`);
        for (const id of changed) holders.delete(id);
        break;
      }
      case 'retry': {
        const { changed } = await queue.retry([`t${it.which}`], `step ${step}`);
        // Q7: never a task that somebody works on.
        for (const id of changed) expect(holders.has(id), `${id} was opened under its worker`).toBe(false);
        break;
      }
      case 'edit':
        world.edit((entries) =>
          entries.map((entry, position) =>
            position === it.which ? { ...entry, prompt: `edited at ${step}` } : entry,
          ),
        );
        break;
    }
  }

  for (const player of players) {
    player.process.kill();
    player.present = false;
  }
  await finishEverything(join('run_2'));

  async function finishEverything(last: Player): Promise<void> {
    for (let round = 0; ; round += 1) {
      const answer = await last.process.queue.claim(last.id, 3);
      receive(last, answer);
      if (answer.kind === 'drained') break;
      for (let claim = last.holds[0]; claim !== undefined; claim = last.holds[0])
        await finish(last, claim, completed(`last ${round}`), `last ${round}`);
      // Not before may lie hours ahead after the wall clock was set back.
      const hour = 3_600_000;
      world.advance(round < 60 ? 500 : hour);
      monotonic += round < 60 ? 500 : hour;
      last.process.queue.beat(last.id, 0);
      last.lastBeat = monotonic;
      expect(round, 'the queue does not come to an end').toBeLessThan(200);
    }
    const views = await last.process.queue.list();
    expect(views).toHaveLength(tasks);
    for (const { task, status, record } of views) {
      expect([task.id, isFinal(record.status)]).toEqual([task.id, true]);
      expect(status).toBe(record.status);
      const mark = ends.get(`${task.id}/${record.round}`);
      if (record.status === 'completed') expect(record.summary).toBe(mark);
      else expect(mark, `the recorded end of ${task.id} is gone`).toBeUndefined();
    }
    expect(world.lockedTasks()).toEqual([]);
    expectOneEndPerRound(world);
  }
}

function outcomeOf(kind: string, mark: string, world: TaskQueueWorld): TaskOutcome {
  switch (kind) {
    case 'completed':
      return completed(mark);
    case 'failed':
      return failed;
    case 'retrying':
      return faulty(1_000);
    case 'deferred':
      return deferred(new Date(world.now.getTime() + 2_000));
    case 'deferred for good':
      return deferred(null);
    default:
      return released;
  }
}

/** Q7: of all lines that speak of an end, one per task and round counts. */
function expectOneEndPerRound(world: TaskQueueWorld): void {
  const fold = createTaskFold();
  const ended = new Set<string>();
  for (const line of world.lines()) {
    if (fold.apply(line) !== 'applied' || !isFinal(line.status)) continue;
    const key = `${line.task_id}/${line.round}`;
    expect(ended.has(key), `${key} ended twice`).toBe(false);
    ended.add(key);
  }
}
