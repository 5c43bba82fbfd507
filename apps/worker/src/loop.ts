/**
 * The life of one worker: K slots over one queue, one beat, one grind. Owns its running attempts and nothing else; talks to the queue,
 * the control state and grind through their ports, to its parent through `say`. It sees no other worker and judges no text.
 *
 * - Q5: the beat moves on every second, whatever the slots do; it stops only when everything this worker held is finished or given back.
 * - Q11: HALT, PAUSE, an unreachable grind, a broken queue.json, a full disk: no claims while it lasts, held tasks given back where they
 *   cannot go on, and work resumes by itself. None of it fails a task.
 * - S9: orders are read before each claim and each request to grind, and looked at in between. The beat says which order this worker obeys; from then on
 *   it begins nothing against it. A hold lets it claim and keeps what it claimed waiting; HALT cuts the calls it concerns.
 * - Q8: an end that cannot be written is written again until it can be; the output itself is already on record.
 */
import {
  isVivariumError,
  messageOf,
  type ErrorCode,
  type Milliseconds,
  type VivariumError,
  type WorkerId,
} from '@vivarium/core';
import {
  orderOf,
  strictest,
  type Claim,
  type ControlOrder,
  type ControlState,
  type ControlStore,
  type Obeyed,
  type RecordStore,
  type RefusalCode,
  type TaskOutcome,
  type TaskQueue,
  type WorkerMessage,
} from '@vivarium/contracts';
import { claimedAction, finishedAction } from './actions.ts';
import { attempt, type AttemptContext } from './attempt.ts';
import { createLatch } from './latch.ts';
import type { Next } from './outcome.ts';

export interface WorkerLoopOptions extends AttemptContext {
  readonly worker: WorkerId;
  readonly slots: number;
  readonly queue: TaskQueue;
  readonly control: ControlStore;
  readonly record: Pick<RecordStore, 'act'>;
  /** Where grind may be, likeliest first; asked anew whenever it was lost. */
  readonly grindAddresses: () => readonly string[];
  readonly say: (message: WorkerMessage) => void;
}

export interface WorkerLoop {
  /** Works until drained or stopped. Answers why it ended; rejects when it cannot go on. */
  run(): Promise<WorkerEnd>;
  /** No new claims; finish what runs, for at most `limitMs`, then give back. */
  drain(reason: string, limitMs: Milliseconds): void;
  /** Give back what runs and end now. */
  stop(reason: string): void;
}

export interface WorkerEnd {
  readonly reason: string;
  /** True when only an operator can make this work again. */
  readonly faulty: boolean;
}

export const BEAT_MS = 1_000;
const REST_MS = 1_000;
/** How often orders are looked at although no watcher told of a change: an order takes effect within half a second. */
const HEED_MS = 200;
const FIRST_PROBE_MS = 50;
const SLOWEST_PROBE_MS = 2_000;

type State = Extract<WorkerMessage, { kind: 'state' }>['state'];

export function createWorkerLoop(options: WorkerLoopOptions): WorkerLoop {
  const { clock, queue, worker, slots, say } = options;
  const latch = createLatch(clock);
  const running = new Map<Claim, { readonly cut: AbortController; readonly ended: Promise<void> }>();
  const stopping = new AbortController();
  let leaving: (WorkerEnd & { readonly limitMs: Milliseconds }) | undefined;
  let crash: { readonly error: unknown } | undefined;
  let grindUrl: string | undefined;
  let probeMs = FIRST_PROBE_MS;
  let hold: { readonly until: Milliseconds; readonly detail: string } = { until: -Infinity, detail: '' };
  let told = '';
  let complained = '';

  const tell = (state: State, detail?: string): void => {
    const news = `${state} ${detail ?? ''}`;
    if (news === told) return;
    told = news;
    say({ kind: 'state', state, ...(detail === undefined ? {} : { detail }) });
  };
  /** Says a fault once, until another one or a success comes between. */
  const complain = (fault: Omit<Extract<WorkerMessage, { kind: 'fault' }>, 'kind'>): void => {
    if (complained === fault.code + fault.message) return;
    complained = fault.code + fault.message;
    say({ kind: 'fault', ...fault });
  };
  const rest = (detail: string, ms: Milliseconds): void => {
    hold = { until: clock.monotonic() + ms, detail };
  };
  const leave = (end: WorkerEnd, limitMs: Milliseconds): void => {
    leaving ??= { ...end, limitMs };
    latch.wake();
  };
  /** What a call on the home ran into: wait for it to pass, or leave when only a person can mend it. Rethrows what is no fault of the home. */
  const meet = (error: unknown): 'wait' | 'stop' => {
    if (!isVivariumError(error)) throw error;
    const remedy = passes(error) ? 'wait' : 'stop';
    complain({ code: error.code, message: error.message, ...hintOf(error), remedy });
    if (remedy === 'stop') leave({ reason: error.code, faulty: true }, options.timeoutMs);
    else rest(error.message, REST_MS);
    return remedy;
  };
  const cutAll = (reason: string): void => {
    for (const { cut } of running.values()) cut.abort(reason);
  };

  /** What this worker obeys; told in its beat as soon as it is another order. */
  let obeys: Obeyed | undefined;
  let orders: readonly ControlOrder[] = [];
  const forTask = (taskId: string): ControlState => strictest(orders, { workerId: worker, taskId });
  /** Reads the orders. HALT cuts the calls it concerns, also while this worker is leaving; a drain makes it leave. */
  const heed = (): ControlState => {
    orders = options.control.orders();
    const state = strictest(orders, { workerId: worker });
    for (const [{ task }, { cut }] of running) if (forTask(task.id).kind === 'halted') cut.abort('halted');
    if (state.kind === 'draining') leave({ reason: 'draining', faulty: false }, options.timeoutMs);
    const marks = orders.map(orderOf);
    if (obeys === undefined || obeys.orders.join() !== marks.join()) {
      obeys = { orders: marks, since: clock.now().toISOString() };
      sendBeat();
    }
    return state;
  };
  /** A task that has an order of its own is not begun, whatever the order is. */
  const mayBegin = (taskId: string): boolean =>
    !orders.some(({ scope }) => scope.kind === 'task' && scope.id === taskId);
  /** A hold keeps what is claimed waiting before it is paid for. */
  const awaitRelease = async (taskId: string, signal: AbortSignal): Promise<void> => {
    for (heed(); forTask(taskId).kind === 'hold' && !signal.aborted; heed()) {
      tell('held', `hold: calls wait`);
      await clock.sleep(HEED_MS, signal);
    }
  };

  /** Looks at the world once and acts. Answers how long nothing needs to be looked at again, unless somebody wakes. */
  const step = async (): Promise<Milliseconds> => {
    const state = heed();
    if (state.kind !== 'running' && state.kind !== 'hold') {
      tell('held', `${state.kind}: ${state.reason}`);
      return HEED_MS;
    }
    const holdMs = hold.until - clock.monotonic();
    if (holdMs > 0) {
      tell('held', hold.detail);
      return holdMs;
    }
    const free = slots - running.size;
    if (free === 0) {
      tell('working');
      return REST_MS;
    }
    if (grindUrl === undefined) {
      const found = await findGrind();
      if (found.kind === 'none') {
        tell('no_grind', found.detail);
        probeMs = Math.min(SLOWEST_PROBE_MS, probeMs * 2);
        return probeMs;
      }
      grindUrl = found.url;
      probeMs = FIRST_PROBE_MS;
      // What was looked at before the question may have changed while grind answered.
      return 0;
    }
    return claimUpTo(free, grindUrl);
  };

  const claimUpTo = async (free: number, url: string): Promise<Milliseconds> => {
    let answer;
    try {
      // In the same step as the orders were read: nothing of this process comes between.
      answer = await queue.claim(worker, free, mayBegin);
      complained = '';
    } catch (error) {
      meet(error);
      return 0;
    }
    switch (answer.kind) {
      case 'claimed':
        for (const claim of answer.claims) begin(claim, url);
        tell('working');
        return 0;
      case 'waiting':
        tell(running.size > 0 ? 'working' : 'waiting');
        return Math.max(1, answer.wakeInMs);
      case 'drained':
        tell(running.size > 0 ? 'working' : 'drained');
        return REST_MS;
    }
  };

  const findGrind = async (): Promise<{ kind: 'found'; url: string } | { kind: 'none'; detail: string }> => {
    let detail = 'no address of a grind is known';
    for (const url of options.grindAddresses()) {
      const answer = await options.grind.health(url);
      if (answer.kind === 'unreachable') detail = answer.message;
      else if (answer.health.home !== options.home) detail = `the grind at ${url} serves another home`;
      // It would refuse: every task that is ready would be claimed and given back until it is gone.
      else if (answer.health.status === 'stopping') detail = `the grind at ${url} is shutting down`;
      else return { kind: 'found', url };
    }
    return { kind: 'none', detail };
  };

  /** Something that should be impossible: this process gives back what it holds and ends; its parent starts another. */
  const fail = (error: unknown): 0 => {
    crash ??= { error };
    stopping.abort();
    latch.wake();
    return 0;
  };

  const begin = (claim: Claim, url: string): void => {
    const cut = new AbortController();
    const ended = work(claim, url, cut.signal)
      .catch((error: unknown) => void fail(error))
      .finally(() => {
        running.delete(claim);
        latch.wake();
      });
    running.set(claim, { cut, ended });
  };

  const work = async (claim: Claim, url: string, signal: AbortSignal): Promise<void> => {
    options.record.act(claimedAction(claim, options.runId));
    await awaitRelease(claim.task.id, signal);
    const { outcome, next } = await attempt(claim, url, options, signal);
    follow(next);
    const answer = await finish(claim, outcome);
    if (answer !== undefined) options.record.act(finishedAction(claim, options.runId, outcome, answer));
  };

  const follow = (next: Next): void => {
    switch (next.kind) {
      case 'go_on':
        return;
      case 'await_grind':
        grindUrl = undefined;
        return;
      case 'hold':
        if (!ORDERED.includes(next.code)) {
          complain({ code: next.code, message: next.detail, hint: next.hint, remedy: 'wait' });
        }
        rest(next.detail, next.ms);
        return;
      case 'stop':
        complain({ code: next.code, message: next.detail, hint: next.hint, remedy: 'stop' });
        leave({ reason: next.code, faulty: true }, options.timeoutMs);
        return;
    }
  };

  /** Undefined when the worker had to end before the line could be written: another one will take the attempt over. */
  const finish = async (claim: Claim, outcome: TaskOutcome) => {
    for (;;) {
      try {
        return await queue.finish(claim, outcome);
      } catch (error) {
        if (meet(error) === 'stop' || stopping.signal.aborted) return undefined;
        await clock.sleep(REST_MS, stopping.signal);
      }
    }
  };

  const sendBeat = (): void => {
    try {
      queue.beat(worker, running.size, obeys);
    } catch (error) {
      if (isVivariumError(error)) meet(error);
      else complain({ code: 'internal', message: `no beat: ${messageOf(error)}`, remedy: 'wait' });
    }
  };
  const beat = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      sendBeat();
      latch.wake();
      await clock.sleep(BEAT_MS, signal);
    }
  };
  /** The poll beside the watches, which may miss a change. */
  const keepHeeding = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const before = obeys;
      heed();
      if (obeys !== before) latch.wake();
      await clock.sleep(HEED_MS, signal);
    }
  };

  /** Waits for what runs, cut short by the limit or by a stop; then gives back what is left. */
  const settle = async (limitMs: Milliseconds): Promise<void> => {
    const ends = Promise.all([...running.values()].map(({ ended }) => ended));
    const done = new AbortController();
    const limit = AbortSignal.any([stopping.signal, done.signal]);
    await Promise.race([ends.then(() => done.abort()), clock.sleep(limitMs, limit)]);
    cutAll('worker_stopping');
    stopping.abort();
    await ends;
  };

  return {
    async run() {
      const beating = new AbortController();
      const unwatch = [
        // With all slots taken there is nothing to look for: an end wakes by itself.
        queue.watch(() => (running.size < slots ? latch.wake() : undefined)),
        options.control.watch(() => (heed(), latch.wake())),
      ];
      const beats = Promise.all([beat(beating.signal), keepHeeding(beating.signal)]);
      try {
        while (leaving === undefined && crash === undefined) {
          const mark = latch.mark();
          const quiet = await step().catch(fail);
          if (quiet > 0) await latch.wait(quiet, mark);
        }
        await settle(leaving?.limitMs ?? 0);
        if (crash !== undefined) throw crash.error;
        return { reason: leaving?.reason ?? 'crashed', faulty: leaving?.faulty ?? false };
      } finally {
        for (const stop of unwatch) stop();
        beating.abort();
        await beats;
        queue.leave(worker);
        options.grind.close();
      }
    },
    drain: (reason, limitMs) => leave({ reason, faulty: false }, limitMs),
    stop(reason) {
      leave({ reason, faulty: false }, 0);
      stopping.abort();
    },
  };
}

/** Refusals that an operator ordered: no fault of anybody. */
const ORDERED: readonly RefusalCode[] = ['halted', 'paused', 'draining', 'held'];

/** Beside what says `retry` itself (a full disk, a lock in use): a queue.json that somebody is editing mends without this process. */
const PASSING: readonly ErrorCode[] = ['queue_unreadable', 'lock_compromised'];
const passes = (error: VivariumError): boolean =>
  error.remedy.kind === 'retry' || PASSING.includes(error.code);

const hintOf = (error: VivariumError): { hint?: string } =>
  error.hint === undefined ? {} : { hint: error.hint };
