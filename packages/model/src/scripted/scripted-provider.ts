/**
 * A model that does what a script says: the engine of `ModelProvider` for tests. Not a mock: it keeps the port's promises (it passes
 * the contract suite), answers deterministically, and keeps its own bill, so that a test can hold a caller's books against it.
 * Owns nothing outside itself; time is the clock it is given.
 */
import type { Completion, CompletionRequest, ModelProvider, ProviderFault } from '@vivarium/contracts';
import type { Clock, Milliseconds } from '@vivarium/core';
import { judgeStatus, providerFault } from '../provider-fault.ts';

/** What happens to one call. */
export type ScriptStep =
  /** Answers; what is left out is made up from the request. */
  | {
      readonly kind: 'answer';
      readonly afterMs?: Milliseconds;
      readonly with?: Partial<Omit<Completion, 'kind' | 'latencyMs'>>;
    }
  /** Answers when `until` resolves: a test holds the call in its hand. */
  | {
      readonly kind: 'held';
      readonly until: Promise<unknown>;
      readonly with?: Partial<Omit<Completion, 'kind' | 'latencyMs'>>;
    }
  /** A complete HTTP error; not billed. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfterMs?: Milliseconds;
      readonly afterMs?: Milliseconds;
    }
  /** Cannot be reached; not billed. */
  | { readonly kind: 'unreachable' }
  /** Never answers; not billed. */
  | { readonly kind: 'hang' }
  /** Billed, and the answer is lost or of no use. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'malformed' };

export type Script = (request: CompletionRequest, call: number) => ScriptStep;

export interface ScriptedOptions {
  readonly clock: Clock;
  /** `call` counts from 1. Without a script every call is answered at once. */
  readonly script?: Script;
  readonly name?: string;
  readonly simulated?: boolean;
  /** Default false: the script's replies say nothing of limits unless it makes them. */
  readonly tellsLimits?: boolean;
}

export interface ScriptedProvider extends ModelProvider {
  /** Requests that reached it, in order. */
  readonly requests: readonly CompletionRequest[];
  /** What it would charge for, in order, whether or not the caller came to know. */
  readonly billed: readonly Completion[];
}

const answerAtOnce: Script = () => ({ kind: 'answer' });

export function createScriptedProvider(options: ScriptedOptions): ScriptedProvider {
  const { clock, script = answerAtOnce, name = 'scripted', simulated = true, tellsLimits = false } = options;
  const requests: CompletionRequest[] = [];
  const billed: Completion[] = [];
  const stopped = new AbortController();

  const complete = async (
    request: CompletionRequest,
    signal: AbortSignal,
  ): Promise<Completion | ProviderFault> => {
    const startedAt = clock.monotonic();
    const latencyMs = (): Milliseconds => clock.monotonic() - startedAt;
    const unreachable = (): ProviderFault =>
      providerFault({
        code: 'provider_unavailable',
        billing: 'none',
        message: 'the provider cannot be reached',
        latencyMs: latencyMs(),
      });
    if (signal.aborted)
      return providerFault({
        code: 'call_aborted',
        billing: 'none',
        message: 'the call was aborted',
        latencyMs: 0,
      });
    if (stopped.signal.aborted) return unreachable();
    requests.push(request);
    const step = script(request, requests.length);

    const answer = (over: Partial<Completion> = {}): Completion => {
      const completion = { ...invent(request, requests.length), simulated, ...over, latencyMs: latencyMs() };
      billed.push(completion);
      return completion;
    };
    const cut = (): ProviderFault =>
      providerFault({
        code: 'provider_unavailable',
        billing: 'unknown',
        message: 'the connection to the provider was cut before the whole answer came',
        latencyMs: latencyMs(),
      });

    switch (step.kind) {
      case 'status':
        if (step.afterMs !== undefined) await clock.sleep(step.afterMs);
        return providerFault({
          ...judgeStatus(step.status),
          status: step.status,
          message: `the provider answered ${step.status}`,
          retryAfterMs: step.retryAfterMs,
          latencyMs: latencyMs(),
        });
      case 'unreachable':
        return unreachable();
      case 'malformed':
        answer();
        return providerFault({
          code: 'provider_malformed',
          billing: 'unknown',
          status: 200,
          message: 'the provider answered something that is no completion',
          latencyMs: latencyMs(),
        });
      case 'cut':
        answer();
        return cut();
      case 'answer':
      case 'held':
      case 'hang': {
        const ended = await waitFor(waitOf(step, clock), request.timeoutMs, signal);
        if (ended === 'aborted')
          return providerFault({
            code: 'call_aborted',
            billing: 'unknown',
            message: 'the call was aborted',
            latencyMs: latencyMs(),
          });
        if (ended === 'late')
          return providerFault({
            code: 'provider_timeout',
            billing: 'unknown',
            message: 'the provider did not answer in time',
            latencyMs: latencyMs(),
          });
        if (ended === 'stopped') return cut();
        return answer('with' in step ? step.with : {});
      }
    }
  };

  /** What comes first: the step's own end, the time limit, the caller's abort, the end of the provider. */
  const waitFor = async (
    work: (signal: AbortSignal) => Promise<unknown>,
    timeoutMs: Milliseconds,
    signal: AbortSignal,
  ): Promise<'done' | 'late' | 'aborted' | 'stopped'> => {
    const over = new AbortController();
    const ended = AbortSignal.any([signal, stopped.signal, over.signal]);
    const isDone = await Promise.race([
      work(ended).then(() => true),
      clock.sleep(timeoutMs, ended).then(() => false),
    ]);
    over.abort();
    if (signal.aborted) return 'aborted'; // a sleep also ends by abort, so this is asked before anything is believed
    if (stopped.signal.aborted) return 'stopped';
    return isDone ? 'done' : 'late';
  };

  return {
    name,
    simulated,
    tellsLimits,
    requests,
    billed,
    complete,
    stop: async () => stopped.abort(),
  };
}

/** How a waiting step ends by itself; a hang does not. */
function waitOf(
  step: Extract<ScriptStep, { readonly kind: 'answer' | 'held' | 'hang' }>,
  clock: Clock,
): (signal: AbortSignal) => Promise<unknown> {
  switch (step.kind) {
    case 'answer':
      return (signal) => clock.sleep(step.afterMs ?? 0, signal);
    case 'held':
      return () => step.until.catch(() => undefined);
    case 'hang':
      return () => new Promise(() => undefined);
  }
}

/** One token a word, cut at the limit of the request. */
function invent(request: CompletionRequest, call: number): Omit<Completion, 'latencyMs' | 'simulated'> {
  const words = `scripted answer to: ${request.prompt}`.split(' ');
  const isCut = words.length > request.maxCompletionTokens;
  const said = isCut ? words.slice(0, request.maxCompletionTokens) : words;
  return {
    kind: 'completed',
    text: said.join(' '),
    model: request.model,
    inputTokens: request.prompt.split(' ').length,
    outputTokens: said.length,
    finishReason: isCut ? 'length' : 'stop',
    providerRequestId: `scripted_${call}`,
    rateLimits: {},
  };
}
