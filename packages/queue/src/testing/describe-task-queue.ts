/**
 * What every engine of the port `TaskQueue` promises. Each title cites the promise of architecture §4 it tests; engines are compared by nothing
 * else. A world is a home in which several processes work; the suite holds their time.
 */
import { runId, workerId, type WorkerId } from '@vivarium/core';
import { createTaskFold, type Claim, type NewTask, type TaskQueue } from '@vivarium/contracts';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  completed,
  deferred,
  failed,
  faulty,
  newTask,
  released,
  type TaskQueueWorld,
  type TaskQueueWorldFactory,
} from './task-queue-world.ts';

const LEASE_MS = 15_000;
const STEP_MS = 250;

export function describeTaskQueue(name: string, createWorld: TaskQueueWorldFactory): void {
  let world: TaskQueueWorld;
  let queue: TaskQueue;
  const w1 = workerId('worker_1');
  const w2 = workerId('worker_2');

  beforeEach(() => {
    world = createWorld();
    queue = world.open().queue;
  });

  /** Adds and expects no refusal. */
  const add = async (...tasks: readonly NewTask[]): Promise<void> => {
    expect((await queue.add(tasks)).rejected).toEqual([]);
  };
  const claimAll = async (from: TaskQueue, worker: WorkerId, slots = 1): Promise<readonly Claim[]> => {
    const answer = await from.claim(worker, slots);
    return answer.kind === 'claimed' ? answer.claims : [];
  };
  const claimOne = async (from: TaskQueue, worker: WorkerId): Promise<Claim> => {
    const [claim] = await claimAll(from, worker);
    if (claim === undefined) throw new Error('nothing could be claimed');
    return claim;
  };
  const statusOf = async (id: string): Promise<string | undefined> =>
    (await queue.list()).find(({ task }) => task.id === id)?.status;
  const statuses = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await queue.list()).map(({ task, status }) => [task.id, status]));
  /** Lets time pass while others go on living and asking, as they do. */
  const pass = async (duration: number, each: () => unknown = () => undefined): Promise<void> => {
    for (let passed = 0; passed < duration; passed += STEP_MS) {
      world.advance(STEP_MS);
      await each();
    }
  };

  describe(name, () => {
    describe('the record decides', () => {
      it('Q1: a task that the record calls completed is not claimed, whoever wrote the line', async () => {
        await add(newTask('a'), newTask('b'));
        const at = '2026-02-03T22:42:06.798123';
        world.append({
          task_id: 'a',
          worker_id: 'worker_be021545',
          status: 'in_progress',
          timestamp: at,
          started_at: at,
        });
        world.append({
          task_id: 'a',
          worker_id: 'worker_be021545',
          status: 'completed',
          timestamp: at,
          completed_at: at,
          result_summary: 'Done',
          errors: null,
          model: null,
        });
        expect((await claimAll(queue, w1, 5)).map(({ task }) => task.id)).toEqual(['b']);
        expect(await statuses()).toEqual({ a: 'completed', b: 'in_progress' });
      });

      it('Q1: neither the status field of queue.json nor a lock without a holder says what state a task is in', async () => {
        await add(newTask('a'));
        world.edit((entries) => entries.map((entry) => ({ ...entry, status: 'pending' })));
        world.putLock({ worker_id: 'worker_unknown', started_at: '2026-02-03T22:42:06.798Z', task_id: 'a' });
        expect(await statusOf('a')).toBe('queued');
        expect((await claimOne(queue, w1)).task.id).toBe('a');
      });

      it('Q1: every line says who, what, when, in which run, round and attempt', async () => {
        await add(newTask('a'));
        const claim = await claimOne(queue, w1);
        expect(await queue.finish(claim, completed('first line\nsecond   line'))).toBe('recorded');
        const [claimed, ended] = world.lines();
        const joins = {
          run_id: 'run_1',
          round: 1,
          attempt: 1,
          task_digest: claim.digest,
          worker_id: w1,
          task_id: 'a',
        };
        expect(claimed).toMatchObject({
          ...joins,
          status: 'in_progress',
          event: 'task.claimed',
          timestamp: world.now.toISOString(),
        });
        expect(ended).toMatchObject({
          ...joins,
          status: 'completed',
          event: 'task.completed',
          result_summary: 'first line second line',
          cost: 0.0000068,
          cost_nano_usd: 6_800,
          provider: 'simulator',
          simulated: true,
        });
        expect(Object.keys(ended ?? {}).slice(0, 8)).toEqual([
          'task_id',
          'worker_id',
          'status',
          'timestamp',
          'completed_at',
          'result_summary',
          'errors',
          'model',
        ]);
        expect(claimed?.event_id).not.toBe(ended?.event_id);
        expect(claimed?.home).toMatch(/^home_/);
      });
    });

    describe('claiming', () => {
      it('Q2: of two claimers of one task one wins', async () => {
        await add(newTask('a'));
        const other = world.open().queue;
        const answers = await Promise.all([queue.claim(w1, 1), other.claim(w2, 1)]);
        expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['claimed', 'waiting']);
      });

      it('Q2: 50 workers race for 20 tasks, and each is claimed once', async () => {
        await add(...Array.from({ length: 20 }, (_, index) => newTask(`t${index}`)));
        const racers = Array.from({ length: 50 }, () => world.open().queue);
        const claims = await Promise.all(
          racers.map((racer, index) => claimAll(racer, workerId(`racer_${index}`))),
        );
        expect(
          claims
            .flat()
            .map(({ task }) => task.id)
            .toSorted(),
        ).toEqual(Array.from({ length: 20 }, (_, index) => `t${index}`).toSorted());
      });

      it('Q2: tasks are taken in the order of the queue', async () => {
        await add(newTask('c'), newTask('a'), newTask('b'));
        const ids = [await claimOne(queue, w1), await claimOne(queue, w1), await claimOne(queue, w1)].map(
          ({ task }) => task.id,
        );
        expect(ids).toEqual(['c', 'a', 'b']);
      });

      it('Q3: a lock shows who holds a task, and goes with its end', async () => {
        await add(newTask('a'), newTask('b'));
        const claim = await claimOne(queue, w1);
        expect(world.lockedTasks()).toEqual(['a']);
        await queue.finish(claim, completed());
        expect(world.lockedTasks()).toEqual([]);
      });

      it('Q3: a lock left by a worker that is gone keeps nobody from its task', async () => {
        await add(newTask('a'));
        world.putLock({
          worker_id: 'worker_gone',
          started_at: '2026-02-03T22:42:06.798Z',
          task_id: 'a',
          round: 1,
          attempt: 1,
        });
        expect((await claimOne(queue, w1)).task.id).toBe('a');
      });

      it('Q3: a lock that another worker has just taken is respected, and that worker is waited for', async () => {
        await add(newTask('a'));
        const other = world.open().queue;
        other.beat(w2, 0);
        world.putLock({
          worker_id: w2,
          started_at: world.now.toISOString(),
          task_id: 'a',
          round: 1,
          attempt: 1,
        });
        expect(await queue.claim(w1, 1)).toMatchObject({ kind: 'waiting' });
        await pass(LEASE_MS / 2, () => queue.claim(w1, 0));
        expect((await queue.claim(w1, 1)).kind).toBe('waiting');
        await pass(LEASE_MS, () => queue.claim(w1, 1));
        expect(await statusOf('a')).toBe('in_progress');
      });

      it('Q3: locks left behind are gone when the queue is drained', async () => {
        await add(newTask('a'));
        await queue.finish(await claimOne(queue, w1), completed());
        world.putLock({
          worker_id: 'worker_gone',
          started_at: world.now.toISOString(),
          task_id: 'a',
          round: 1,
          attempt: 1,
        });
        expect(await queue.claim(w1, 1)).toEqual({ kind: 'drained', deferred: 0 });
        expect(world.lockedTasks()).toEqual([]);
      });

      it('Q6: a worker with several free slots fills them in one step', async () => {
        await add(...Array.from({ length: 6 }, (_, index) => newTask(`t${index}`)));
        expect(await claimAll(queue, w1, 4)).toHaveLength(4);
        expect(await claimAll(queue, w1, 4)).toHaveLength(2);
        expect(await queue.claim(w1, 4)).toMatchObject({ kind: 'waiting' });
      });

      it('Q6: a claim and its finish cost the same after 3,000 tasks as after 10, and with 3,000 still to come', async () => {
        const cost = async (before: number, after: number): Promise<number> => {
          world = createWorld();
          queue = world.open().queue;
          await add(...Array.from({ length: before + after }, (_, index) => newTask(`t${index}`)));
          const writer = world.open().queue;
          for (let done = 0; done < before; done += 100) {
            for (const claim of await claimAll(writer, w2, Math.min(100, before - done)))
              await writer.finish(claim, completed());
          }
          await queue.claim(w1, 0);
          const from = world.operations;
          for (let round = 0; round < 10; round += 1)
            await queue.finish(await claimOne(queue, w1), completed());
          return world.operations - from;
        };
        const small = await cost(10, 10);
        expect(await cost(3_000, 10)).toBe(small);
        expect(await cost(10, 3_000)).toBe(small);
      });
    });

    describe('finishing', () => {
      it('Q4: a late finish answers lost and changes nothing', async () => {
        await add(newTask('a'));
        const first = world.open();
        const late = await claimOne(first.queue, w1);
        first.queue.leave(w1);
        await pass(2_000, () => queue.claim(w2, 0));
        const taken = await claimOne(queue, w2);
        expect(taken).toMatchObject({ attempt: 2, round: 1 });
        expect(await first.queue.finish(late, completed('late'))).toBe('lost');
        expect(await statusOf('a')).toBe('in_progress');
        expect(world.lockedTasks()).toEqual(['a']);
        expect(await queue.finish(taken, completed('in time'))).toBe('recorded');
        expect((await queue.list())[0]?.record).toMatchObject({
          status: 'completed',
          summary: 'in time',
          workerId: w2,
        });
      });

      it('Q4: an end of an earlier attempt is lost, also when the same worker holds the task again by now', async () => {
        await add(newTask('a'));
        const first = world.open();
        const late = await claimOne(first.queue, w1);
        first.queue.leave(w1);
        await pass(2_000, () => queue.claim(w2, 0));
        await queue.finish(await claimOne(queue, w2), released);
        const again = await claimOne(first.queue, w1);
        expect(again).toMatchObject({ attempt: 3, workerId: w1 });
        expect(await first.queue.finish(late, failed)).toBe('lost');
        expect(await statusOf('a')).toBe('in_progress');
        expect(await first.queue.finish(again, completed('in time'))).toBe('recorded');
        expect((await queue.list())[0]?.record).toMatchObject({ status: 'completed', attempt: 3 });
      });

      it('Q4: of two finishes of one attempt the first counts', async () => {
        await add(newTask('a'));
        const claim = await claimOne(queue, w1);
        expect(await queue.finish(claim, completed('first'))).toBe('recorded');
        expect(await queue.finish(claim, failed)).toBe('lost');
        expect((await queue.list())[0]?.record).toMatchObject({ status: 'completed', summary: 'first' });
      });

      it('Q4: the finish of a task that was cancelled meanwhile answers lost', async () => {
        await add(newTask('a'));
        const claim = await claimOne(queue, w1);
        const at = world.now.toISOString();
        world.append({
          task_id: 'a',
          worker_id: 'orchestrator',
          status: 'cancelled',
          event: 'task.cancelled',
          event_id: 'evt_c',
          timestamp: at,
          completed_at: at,
          result_summary: null,
          errors: 'not wanted',
          round: 1,
          attempt: 1,
        });
        expect(await queue.finish(claim, completed())).toBe('lost');
        expect(await statusOf('a')).toBe('cancelled');
      });

      it('Q7: a task that ended is never claimed again, whatever its end', async () => {
        await add(newTask('a'), newTask('b'), newTask('c'));
        const outcomes = [completed(), failed, { kind: 'refused', reason: 'rule', ruleIds: ['r1'] } as const];
        for (const outcome of outcomes) await queue.finish(await claimOne(queue, w1), outcome);
        expect(await queue.claim(w1, 3)).toEqual({ kind: 'drained', deferred: 0 });
        expect(await world.open({ runId: runId('run_2') }).queue.claim(w2, 3)).toEqual({
          kind: 'drained',
          deferred: 0,
        });
        expect(await statuses()).toEqual({ a: 'completed', b: 'failed', c: 'refused' });
      });

      it('Q7: a task edited after its end is new work in the next round; one whose budget changed is not', async () => {
        await add(newTask('a'), newTask('b'));
        for (const claim of await claimAll(queue, w1, 2)) await queue.finish(claim, completed('old'));
        world.edit((entries) =>
          entries.map((entry) =>
            entry.id === 'a' ? { ...entry, prompt: 'something else' } : { ...entry, max_budget: 0.5 },
          ),
        );
        const claims = await claimAll(queue, w1, 2);
        expect(claims).toMatchObject([{ task: { id: 'a', prompt: 'something else' }, round: 2, attempt: 1 }]);
        for (const claim of claims) expect(await queue.finish(claim, completed('new'))).toBe('recorded');
        expect((await queue.list())[0]?.record).toMatchObject({ round: 2, summary: 'new' });
        expect(await queue.claim(w1, 2)).toEqual({ kind: 'drained', deferred: 0 });
      });

      it('Q7: a task edited while it is worked on ends as what it was, and then runs as what it is', async () => {
        await add(newTask('a'));
        const claim = await claimOne(queue, w1);
        world.edit((entries) => entries.map((entry) => ({ ...entry, prompt: 'something else' })));
        expect((await queue.claim(w1, 1)).kind).toBe('waiting');
        expect(await queue.finish(claim, completed())).toBe('recorded');
        expect(await claimOne(queue, w1)).toMatchObject({
          round: 2,
          attempt: 1,
          task: { prompt: 'something else' },
        });
      });

      it('Q7: a task that was reopened is claimed in the next round', async () => {
        await add(newTask('a'));
        const claim = await claimOne(queue, w1);
        await queue.finish(claim, failed);
        world.append({
          task_id: 'a',
          worker_id: 'orchestrator',
          status: 'queued',
          event: 'task.reopened',
          event_id: 'evt_r',
          timestamp: world.now.toISOString(),
          reason: 'asked',
          round: 2,
          attempt: 0,
          task_digest: claim.digest,
        });
        expect(await claimOne(queue, w1)).toMatchObject({ round: 2, attempt: 1, faults: 0 });
      });

      it('Q8: a line that stands twice in the log counts once', async () => {
        await add(newTask('a'));
        await queue.finish(await claimOne(queue, w1), completed());
        for (const line of world.lines().slice()) world.append(line);
        expect((await queue.list())[0]?.record).toMatchObject({
          status: 'completed',
          round: 1,
          attempt: 1,
          cost: 6_800,
        });
      });
    });

    describe('workers that fall silent', () => {
      it('Q5: the claim of a worker whose process is gone is taken over within seconds', async () => {
        await add(newTask('a'));
        const first = world.open();
        await claimOne(first.queue, w1);
        expect((await queue.claim(w2, 1)).kind).toBe('waiting');
        first.kill();
        await pass(1_000, () => queue.claim(w2, 0));
        expect(await claimOne(queue, w2)).toMatchObject({ attempt: 2, faults: 1 });
        expect(world.lines().at(-1)).toMatchObject({
          supersedes: { worker_id: w1, attempt: 1, why: 'holder_gone' },
        });
      });

      it('Q5: the claim of a worker that left is taken over at once', async () => {
        await add(newTask('a'));
        const first = world.open().queue;
        await claimOne(first, w1);
        first.leave(w1);
        expect(await claimOne(queue, w2)).toMatchObject({ attempt: 2 });
      });

      it('Q5: the claim of a worker whose beat stands still is taken over after the lease time, not before', async () => {
        await add(newTask('a'));
        await claimOne(world.open().queue, w1);
        await pass(LEASE_MS - 1_000, async () => expect((await queue.claim(w2, 1)).kind).toBe('waiting'));
        await pass(3_000, () => queue.claim(w2, 0));
        expect(await claimOne(queue, w2)).toMatchObject({ attempt: 2 });
        expect(world.lines().at(-1)).toMatchObject({
          supersedes: { worker_id: w1, attempt: 1, why: 'beat_stood_still' },
        });
      });

      it('Q5: a worker that beats keeps its task for ten leases', async () => {
        await add(newTask('a'));
        const first = world.open().queue;
        const claim = await claimOne(first, w1);
        await pass(10 * LEASE_MS, async () => {
          first.beat(w1, 1);
          expect((await queue.claim(w2, 1)).kind).toBe('waiting');
        });
        expect(await first.finish(claim, completed())).toBe('recorded');
      });

      it('Q5: a jump of the wall clock by an hour, either way, takes nothing from anybody', async () => {
        await add(newTask('a'));
        const first = world.open().queue;
        const claim = await claimOne(first, w1);
        for (const jump of [3_600_000, -7_200_000]) {
          expect((await queue.claim(w2, 1)).kind).toBe('waiting');
          world.setWall(new Date(world.now.getTime() + jump));
          await pass(2_000, async () => expect((await queue.claim(w2, 1)).kind).toBe('waiting'));
        }
        expect(await first.finish(claim, completed())).toBe('recorded');
      });

      it('Q5: a worker that was itself asleep takes nothing from one that was asleep as well', async () => {
        await add(newTask('a'));
        const first = world.open().queue;
        const claim = await claimOne(first, w1);
        expect((await queue.claim(w2, 1)).kind).toBe('waiting');
        world.advance(100 * LEASE_MS);
        expect((await queue.claim(w2, 1)).kind).toBe('waiting');
        first.beat(w1, 1);
        await pass(LEASE_MS - 1_000, async () => expect((await queue.claim(w2, 1)).kind).toBe('waiting'));
        expect(await first.finish(claim, completed())).toBe('recorded');
      });

      it('Q5: a worker whose slots are full watches the others by its beat', async () => {
        await add(newTask('a'), newTask('b'));
        await claimOne(world.open().queue, w1);
        const own = await claimOne(queue, w2);
        await pass(LEASE_MS + 2_000, () => queue.beat(w2, 1));
        await queue.finish(own, completed());
        expect(await claimOne(queue, w2)).toMatchObject({ task: { id: 'a' }, attempt: 2 });
      });

      it('Q5: of 50 workers that find a dead one, one takes its task over', async () => {
        await add(newTask('a'));
        const first = world.open();
        await claimOne(first.queue, w1);
        first.kill();
        const racers = Array.from({ length: 50 }, () => world.open().queue);
        const claims = await Promise.all(
          racers.map((racer, index) => claimAll(racer, workerId(`racer_${index}`))),
        );
        expect(claims.flat()).toMatchObject([{ attempt: 2 }]);
      });

      it('Q5: a task that takes its workers down again and again is failed, and says so', async () => {
        await add(newTask('poison', { attempts: 4 }), newTask('good'));
        for (let death = 1; death <= 4; death += 1) {
          const victim = world.open();
          const claim = await claimOne(victim.queue, workerId(`victim_${death}`));
          expect(claim).toMatchObject({ task: { id: 'poison' }, attempt: death, faults: death - 1 });
          victim.kill();
        }
        expect((await claimOne(queue, w1)).task.id).toBe('good');
        const [poison] = await queue.list();
        expect(poison).toMatchObject({
          status: 'failed',
          record: { reason: expect.stringContaining('victim_4') },
        });
        expect(world.lockedTasks()).toEqual(['good']);
      });

      it('Q8: a crash at any point of a claim or a finish leaves the task to the next worker, and no end twice', async () => {
        await add(newTask('a'));
        const first = world.open();
        await claimOne(first.queue, w1);
        first.kill();
        const second = world.open({ runId: runId('run_2') });
        const claim = await claimOne(second.queue, w2);
        expect(await second.queue.finish(claim, completed())).toBe('recorded');
        second.kill();
        const fold = createTaskFold();
        const ends = world
          .lines()
          .filter((line) => fold.apply(line) === 'applied' && line.status === 'completed');
        expect(ends).toHaveLength(1);
        expect(
          await world.open({ runId: runId('run_3') }).queue.claim(workerId('worker_3'), 1),
        ).toMatchObject({ kind: 'drained' });
      });
    });

    describe('what waits for what', () => {
      it('Q10: a chain runs in its order, one after the other', async () => {
        await add(newTask('c', { depends_on: ['b'] }), newTask('b', { depends_on: ['a'] }), newTask('a'));
        const order: string[] = [];
        for (let step = 0; step < 3; step += 1) {
          const claims = await claimAll(queue, w1, 3);
          expect(claims).toHaveLength(1);
          for (const claim of claims) {
            order.push(claim.task.id);
            expect(await queue.claim(w2, 1)).toMatchObject({ kind: 'waiting' });
            await queue.finish(claim, completed());
          }
        }
        expect(order).toEqual(['a', 'b', 'c']);
        expect((await queue.claim(w1, 1)).kind).toBe('drained');
      });

      it('Q10: unknown, cyclic and self-made dependencies are refused by name, with what depends on them; the rest is added', async () => {
        const answer = await queue.add([
          newTask('good'),
          newTask('unknown', { depends_on: ['nowhere'] }),
          newTask('x', { depends_on: ['y'] }),
          newTask('y', { depends_on: ['x'] }),
          newTask('self', { depends_on: ['self'] }),
          newTask('after', { depends_on: ['good', 'x'] }),
          newTask('also good', { depends_on: ['good'] }),
        ]);
        expect(answer.added.map(({ id }) => id)).toEqual(['good', 'also good']);
        const reasons = Object.fromEntries(answer.rejected.map(({ id, reason }) => [id, reason]));
        expect(reasons['unknown']).toContain('"nowhere"');
        expect(reasons['x']).toContain('"x" → "y" → "x"');
        expect(reasons['y']).toContain('"y" → "x" → "y"');
        expect(reasons['self']).toContain('itself');
        expect(reasons['after']).toContain('"x"');
        expect((await queue.list()).map(({ task }) => task.id)).toEqual(['good', 'also good']);
      });

      it.each([
        ['failed', failed],
        ['refused', { kind: 'refused', reason: 'rule', ruleIds: [] } as const],
      ])(
        'Q10: what depends on a task that %s is skipped, and what depends on that as well, by name',
        async (_, outcome) => {
          await add(
            newTask('a'),
            newTask('b', { depends_on: ['a'] }),
            newTask('c', { depends_on: ['b'] }),
            newTask('d'),
          );
          await queue.finish(await claimOne(queue, w1), outcome);
          expect((await claimOne(queue, w1)).task.id).toBe('d');
          expect(await statuses()).toMatchObject({ b: 'skipped', c: 'skipped', d: 'in_progress' });
          const skipped = world.lines().filter(({ status }) => status === 'skipped');
          expect(skipped).toMatchObject([
            { task_id: 'b', dependency: 'a' },
            { task_id: 'c', dependency: 'b' },
          ]);
          expect(skipped[0]).toMatchObject({ errors: expect.stringContaining('"a"') });
        },
      );

      it('Q11: a wait of seconds stays one of seconds when the wall clock is set back, before or while somebody waits', async () => {
        await add(newTask('a'));
        const [before, during] = [world.open().queue, queue];
        await before.finish(await claimOne(before, w1), faulty(5_000));
        expect((await during.claim(w1, 1)).kind).toBe('waiting');
        world.setWall(new Date(world.now.getTime() - 7_200_000));
        const after = world.open().queue;
        for (const each of [during, after]) expect((await each.claim(w2, 1)).kind).toBe('waiting');
        world.advance(4_000);
        for (const each of [during, after]) expect((await each.claim(w2, 1)).kind).toBe('waiting');
        world.advance(1_000);
        await after.finish(await claimOne(after, w2), faulty(5_000));
        await pass(5_000);
        expect((await claimOne(during, w1)).task.id).toBe('a');
      });

      it('Q10: a dependency that is tried again skips nobody', async () => {
        await add(newTask('a'), newTask('b', { depends_on: ['a'] }));
        await queue.finish(await claimOne(queue, w1), faulty(5_000));
        expect((await queue.claim(w1, 1)).kind).toBe('waiting');
        expect(await statuses()).toEqual({ a: 'retrying', b: 'blocked' });
        world.advance(5_000);
        await queue.finish(await claimOne(queue, w1), completed());
        expect((await claimOne(queue, w1)).task.id).toBe('b');
      });

      it('Q10: a task waits for all of its dependencies, and one failure among many is enough to skip it at once', async () => {
        const many = Array.from({ length: 30 }, (_, index) => newTask(`t${index}`));
        await add(
          ...many,
          newTask('all', { depends_on: many.map(({ id }) => id) }),
          newTask('none', { depends_on: many.map(({ id }) => id) }),
        );
        const claims = await claimAll(queue, w1, 30);
        for (const claim of claims.slice(1, 20)) await queue.finish(claim, completed());
        await queue.finish(claims[25] as Claim, failed);
        expect((await queue.claim(w1, 1)).kind).toBe('waiting');
        expect(await statuses()).toMatchObject({ all: 'skipped', none: 'skipped', t0: 'in_progress' });
      });
    });

    describe('waiting', () => {
      it('Q11: two runs at once do not hand each other a task that neither can do; opened again, it may be tried anew', async () => {
        await add(newTask('a'));
        const other = world.open({ runId: runId('run_2') }).queue;
        await queue.finish(await claimOne(queue, w1), deferred(null));
        await other.finish(await claimOne(other, w2), deferred(null));
        for (let n = 0; n < 3; n += 1) {
          expect(await queue.claim(w1, 1)).toEqual({ kind: 'drained', deferred: 1 });
          expect(await other.claim(w2, 1)).toEqual({ kind: 'drained', deferred: 1 });
        }
        await queue.retry(['a'], 'a cap was raised');
        expect(await claimOne(other, w2)).toMatchObject({ task: { id: 'a' }, attempt: 3 });
      });

      it('Q11: a deferral is no failure: the task is left alone for this run and claimed in the next', async () => {
        await add(newTask('a'), newTask('b', { depends_on: ['a'] }));
        await queue.finish(await claimOne(queue, w1), deferred(null));
        expect(await queue.claim(w1, 1)).toEqual({ kind: 'drained', deferred: 1 });
        expect(await statuses()).toEqual({ a: 'deferred', b: 'blocked' });
        const next = world.open({ runId: runId('run_2') }).queue;
        expect(await claimOne(next, w2)).toMatchObject({
          task: { id: 'a' },
          round: 1,
          attempt: 2,
          faults: 0,
        });
      });

      it('Q11: a deferral with a time ends at that time, in the same run', async () => {
        await add(newTask('a'));
        const until = new Date(world.now.getTime() + 60_000);
        await queue.finish(await claimOne(queue, w1), deferred(until));
        expect((await queue.claim(w1, 1)).kind).toBe('waiting');
        world.advance(59_900);
        expect(await queue.claim(w1, 1)).toEqual({ kind: 'waiting', wakeInMs: 100 });
        world.advance(100);
        expect((await claimOne(queue, w1)).faults).toBe(0);
      });

      it('Q11: a task that is given back can be claimed at once, and any number of times, without blame', async () => {
        await add(newTask('a'));
        for (let attempt = 1; attempt <= 10; attempt += 1) {
          const claim = await claimOne(queue, w1);
          expect(claim).toMatchObject({ attempt, faults: 0 });
          expect(await queue.finish(claim, released)).toBe('recorded');
        }
        expect(await statusOf('a')).toBe('queued');
      });

      it('Q7: a task whose faults pass the limit is failed, and keeps what its attempts cost', async () => {
        await add(newTask('a', { attempts: 3 }));
        for (let attempt = 1; attempt <= 3; attempt += 1) {
          const claim = await claimOne(queue, w1);
          expect(claim).toMatchObject({ attempt, faults: attempt - 1 });
          await queue.finish(claim, faulty());
        }
        expect((await queue.list())[0]).toMatchObject({
          status: 'failed',
          record: { errorCode: 'provider_unavailable' },
        });
        expect((await queue.claim(w1, 1)).kind).toBe('drained');
      });

      it('Q7: a task is tried four times unless it says otherwise, and faults of one kind have one fingerprint', async () => {
        await add(newTask('a'), newTask('once', { attempts: 1, priority: -1 }));
        const prints = new Set<string | undefined>();
        for (let attempt = 1; attempt <= 4; attempt += 1) {
          await queue.finish(await claimOne(queue, w1), faulty());
          const [a, once] = await queue.list();
          expect([a?.status, once?.status]).toEqual([attempt < 4 ? 'retrying' : 'failed', 'queued']);
          prints.add(a?.record.fingerprint);
        }
        expect([...prints]).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/)]);
        await queue.finish(await claimOne(queue, w1), faulty());
        expect((await queue.list())[1]?.status).toBe('failed');
      });

      it('Q11: an outage of the provider is waited out beyond the limit on attempts, and not for ever', async () => {
        await add(newTask('a', { attempts: 1 }));
        let attempts = 0;
        for (; attempts < 100; attempts += 1) {
          const answer = await queue.claim(w1, 1);
          if (answer.kind !== 'claimed') break;
          expect(answer.claims[0]).toMatchObject({ faults: 0, outages: attempts });
          for (const claim of answer.claims) await queue.finish(claim, faulty(0, 'upstream'));
        }
        expect(attempts).toBeGreaterThan(20);
        expect((await queue.list())[0]?.status).toBe('failed');
      });

      it('Q2: the highest priority goes first, and equals in the order of the queue', async () => {
        await add(
          newTask('low', { priority: -1 }),
          newTask('a'),
          newTask('high', { priority: 7 }),
          newTask('b'),
          newTask('higher', { priority: 8 }),
        );
        const order: string[] = [];
        for (let count = 0; count < 5; count += 1) order.push((await claimOne(queue, w1)).task.id);
        expect(order).toEqual(['higher', 'high', 'a', 'b', 'low']);
      });

      it('a task with a date is not claimed before it, by the wall clock, and is no reason to end', async () => {
        const at = new Date(world.now.getTime() + 60_000).toISOString();
        await add(newTask('later', { not_before: at }));
        expect(await queue.claim(w1, 1)).toMatchObject({ kind: 'waiting' });
        world.advance(59_000);
        expect(await queue.claim(w1, 1)).toMatchObject({ kind: 'waiting' });
        world.advance(1_100);
        expect((await claimOne(queue, w1)).task.id).toBe('later');
      });

      it('Q7, Q10: retry opens the next round of a task that ended, with what was skipped for its sake', async () => {
        await add(
          newTask('a'),
          newTask('b', { depends_on: ['a'] }),
          newTask('c', { depends_on: ['b'] }),
          newTask('other'),
        );
        await queue.finish(await claimOne(queue, w1), failed);
        await queue.finish(await claimOne(queue, w1), completed());
        expect((await queue.claim(w1, 1)).kind).toBe('drained');
        const answer = await queue.retry(['a', 'missing'], 'asked');
        expect(answer.changed).toEqual(['a', 'b', 'c']);
        expect(answer.rejected).toEqual([
          { id: 'missing', reason: 'there is no task "missing" in the queue' },
        ]);
        for (const id of ['a', 'b', 'c']) {
          const claim = await claimOne(queue, w1);
          expect(claim).toMatchObject({ task: { id }, round: 2, attempt: 1, faults: 0 });
          await queue.finish(claim, completed());
        }
        expect((await queue.claim(w1, 1)).kind).toBe('drained');
      });

      it('Q7: retry lets what waits go now, and refuses what is worked on, waits to be claimed, or was edited', async () => {
        await add(newTask('waits'), newTask('defers'), newTask('held'), newTask('queued'));
        await queue.finish(await claimOne(queue, w1), faulty(600_000));
        await queue.finish(await claimOne(queue, w1), deferred(null));
        await claimOne(queue, w1);
        const answer = await queue.retry(['waits', 'defers', 'held', 'queued'], 'now');
        expect(answer.changed).toEqual(['waits', 'defers']);
        expect(answer.rejected.map(({ reason }) => reason)).toEqual([
          expect.stringContaining('is being worked on by'),
          expect.stringContaining('has not ended'),
        ]);
        expect(await claimOne(queue, w1)).toMatchObject({ task: { id: 'queued' } });
        expect(await claimOne(queue, w1)).toMatchObject({
          task: { id: 'waits' },
          round: 1,
          attempt: 2,
          faults: 1,
        });
        expect(await claimOne(queue, w1)).toMatchObject({ task: { id: 'defers' }, round: 1, attempt: 2 });
      });

      it('Q4, Q10: cancel ends what has not ended; who works on it answers lost, and dependants are skipped', async () => {
        await add(
          newTask('held'),
          newTask('queued'),
          newTask('after', { depends_on: ['held'] }),
          newTask('done'),
        );
        const held = await claimOne(queue, w1);
        const other = world.open().queue;
        const answer = await other.cancel(['held', 'queued'], 'no longer wanted');
        expect(answer).toEqual({ changed: ['held', 'queued'], rejected: [] });
        expect(await queue.finish(held, completed())).toBe('lost');
        await queue.finish(await claimOne(queue, w1), completed());
        expect((await queue.claim(w1, 1)).kind).toBe('drained');
        expect((await queue.list()).map(({ status }) => status)).toEqual([
          'cancelled',
          'cancelled',
          'skipped',
          'completed',
        ]);
        expect((await queue.list())[0]?.record.reason).toBe('no longer wanted');
        expect((await other.cancel(['done'], 'x')).rejected).toEqual([
          { id: 'done', reason: '"done" is over: completed' },
        ]);
        expect(world.lockedTasks()).toEqual([]);
      });

      it('Q7: of two operators that retry one task at once, it begins one round', async () => {
        await add(newTask('a'));
        await queue.finish(await claimOne(queue, w1), failed);
        const answers = await Promise.all([
          world.open().queue.retry(['a'], 'x'),
          world.open().queue.retry(['a'], 'y'),
        ]);
        expect(answers.flatMap(({ changed }) => changed)).toEqual(['a']);
        expect(await claimOne(queue, w1)).toMatchObject({ round: 2, attempt: 1 });
      });

      it('Q9: a queue is not drained while anybody works, and is at the first question after the last end', async () => {
        await add(newTask('a'));
        const other = world.open().queue;
        const claim = await claimOne(other, w2);
        expect((await queue.claim(w1, 1)).kind).toBe('waiting');
        await other.finish(claim, completed());
        expect(await queue.claim(w1, 1)).toEqual({ kind: 'drained', deferred: 0 });
      });

      it('Q9: an added task calls those who watch, and can be claimed at the next question', async () => {
        const idle = world.open().queue;
        expect((await idle.claim(w2, 1)).kind).toBe('drained');
        let calls = 0;
        const stop = idle.watch(() => {
          calls += 1;
        });
        await add(newTask('a'));
        await new Promise((resolve) => setImmediate(resolve));
        expect(calls).toBeGreaterThan(0);
        expect((await claimOne(idle, w2)).task.id).toBe('a');
        stop();
        const before = calls;
        await add(newTask('b'));
        await new Promise((resolve) => setImmediate(resolve));
        expect(calls).toBe(before);
      });
    });

    describe('adding', () => {
      it('Q10: an id that is already there is refused, in the queue and in the list itself', async () => {
        await add(newTask('a'));
        const answer = await queue.add([newTask('a'), newTask('b'), newTask('b', { prompt: 'again' })]);
        expect(answer.added.map(({ id }) => id)).toEqual(['b']);
        expect(answer.rejected.map(({ index }) => index)).toEqual([0, 2]);
        expect((await queue.list()).map(({ task }) => task.prompt)).toEqual(['work on a', 'work on b']);
      });

      it('a hundred adds at the same time, while workers claim, lose nothing', async () => {
        const adders = Array.from({ length: 10 }, () => world.open().queue);
        const seen = new Set<string>();
        const worker = world.open().queue;
        const adds = Array.from({ length: 100 }, (_, index) =>
          (adders[index % 10] ?? queue).add([newTask(`t${index}`)]),
        );
        for (let round = 0; round < 50; round += 1) {
          for (const claim of await claimAll(worker, w2, 3)) {
            expect(seen.has(claim.task.id)).toBe(false);
            seen.add(claim.task.id);
            await worker.finish(claim, completed());
          }
          await Promise.resolve();
        }
        for (const answer of await Promise.all(adds)) expect(answer.rejected).toEqual([]);
        for (const claim of await claimAll(worker, w2, 100)) seen.add(claim.task.id);
        expect(seen.size).toBe(100);
      });

      it('a dependency may be on a task that ended and has left the queue', async () => {
        await add(newTask('a'), newTask('b'));
        await queue.finish(await claimOne(queue, w1), completed());
        await queue.finish(await claimOne(queue, w1), failed);
        world.edit(() => []);
        await add(newTask('c', { depends_on: ['a'] }), newTask('d', { depends_on: ['b'] }));
        expect((await claimOne(queue, w1)).task.id).toBe('c');
        expect(await statusOf('d')).toBe('skipped');
      });

      it('Q3: ids that look like paths, devices or each other stay apart', async () => {
        const hostile = [
          '../x',
          'a/b',
          'CON',
          'case',
          'CASE',
          '.',
          '..',
          'x'.repeat(120),
          'ä'.repeat(60),
          'a b',
          '%2e',
          '{"a":1}',
        ];
        await add(...hostile.map((id) => newTask(id)));
        const claims = await claimAll(queue, w1, hostile.length);
        expect(claims.map(({ task }) => task.id)).toEqual(hostile);
        expect(world.lockedTasks()).toEqual(hostile.toSorted());
        for (const claim of claims) expect(await queue.finish(claim, completed())).toBe('recorded');
        expect(world.lockedTasks()).toEqual([]);
      });
    });
  });
}
