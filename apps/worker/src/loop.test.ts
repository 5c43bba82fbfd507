import { describe, expect, it } from 'vitest';
import { createControlStore, createRecordStore, initHome } from '@vivarium/home';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { createFileTaskQueue } from '@vivarium/queue';
import { runId, VivariumError, workerId } from '@vivarium/core';
import {
  GrindRefusal,
  orderOf,
  type BeatFile,
  homeIdOf,
  homeLayout,
  sha256,
  type GrindRequest,
  type Health,
  type NewTask,
  type WorkerMessage,
} from '@vivarium/contracts';
import type { GrindClient } from './grind-client.ts';
import { createWorkerLoop, type WorkerEnd } from './loop.ts';
import type { GrindAnswer, Refusal } from './outcome.ts';

const layout = homeLayout('/home');
const home = homeIdOf('/home');
const health: Health = {
  status: 'ok', home, pid: 1, version: '1', provider: 'simulator', simulated: true, direct_cap_nano_usd: 2e9,
 day_cap_nano_usd: 10_000_000_000, default_model: 'm', network: null, obeys: [], calls: [], breakers: [], circuits: [],
  paces: [],
}; // prettier-ignore

/** A grind in the test's hand: every request waits until it is answered, or is answered by a rule. */
class HeldGrind implements GrindClient {
  readonly requests: GrindRequest[] = [];
  rule: ((request: GrindRequest) => GrindAnswer | undefined) | undefined;
  reachable = true;
  serves: string = home;
  status: Health['status'] = 'ok';
  closed = false;
  readonly #waiting = new Map<string, (answer: GrindAnswer) => void>();

  post(_url: string, body: GrindRequest, _timeoutMs: number, signal: AbortSignal): Promise<GrindAnswer> {
    this.requests.push(body);
    if (!this.reachable) return Promise.resolve({ kind: 'unreachable', message: 'connection refused' });
    const ruled = this.rule?.(body);
    if (ruled !== undefined) return Promise.resolve(ruled);
    return new Promise((resolve) => {
      this.#waiting.set(body.task_id ?? '', resolve);
      signal.addEventListener('abort', () => resolve({ kind: 'cut', reason: String(signal.reason) }), {
        once: true,
      });
    });
  }
  health(): Promise<{ kind: 'healthy'; health: Health } | { kind: 'unreachable'; message: string }> {
    return Promise.resolve(
      this.reachable
        ? { kind: 'healthy', health: { ...health, home: this.serves, status: this.status } }
        : { kind: 'unreachable', message: 'connection refused' },
    );
  }
  close(): void {
    this.closed = true;
  }
  answer(task: string, answer: GrindAnswer = reply()): void {
    this.#waiting.get(task)?.(answer);
  }
  get asked(): readonly (string | null | undefined)[] {
    return this.requests.map(({ task_id }) => task_id);
  }
}

const reply = (): GrindAnswer => ({
  kind: 'reply',
  latencyMs: 5,
  reply: {
    status: 'completed', result: 'done', model: 'm', task_id: null, usage: null, requested_model: 'm', finish_reason: 'stop', cost_usd: 0,
    cost_nano_usd: 7, latency_ms: 5, provider: 'simulator', simulated: true, call_id: 'call_1', request_id: 'req_1', result_sha256: sha256('done'), replayed: false,
  },
}); // prettier-ignore
const refusal = (
  code: Refusal['code'],
  remedy: Refusal['remedy'],
  more: Partial<Refusal> = {},
): GrindAnswer => ({
  kind: 'refusal',
  refusal: GrindRefusal.parse({
    error: {
      code,
      message: code,
      remedy,
      hint: 'do',
      retryable: false,
      task_id: null,
      request_id: 'r',
      ...more,
    },
  }).error,
});

interface Stage {
  readonly machine: MemoryMachine;
  readonly grind: HeldGrind;
  readonly said: WorkerMessage[];
  readonly loop: ReturnType<typeof createWorkerLoop>;
  readonly record: ReturnType<typeof createRecordStore>;
  readonly control: ReturnType<typeof createControlStore>;
  readonly queue: ReturnType<typeof createFileTaskQueue>;
  ended: Promise<WorkerEnd>;
  statuses(): Promise<Readonly<Record<string, string>>>;
  beat(): number;
  pass(ms: number): Promise<void>;
}

/** One real worker loop over a real home, on a disk and a clock of memory. */
async function stage(tasks: readonly NewTask[], slots = 2): Promise<Stage> {
  const machine = createMemoryMachine();
  initHome(layout, machine.files);
  const record = createRecordStore({ layout, home, machine });
  const control = createControlStore({ layout, machine, record });
  const run = runId('run_1');
  const queue = createFileTaskQueue({ layout, home, machine, record, runId: run });
  await queue.add(tasks);
  const grind = new HeldGrind();
  const said: WorkerMessage[] = [];
  const worker = workerId('worker_0000000a');
  const loop = createWorkerLoop({
    home, runId: run, timeoutMs: 60_000, chance: () => 1, stays: false, grind, clock: machine.clock, worker, slots, queue, control, record,
    grindAddresses: () => ['http://grind'],
    say: (message) => said.push(message),
  }); // prettier-ignore
  return {
    machine, grind, said, loop, record, control, queue,
    ended: Promise.resolve({ reason: '', faulty: false }),
    statuses: async () => Object.fromEntries((await queue.list()).map(({ task, status }) => [task.id, status])),
    beat: () => Number(/"counter": ?(\d+)/.exec(machine.files.readText(layout.beat(worker)) ?? '')?.[1]),
    pass: (ms) => machine.clock.advanceSettled(ms),
  }; // prettier-ignore
}
async function started(tasks: readonly NewTask[], slots = 2): Promise<Stage> {
  const on = await stage(tasks, slots);
  on.ended = on.loop.run();
  await on.pass(20);
  return on;
}
const states = (on: Stage): readonly string[] =>
  on.said.flatMap((message) => (message.kind === 'state' ? [message.state] : []));
const task = (id: string, more: Partial<NewTask> = {}): NewTask => ({ id, prompt: `do ${id}`, ...more });
const actions = (on: Stage): readonly string[] =>
  (on.machine.files.readText(layout.log('action')) ?? '').split('\n').flatMap((line) => {
    const found = /"action":"([a-z]+)".*"task_id":"([^"]+)"/.exec(line);
    return found === null ? [] : [`${found[1]} ${found[2]}`];
  });

describe('a worker', () => {
  it('works on as many tasks as it has slots, claims the next as soon as one is free, and says when nothing is left', async () => {
    const on = await started([task('a'), task('b'), task('c')]);
    expect(on.grind.asked).toEqual(['a', 'b']);
    on.grind.answer('b');
    await on.pass(1);
    expect(on.grind.asked).toEqual(['a', 'b', 'c']);
    on.grind.answer('a');
    on.grind.answer('c');
    await on.pass(1);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
    expect(states(on)).toEqual(['working', 'drained']);
    expect(actions(on)).toEqual([
      'claimed a',
      'claimed b',
      'completed b',
      'claimed c',
      'completed a',
      'completed c',
    ]);
    on.loop.drain('told', 1_000);
    await on.pass(1);
    expect(await on.ended).toEqual({ reason: 'told', faulty: false });
    expect(on.grind.closed).toBe(true);
    expect(on.machine.files.list(layout.workers)).toEqual([]);
  });

  it('sends home, run, round, attempt, digest, budgets and a key that names home, task and round (M3)', async () => {
    const on = await started([
      task('a', {
        min_budget: 0.01,
        max_budget: 0.02,
        intensity: 'high',
        model: 'openai/gpt-oss-20b',
        max_tokens: 9,
        temperature: 0.5,
      }),
    ]);
    expect(on.grind.requests[0]).toEqual({
      prompt: 'do a', model: 'openai/gpt-oss-20b', max_tokens: 9, temperature: 0.5, min_budget: 0.01, max_budget: 0.02, intensity: 'high', task_id: 'a',
      idempotency_key: `${home}/a/r1/${(await on.queue.list())[0]?.digest.slice(0, 12)}/c1`, deadline_ms: 60_000, home, run_id: 'run_1', round: 1, attempt: 1, worker_id: 'worker_0000000a',
      task_digest: (await on.queue.list())[0]?.digest,
    }); // prettier-ignore
  });

  it('a task that names its own timeout is given that much for each attempt', async () => {
    const on = await started([task('short', { timeout_seconds: 1.5 }), task('other')]);
    expect(on.grind.requests.map(({ deadline_ms }) => deadline_ms)).toEqual([1_500, 60_000]);
  });

  it('Q5: beats every second while its slots are busy', async () => {
    const on = await started([task('a')]);
    const before = on.beat();
    await on.pass(5_000);
    expect(on.beat() - before).toBe(5);
  });

  it('starts a task that is added later at once, without being asked', async () => {
    const on = await started([]);
    expect(states(on)).toEqual(['drained']);
    await on.queue.add([task('late')]);
    await on.pass(5);
    expect(on.grind.asked).toEqual(['late']);
    expect(states(on)).toEqual(['drained', 'working']);
  });
});

describe('Q11: what is nobody’s fault', () => {
  it('a grind that is shutting down: nothing is claimed only to be given back, and the next grind gets the work', async () => {
    const on = await started([task('a'), task('b'), task('c')], 1);
    on.grind.answer('a', refusal('stopping', 'wait'));
    on.grind.status = 'stopping';
    on.grind.rule = () => {
      // Not for ever, so that a worker that does claim shows in what follows.
      if (on.grind.requests.length > 20) on.grind.reachable = false;
      return refusal('stopping', 'wait');
    };
    await on.pass(10_000);
    expect(on.grind.asked).toEqual(['a']);
    expect(states(on)).toEqual(['working', 'no_grind']);
    on.grind.status = 'ok';
    on.grind.rule = reply;
    await on.pass(3_000);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
  });
  it('an unreachable grind: the task is given back, nothing is claimed meanwhile, and work resumes by itself', async () => {
    const on = await started([task('a'), task('b')], 1);
    on.grind.answer('a', { kind: 'unreachable', message: 'reset' });
    on.grind.reachable = false;
    await on.pass(10_000);
    expect(on.grind.asked).toEqual(['a']);
    expect(await on.statuses()).toEqual({ a: 'queued', b: 'queued' });
    expect(states(on)).toEqual(['working', 'no_grind']);
    on.grind.reachable = true;
    on.grind.rule = reply;
    await on.pass(3_000);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'completed' });
    expect(new Set(on.grind.requests.map(({ idempotency_key }) => idempotency_key)).size).toBe(2);
  });

  it('a grind of another home is not asked', async () => {
    const on = await stage([task('a')]);
    on.grind.serves = 'home_of_others';
    on.ended = on.loop.run();
    await on.pass(5_000);
    expect(on.grind.asked).toEqual([]);
    expect(on.said.at(-1)).toEqual({
      kind: 'state',
      state: 'no_grind',
      detail: 'the grind at http://grind serves another home',
    });
  });

  it('PAUSE stops new claims and lets what runs finish; resume goes on', async () => {
    const on = await started([task('a'), task('b')], 1);
    on.control.change({ verb: 'pause', actor: 'operator', reason: 'lunch' });
    on.grind.answer('a');
    await on.pass(5_000);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'queued' });
    expect(on.said.at(-1)).toEqual({ kind: 'state', state: 'held', detail: 'paused: lunch' });
    on.control.change({ verb: 'resume', actor: 'operator', reason: undefined });
    await on.pass(1_100);
    expect(on.grind.asked).toEqual(['a', 'b']);
  });

  it('HALT cuts what runs, gives it back, and claims nothing until it is left', async () => {
    const on = await started([task('a'), task('b'), task('c')]);
    on.control.change({ verb: 'halt', actor: 'operator', reason: 'stop!' });
    await on.pass(1_100);
    expect(await on.statuses()).toEqual({ a: 'queued', b: 'queued', c: 'queued' });
    expect(actions(on)).toContain('released a');
    await on.pass(5_000);
    expect(on.grind.asked).toHaveLength(2);
    on.grind.rule = reply;
    on.control.change({ verb: 'clear-halt', actor: 'operator', reason: 'all good' });
    await on.pass(1_100);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
  });

  it('S9: a hold lets it claim and keeps what it claimed waiting, unpaid; what runs is finished, and a release goes on', async () => {
    const on = await started([task('a'), task('b'), task('c')], 2);
    on.control.change({ verb: 'hold', actor: 'operator', reason: 'prices' });
    on.grind.answer('a');
    on.grind.answer('b');
    await on.pass(5_000);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'completed', c: 'in_progress' });
    expect(on.grind.asked).toEqual(['a', 'b']);
    on.control.change({ verb: 'resume', actor: 'operator', reason: undefined });
    await on.pass(500);
    expect(on.grind.asked).toEqual(['a', 'b', 'c']);
    on.grind.answer('c');
    await on.pass(10);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
  });
  it('S9: a task with an order of its own is not begun, and halted it is given back; the others go on', async () => {
    const on = await started([task('a'), task('b'), task('c')], 2);
    on.control.change({
      verb: 'pause',
      scope: { kind: 'task', id: 'c' },
      actor: 'operator',
      reason: 'later',
    });
    on.control.change({ verb: 'halt', scope: { kind: 'task', id: 'a' }, actor: 'operator', reason: 'wrong' });
    await on.pass(300);
    on.grind.answer('b');
    await on.pass(5_000);
    expect(await on.statuses()).toEqual({ a: 'queued', b: 'completed', c: 'queued' });
    on.grind.rule = reply;
    on.control.change({
      verb: 'resume',
      scope: { kind: 'task', id: 'c' },
      actor: 'operator',
      reason: undefined,
    });
    on.control.change({
      verb: 'clear-halt',
      scope: { kind: 'task', id: 'a' },
      actor: 'operator',
      reason: 'mended',
    });
    await on.pass(500);
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
  });
  it('S9: drained, it finishes what runs and leaves; an order for another worker is none of its business', async () => {
    const on = await started([task('a'), task('b')], 1);
    on.control.change({
      verb: 'drain',
      scope: { kind: 'worker', id: 'another' },
      actor: 'operator',
      reason: 'x',
    });
    on.control.change({
      verb: 'drain',
      scope: { kind: 'worker', id: 'worker_0000000a' },
      actor: 'operator',
      reason: 'x',
    });
    await on.pass(300);
    on.grind.answer('a');
    await on.pass(300);
    expect(await on.ended).toEqual({ reason: 'draining', faulty: false });
    expect(await on.statuses()).toEqual({ a: 'completed', b: 'queued' });
  });
  it('S9: its beat says at once which orders it obeys, also when no watcher tells it of the file', async () => {
    const on = await started([task('a')], 1);
    const obeyed = (): unknown =>
      (JSON.parse(on.machine.files.readText(layout.beat('worker_0000000a')) ?? '') as BeatFile).obeys?.orders;
    expect(obeyed()).toEqual([]);
    const receipt = on.control.change({ verb: 'pause', actor: 'operator', reason: 'x' });
    await on.pass(200);
    expect(receipt.kind === 'changed' && receipt.after.kind === 'paused' && obeyed()).toEqual([
      orderOf(on.control.orders()[0] ?? { kind: 'hold', order: '' }),
    ]);
    on.control.change({ verb: 'resume', actor: 'operator', reason: 'x' });
    await on.pass(200);
    expect(obeyed()).toEqual([]);
  });

  it('HALT also cuts what a leaving worker still finishes', async () => {
    const on = await started([task('a')]);
    on.loop.drain('told', 60_000);
    await on.pass(10);
    on.control.change({ verb: 'halt', actor: 'operator', reason: 'stop!' });
    await on.pass(1_100);
    expect((await on.ended).reason).toBe('told');
    expect(await on.statuses()).toEqual({ a: 'queued' });
  });

  it('a broken queue.json is told once, and work resumes when it is mended', async () => {
    const on = await stage([task('a')]);
    const whole = on.machine.files.readText(layout.queue) ?? '';
    on.machine.files.replace(layout.queue, whole.slice(0, 40));
    on.ended = on.loop.run();
    await on.pass(5_000);
    const faults = on.said.filter(({ kind }) => kind === 'fault');
    expect(faults).toMatchObject([{ code: 'queue_unreadable', remedy: 'wait' }]);
    on.machine.files.replace(layout.queue, whole);
    await on.pass(1_100);
    expect(on.grind.asked).toEqual(['a']);
  });

  it('money that lacks defers, a full record holds claims back, neither fails', async () => {
    const on = await stage([task('poor'), task('b')], 1);
    on.grind.rule = ({ task_id }) =>
      task_id === 'poor'
        ? refusal('deferred', 'wait', { reason: 'run_budget' })
        : refusal('record_unwritable', 'wait');
    on.ended = on.loop.run();
    await on.pass(900);
    expect(await on.statuses()).toEqual({ poor: 'deferred', b: 'queued' });
    expect(on.grind.requests).toHaveLength(2);
    expect(on.said.filter(({ kind }) => kind === 'fault')).toMatchObject([
      { code: 'record_unwritable', remedy: 'wait' },
    ]);
    on.grind.rule = reply;
    await on.pass(2_000);
    expect(await on.statuses()).toEqual({ poor: 'deferred', b: 'completed' });
  });
});

describe('what only an operator can mend', () => {
  it('is told with its remedy; the task is given back, what runs is finished, and the worker leaves', async () => {
    const on = await started([task('a'), task('b'), task('c')]);
    on.grind.answer('a', refusal('provider_key', 'stop'));
    await on.pass(10);
    expect(on.said.at(-1)).toEqual({
      kind: 'fault',
      code: 'provider_key',
      message: 'provider_key',
      hint: 'do',
      remedy: 'stop',
    });
    on.grind.answer('b');
    await on.pass(10);
    expect(await on.ended).toEqual({ reason: 'provider_key', faulty: true });
    expect(await on.statuses()).toEqual({ a: 'queued', b: 'completed', c: 'queued' });
  });
});

describe('leaving', () => {
  it.each([
    ['a log it may not write', 'append', 'record_unwritable'],
    ['locks it may not write', 'createExclusive', 'home_unwritable'],
  ] as const)('Q11: %s ends the worker with the fault, and fails no task', async (_what, operation, code) => {
    const on = await stage([task('a')]);
    on.machine.files.intercept((called, path) => {
      if (called === operation && /execution_log|task_locks/.test(path))
        throw new VivariumError(code, 'permission denied', { remedy: { kind: 'stop' }, hint: 'give it' });
    });
    on.ended = on.loop.run();
    await on.pass(2_000);
    expect(await on.ended).toEqual({ reason: code, faulty: true });
    expect(on.said.filter(({ kind }) => kind === 'fault')).toEqual([
      expect.objectContaining({ code, remedy: 'stop', hint: 'give it' }),
    ]);
    expect(await on.statuses()).toEqual({ a: 'queued' });
  });

  it('Q8: an end that it may not write ends the worker; the attempt is left to another', async () => {
    const on = await started([task('a')]);
    on.machine.files.intercept((called, path) => {
      if (called === 'append' && path.includes('execution_log'))
        throw new VivariumError('record_unwritable', 'read-only', { remedy: { kind: 'stop' } });
    });
    on.grind.answer('a');
    await on.pass(100);
    expect(await on.ended).toEqual({ reason: 'record_unwritable', faulty: true });
    expect(await on.statuses()).toEqual({ a: 'in_progress' });
  });

  it('a drain that runs out of time gives back what still runs', async () => {
    const on = await started([task('a'), task('b')]);
    on.loop.drain('parent_gone', 3_000);
    on.grind.answer('b');
    await on.pass(2_900);
    expect(await on.statuses()).toEqual({ a: 'in_progress', b: 'completed' });
    await on.pass(200);
    expect(await on.ended).toEqual({ reason: 'parent_gone', faulty: false });
    expect(await on.statuses()).toEqual({ a: 'queued', b: 'completed' });
  });

  it('a stop gives back at once, also in the middle of a drain', async () => {
    const on = await started([task('a')]);
    on.loop.drain('told', 60_000);
    await on.pass(100);
    on.loop.stop('told twice');
    await on.pass(1);
    expect((await on.ended).reason).toBe('told');
    expect(await on.statuses()).toEqual({ a: 'queued' });
  });
});

describe('ends', () => {
  it('Q8: an end that cannot be written is written again until it can be', async () => {
    const on = await started([task('a')]);
    on.machine.files.failNext('append', new Error('no space left'));
    on.grind.answer('a');
    await on.pass(10);
    expect(await on.statuses()).toEqual({ a: 'in_progress' });
    expect(on.said.at(-1)).toMatchObject({ kind: 'fault', code: 'record_unwritable', remedy: 'wait' });
    await on.pass(1_100);
    expect(await on.statuses()).toEqual({ a: 'completed' });
  });

  it('Q4: the end of an attempt that is no longer in force is told as an action and changes nothing', async () => {
    const on = await started([task('a')]);
    on.record.append('execution', {
      task_id: 'a', worker_id: 'operator', status: 'cancelled', timestamp: '2026-01-01T00:00:00.000Z', completed_at: '2026-01-01T00:00:00.000Z', result_summary: null, errors: null, round: 1, attempt: 1,
    }); // prettier-ignore
    on.grind.answer('a');
    await on.pass(10);
    expect(await on.statuses()).toEqual({ a: 'cancelled' });
    expect(actions(on)).toEqual(['claimed a', 'lost a']);
  });

  it('something impossible ends the worker with what it was, and gives back the rest', async () => {
    const on = await stage([task('a'), task('b')]);
    on.grind.rule = ({ task_id }) => {
      if (task_id === 'b') throw new Error('impossible');
      return undefined;
    };
    const ended: Promise<unknown> = on.loop.run().catch((error: VivariumError) => error.message);
    await on.pass(10);
    expect(await ended).toBe('impossible');
    expect(await on.statuses()).toMatchObject({ a: 'queued' });
  });
});
