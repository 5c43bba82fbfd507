/**
 * What would break if the n-th call of the file system failed, were the last, stopped half way, or if another process came in just before it?
 * A small scenario is played once for every n.
 */
import { isVivariumError, runId, VivariumError, workerId } from '@vivarium/core';
import { createTaskFold, isFinal, type Claim, type TaskQueue } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { createFileWorld, type FileProcess, type FileWorld } from './testing/file-world.ts';
import { completed, failed, newTask } from './testing/task-queue-world.ts';

const w1 = workerId('worker_1');
const w2 = workerId('worker_2');

/** Three tasks in a chain with a side branch that fails and takes a fourth along. */
async function prepare(): Promise<FileWorld> {
  const world = createFileWorld();
  await world
    .open()
    .queue.add([
      newTask('a'),
      newTask('b', { depends_on: ['a'] }),
      newTask('bad'),
      newTask('after bad', { depends_on: ['bad'] }),
    ]);
  return world;
}
const EXPECTED = { a: 'completed', b: 'completed', bad: 'failed', 'after bad': 'skipped' };

/** What a worker does: claims, works, finishes; a call that fails with "may be tried again" is tried again. */
async function work(
  queue: TaskQueue,
  worker: typeof w1,
  recorded: string[],
  world: FileWorld,
): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    const answer = await again(() => queue.claim(worker, 2));
    if (answer.kind === 'drained') return;
    for (const claim of answer.kind === 'claimed' ? answer.claims : []) {
      const outcome = claim.task.id === 'bad' ? failed : completed(`by ${worker}`);
      if ((await again(() => queue.finish(claim, outcome))) === 'recorded') recorded.push(claim.task.id);
    }
    world.advance(250);
    await again(async () => queue.beat(worker, 0));
  }
  throw new Error('the queue does not come to an end');
}

async function again<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (isKilled(error) || tries === 5) throw error;
    }
  }
}

/** The process is no more: nothing of it runs on. */
class Killed extends Error {}
/** The layers between may have put it into an error of their own. */
const isKilled = (error: unknown): boolean =>
  error instanceof Error && (error instanceof Killed || isKilled(error.cause));

/** Ends the process just before its n-th file operation: no later one takes place. */
function killAt(process: FileProcess, n: number): void {
  let operations = 0;
  process.machine.files.intercept(() => {
    operations += 1;
    if (operations < n) return;
    process.kill();
    throw new Killed('killed');
  });
}

/** Plays the scenario without any fault and counts. */
async function count(kind: 'operations' | 'appends'): Promise<number> {
  const world = await prepare();
  const process = world.open();
  let seen = 0;
  process.machine.files.intercept((operation) => {
    if (kind === 'operations' || operation === 'append') seen += 1;
  });
  await work(process.queue, w1, [], world);
  return seen;
}

async function expectSane(world: FileWorld, recorded: readonly string[]): Promise<void> {
  const views = await world.open({ runId: runId('run_3') }).queue.list();
  expect(Object.fromEntries(views.map(({ task, status }) => [task.id, status]))).toEqual(EXPECTED);
  expect(recorded.toSorted()).toEqual([...new Set(recorded)].toSorted());
  const fold = createTaskFold();
  const ends = world.lines().filter((line) => fold.apply(line) === 'applied' && isFinal(line.status));
  expect(ends.map(({ task_id: id }) => id).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
}

describe('the file engine on a disk that fails', () => {
  it('Q8: whichever file operation fails once, the same process goes on and everything ends once', async () => {
    const total = await count('operations');
    expect(total).toBeGreaterThan(30);
    for (let n = 1; n <= total; n += 1) {
      const world = await prepare();
      const process = world.open();
      let operations = 0;
      process.machine.files.intercept((operation, path) => {
        operations += 1;
        if (operations !== n) return;
        throw new VivariumError('record_unwritable', `${operation} ${path} failed`, {
          remedy: { kind: 'retry' },
        });
      });
      const recorded: string[] = [];
      await work(process.queue, w1, recorded, world);
      await expectSane(world, recorded);
      expect(recorded.toSorted()).toEqual(['a', 'b', 'bad']);
      expect(world.lockedTasks()).toEqual([]);
    }
  }, 30_000);

  it('Q8: killed before any file operation, a worker leaves a home in which the next one finishes everything', async () => {
    const total = await count('operations');
    for (let n = 1; n <= total; n += 1) {
      const world = await prepare();
      const victim = world.open();
      killAt(victim, n);
      const recorded: string[] = [];
      await expect(work(victim.queue, w1, recorded, world)).rejects.toSatisfy(isKilled);
      await work(world.open({ runId: runId('run_2') }).queue, w2, recorded, world);
      await expectSane(world, recorded);
      expect(world.lockedTasks()).toEqual([]);
    }
  }, 30_000);

  it.each(['killed by it', 'surviving it'])(
    'Q8: a line cut at any byte, by a worker %s, loses no recorded end and doubles none',
    async (fate) => {
      const appends = await count('appends');
      for (let n = 1; n <= appends; n += 1) {
        for (const bytes of [0, 1, 40, 200, 400, 5_000]) {
          const world = await prepare();
          const victim = world.open();
          let seen = 0;
          let dead = false;
          victim.machine.files.intercept((operation) => {
            if (dead) throw new Killed('killed');
            if (operation !== 'append') return;
            seen += 1;
            if (seen !== n) return;
            victim.machine.files.truncateNextAppend(bytes);
            dead = fate === 'killed by it';
          });
          const recorded: string[] = [];
          await work(victim.queue, w1, recorded, world).catch((error: unknown) => {
            if (!isKilled(error)) throw error;
            victim.kill();
          });
          await work(world.open({ runId: runId('run_2') }).queue, w2, recorded, world);
          await expectSane(world, recorded);
        }
      }
    },
    30_000,
  );

  it('Q8: a log cut anywhere is folded up to there, and the rest of the work is done again', async () => {
    const world = await prepare();
    const victim = world.open();
    await work(victim.queue, w1, [], world);
    victim.kill();
    const path = world.layout.log('execution');
    const whole = world.machine.files.readText(path) ?? '';
    expect(whole.split('\n').length).toBeGreaterThan(6);
    for (let length = 0; length < whole.length; length += 13) {
      world.machine.files.replace(path, whole.slice(0, length));
      const kept = world.lines().filter(({ status }) => isFinal(status));
      await work(world.open({ runId: runId('run_2') }).queue, w2, [], world);
      await expectSane(world, []);
      expect(
        world
          .lines()
          .filter(({ status }) => isFinal(status))
          .slice(0, kept.length),
      ).toEqual(kept);
    }
  }, 30_000);

  it('Q8: a finish that another process glued to its fragment is written again', async () => {
    const world = await prepare();
    const { queue, machine } = world.open();
    const answer = await queue.claim(w1, 1);
    const [claim] = answer.kind === 'claimed' ? answer.claims : [];
    // A process dies in mid-write just before our line. Its fragment is longer than what a reader searches.
    let torn = false;
    machine.files.intercept((operation, path) => {
      if (operation !== 'append' || torn) return;
      torn = true;
      world.machine.files.append(path, '#torn'.repeat(60_000));
    });
    expect(await queue.finish(claim as Claim, completed())).toBe('recorded');
    const own = (world.machine.files.readText(world.layout.log('execution')) ?? '')
      .split('\n')
      .filter((line) => line.includes('"completed"'));
    expect(own).toHaveLength(2);
    expect((await world.open().queue.list())[0]).toMatchObject({ status: 'completed' });
  });

  it('Q8: a disk that stays full is told to the caller, and a finish may be repeated when there is room', async () => {
    const world = await prepare();
    const { queue, machine } = world.open();
    const answer = await queue.claim(w1, 1);
    const [claim] = answer.kind === 'claimed' ? answer.claims : [];
    const stop = machine.files.intercept((operation) => {
      if (operation === 'append')
        throw new VivariumError('record_unwritable', 'no space is left', { remedy: { kind: 'retry' } });
    });
    await expect(queue.finish(claim as Claim, completed())).rejects.toThrow('no space');
    await expect(queue.claim(w1, 1)).rejects.toThrow('no space');
    expect(world.lockedTasks()).toEqual(['a']);
    stop();
    expect(await queue.finish(claim as Claim, completed())).toBe('recorded');
  });
});

describe('two processes at the same moment', () => {
  it.each([
    ['', false],
    [', even when somebody takes all locks away', true],
  ])('Q2: whenever a second claimer comes in between, each task has one winner%s', async (_, sweep) => {
    for (let n = 1; ; n += 1) {
      const world = await prepare();
      const [first, second] = [world.open(), world.open()];
      const claims: Claim[] = [];
      const interrupted = interruptAt(first, n, async () => {
        if (sweep)
          for (const name of world.machine.files.list(world.layout.locks))
            world.machine.files.remove(`${world.layout.locks}/${name}`);
        const answer = await second.queue.claim(w2, 2);
        if (answer.kind === 'claimed') claims.push(...answer.claims);
      });
      const answer = await first.queue.claim(w1, 2);
      if (answer.kind === 'claimed') claims.push(...answer.claims);
      await interrupted.done;
      if (!interrupted.took()) break;
      expect(claims.map(({ task }) => task.id).toSorted()).toEqual(
        [...new Set(claims.map(({ task }) => task.id))].toSorted(),
      );
      for (const claim of claims) {
        const { queue } = claim.workerId === w1 ? first : second;
        expect(await queue.finish(claim, claim.task.id === 'bad' ? failed : completed())).toBe('recorded');
      }
      const recorded: string[] = [];
      await work(second.queue, w2, recorded, world);
      await expectSane(world, recorded);
    }
  });

  it('Q4: whenever a worker that was given up finishes while another takes over, exactly one end is recorded, and each is told the truth', async () => {
    let late = 0;
    for (let n = 1; ; n += 1) {
      const world = await prepare();
      const [first, second] = [world.open(), world.open()];
      const answer = await first.queue.claim(w1, 1);
      const [claim] = answer.kind === 'claimed' ? answer.claims : [];
      first.queue.leave(w1);
      const taken: Claim[] = [];
      const interrupted = interruptAt(first, n, async () => {
        const takeover = await second.queue.claim(w2, 2);
        if (takeover.kind === 'claimed') taken.push(...takeover.claims.filter(({ task }) => task.id === 'a'));
      });
      const told = await first.queue.finish(claim as Claim, completed('first'));
      await interrupted.done;
      if (!interrupted.took()) break;
      const [other] = taken;
      if (told === 'lost') {
        late += 1;
        expect(other).toMatchObject({ attempt: 2 });
        expect(await second.queue.finish(other as Claim, completed('second'))).toBe('recorded');
      } else if (other !== undefined)
        expect(await second.queue.finish(other, completed('second'))).toBe('lost');
      expect((await second.queue.list())[0]?.record.summary).toBe(told === 'lost' ? 'second' : 'first');
    }
    expect(late).toBeGreaterThan(0);
  });

  /** Lets `intrude` act just before the n-th file operation of `process`. Calls of the queue are synchronous inside, so it takes place there. */
  function interruptAt(process: FileProcess, n: number, intrude: () => Promise<void>) {
    let operations = 0;
    let done: Promise<void> = Promise.resolve();
    process.machine.files.intercept(() => {
      operations += 1;
      if (operations === n) done = intrude();
    });
    return {
      took: () => operations >= n,
      get done() {
        return done;
      },
    };
  }
});

it('Q2: a task that is taken over and won back within one claim is handed out once', async () => {
  const world = createFileWorld();
  await world.open().queue.add(['a', 'b', 'c', 'd'].map((id) => newTask(id)));
  const { queue, machine } = world.open();
  const claimOf = (task_id: string, worker_id: string, attempt: number, more: object = {}) => ({
    task_id,
    worker_id,
    status: 'in_progress',
    event: 'task.claimed',
    event_id: `evt_${worker_id}`,
    timestamp: world.now.toISOString(),
    started_at: world.now.toISOString(),
    round: 1,
    attempt,
    ...more,
  });
  // Both are known to be gone when the claim begins.
  world.append(claimOf('c', 'worker_8', 1));
  world.append({ ...claimOf('d', 'worker_9', 1), event_id: 'evt_d' });
  let appends = 0;
  const stop = machine.files.intercept((operation, path) => {
    if (operation !== 'append' || !path.endsWith('execution_log.jsonl')) return;
    appends += 1;
    // One that is gone at once was quicker with `b`; one that is gone as well takes `a` from us while we take `b` over.
    if (appends === 1) world.append({ ...claimOf('b', 'worker_8', 1), event_id: 'evt_b' });
    if (appends === 2)
      world.append(
        claimOf('a', 'worker_9', 2, { supersedes: { worker_id: w1, attempt: 1, why: 'beat_stood_still' } }),
      );
  });
  const answer = await queue.claim(w1, 5);
  stop();
  const claims = answer.kind === 'claimed' ? answer.claims : [];
  expect(claims).toHaveLength(4);
  expect(Object.fromEntries(claims.map(({ task, attempt }) => [task.id, attempt]))).toEqual({
    a: 3,
    b: 2,
    c: 2,
    d: 2,
  });
  expect(appends).toBe(3);
});

it('ends that come together share one write, and each is told its own answer', async () => {
  const world = createFileWorld();
  const { queue, machine } = world.open();
  await queue.add(['a', 'b', 'c'].map((id) => newTask(id)));
  const answer = await queue.claim(w1, 3);
  const claims = answer.kind === 'claimed' ? answer.claims : [];
  await world.open().queue.cancel(['b'], 'no longer wanted');
  let appends = 0;
  machine.files.intercept((operation, path) => {
    if (operation === 'append' && path.endsWith('execution_log.jsonl')) appends += 1;
  });
  expect(await Promise.all(claims.map(async (claim) => queue.finish(claim, completed())))).toEqual([
    'recorded',
    'lost',
    'recorded',
  ]);
  expect(appends).toBe(1);
});

it('with --durability fsync an end is on the disk before it is acknowledged; without, nothing is synced', async () => {
  for (const durability of ['os', 'fsync'] as const) {
    const world = createFileWorld();
    const { queue, machine } = world.open({ durability });
    await queue.add(['a', 'b'].map((id) => newTask(id)));
    const answer = await queue.claim(w1, 2);
    const seen: string[] = [];
    machine.files.intercept((operation, path) => {
      if (['append', 'sync'].includes(operation) && path.endsWith('execution_log.jsonl'))
        seen.push(operation);
    });
    const claims = answer.kind === 'claimed' ? answer.claims : [];
    await Promise.all(claims.map(async (claim) => queue.finish(claim, completed())));
    expect(seen).toEqual(durability === 'fsync' ? ['append', 'sync'] : ['append']);
  }
});

it('an end that no line can be made of is refused to its caller alone', async () => {
  const world = createFileWorld();
  const { queue } = world.open();
  await queue.add(['a', 'b'].map((id) => newTask(id)));
  const answer = await queue.claim(w1, 2);
  const [a, b] = answer.kind === 'claimed' ? answer.claims : [];
  if (a === undefined || b === undefined) throw new Error('not claimed');
  const ends = await Promise.allSettled([
    queue.finish(a, { kind: 'deferred', reason: 'rate_limit', until: new Date(Number.NaN) }),
    queue.finish(b, completed()),
  ]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(await queue.finish(a, completed())).toBe('recorded');
  expect((await queue.list()).map(({ status }) => status)).toEqual(['completed', 'completed']);
});

it('with fsync, an end whose sync failed is not acknowledged before one succeeded', async () => {
  const world = createFileWorld();
  const { queue, machine } = world.open({ durability: 'fsync' });
  await queue.add([newTask('a')]);
  const answer = await queue.claim(w1, 1);
  const [a] = answer.kind === 'claimed' ? answer.claims : [];
  if (a === undefined) throw new Error('not claimed');
  machine.files.failNext('sync');
  await expect(queue.finish(a, completed())).rejects.toMatchObject({ code: 'record_unwritable' });
  const seen: string[] = [];
  machine.files.intercept((operation) => {
    if (operation === 'append' || operation === 'sync') seen.push(operation);
  });
  expect(await queue.finish(a, completed())).toBe('recorded');
  expect(seen).toEqual(['sync']);
});

it('a lock that cannot be made gives up those that were made in the same claim', async () => {
  const world = createFileWorld();
  const { queue, machine } = world.open();
  await queue.add(['a', 'b', 'c'].map((id) => newTask(id)));
  let locks = 0;
  const stop = machine.files.intercept((operation, path) => {
    if (operation !== 'createExclusive' || !path.includes('task_locks')) return;
    locks += 1;
    if (locks === 3) throw new VivariumError('home_unwritable', 'no space', { remedy: { kind: 'retry' } });
  });
  await expect(queue.claim(w1, 3)).rejects.toMatchObject({ code: 'home_unwritable' });
  stop();
  expect(world.lockedTasks()).toEqual([]);
  expect(await queue.claim(w1, 3)).toMatchObject({ claims: { length: 3 } });
});

it('Q3: a lock that says another task is in hand keeps nobody from this one', async () => {
  const world = createFileWorld();
  const { queue } = world.open();
  await queue.add([newTask('a'), newTask('b')]);
  const other = world.open().queue;
  const answer = await other.claim(w2, 1);
  const [held] = answer.kind === 'claimed' ? answer.claims : [];
  const id = held?.task.id === 'a' ? 'b' : 'a';
  const { layout, machine } = world;
  // As it is read by one who opened the lock of this task just before it was removed and used again for the other.
  const lock = machine.files.readText(layout.lock(held?.task.id ?? '')) ?? '';
  machine.files.createExclusive(layout.lock(id), lock);
  expect(await queue.claim(w1, 1)).toMatchObject({ claims: [{ task: { id } }] });
  expect(machine.files.readText(layout.lock(id))).toContain(w1);
});

it('Q10: whatever order they are named in, tasks are opened after those they wait for', async () => {
  const world = createFileWorld();
  const { queue } = world.open();
  await queue.add([
    newTask('parent'),
    newTask('child', { depends_on: ['parent'] }),
    newTask('grandchild', { depends_on: ['child'] }),
  ]);
  await queue.cancel(['parent'], 'x');
  await queue.claim(w1, 1);
  expect((await queue.retry(['grandchild', 'child', 'parent'], 'again')).changed).toEqual([
    'parent',
    'child',
    'grandchild',
  ]);
});

it('an unreadable record is an error of the call, not an empty queue', async () => {
  const world = await prepare();
  const { queue, machine } = world.open();
  machine.files.failNext(
    'readBytes',
    new VivariumError('record_unreadable', 'permission denied', { remedy: { kind: 'stop' } }),
  );
  world.append({
    task_id: 'x',
    worker_id: 'w',
    status: 'in_progress',
    timestamp: '2026-01-01T00:00:00.000Z',
    started_at: '2026-01-01T00:00:00.000Z',
  });
  const error: unknown = await queue.claim(w1, 1).catch((reason: unknown) => reason);
  expect(isVivariumError(error) && error.code).toBe('record_unreadable');
  expect((await queue.claim(w1, 1)).kind).toBe('claimed');
});
