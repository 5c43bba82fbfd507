/**
 * The life of one worker: K slots over one queue, one beat, one grind. Owns its running attempts and nothing else; talks to the queue,
 * the control state and grind through their ports, to its parent through `say`. It sees no other worker and judges no text.
 *
 * - Q5: the beat moves on every second, whatever the slots do; it stops only when everything this worker held is finished or given back.
 * - Q11: HALT, PAUSE, an unreachable grind, a broken queue.json, a full disk: no claims while it lasts, held tasks given back where they
 *   cannot go on, and work resumes by itself. None of it fails a task.
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
import type {
  Claim,
  ControlState,
  ControlStore,
  RecordStore,
  TaskOutcome,
  TaskQueue,
  WorkerMessage,
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

  /** Reads the control state; HALT cuts what runs, also while this worker is leaving. */
  const heed = (): ControlState => {
    const state = options.control.read();
    if (state.kind === 'halted') cutAll('halted');
    return state;
  };

  /** Looks at the world once and acts. Answers how long nothing needs to be looked at again, unless somebody wakes. */
  const step = async (): Promise<Milliseconds> => {
    const state = heed();
    if (state.kind !== 'running') {
      tell('held', `${state.kind}: ${state.reason}`);
      return REST_MS;
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
      answer = await queue.claim(worker, free);
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
        if (next.code !== 'halted' && next.code !== 'paused') {
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

  const beat = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        queue.beat(worker, running.size);
      } catch (error) {
        if (isVivariumError(error)) meet(error);
        else complain({ code: 'internal', message: `no beat: ${messageOf(error)}`, remedy: 'wait' });
      }
      // The slow poll beside the watches, which may miss a change.
      heed();
      latch.wake();
      await clock.sleep(BEAT_MS, signal);
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
      const beats = beat(beating.signal);
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

/** Beside what says `retry` itself (a full disk, a lock in use): a queue.json that somebody is editing mends without this process. */
const PASSING: readonly ErrorCode[] = ['queue_unreadable', 'lock_compromised'];
const passes = (error: VivariumError): boolean =>
  error.remedy.kind === 'retry' || PASSING.includes(error.code);

const hintOf = (error: VivariumError): { hint?: string } =>
  error.hint === undefined ? {} : { hint: error.hint };
