/**
 * What every engine of the port `ModelProvider` must keep. The far side is arranged call by call; each engine translates an
 * arrangement into what its far side understands (a script, a test server, the simulator's scripted faults).
 * Engines whose far side cannot do an arrangement say so in `cannot`, with the reason.
 */
import { setMaxListeners } from 'node:events';
import type {
  Completion,
  CompletionRequest,
  ModelProvider,
  ProviderFault,
  ProviderFaultCode,
} from '@vivarium/contracts';
import { callId } from '@vivarium/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What the far side does with the next call. */
export type Arrangement =
  | { readonly kind: 'answer' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'no-usage' };

export interface ModelProviderUnderTest {
  readonly provider: ModelProvider;
  /** A model the far side knows. */
  readonly model: string;
  /** Holds for the next call only; calls without one are answered. */
  readonly arrange: (what: Arrangement) => Promise<void>;
  /** Lets time pass for the provider: a manual clock is moved, real time waited for. */
  readonly pass: (milliseconds: number) => Promise<void>;
  /** Requests the far side has seen so far. */
  readonly seen: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export function describeModelProvider(name: string, create: () => Promise<ModelProviderUnderTest>): void {
  describe(`ModelProvider: ${name}`, () => {
    let under: ModelProviderUnderTest;
    beforeEach(async () => {
      under = await create();
    });
    afterEach(() => under.stop());

    const request = (more: Partial<CompletionRequest> = {}): CompletionRequest => ({
      callId: callId('call_1'),
      runId: undefined,
      model: under.model,
      prompt: 'Explain how leases protect a queue from workers that died in the middle of their work.',
      maxCompletionTokens: 512,
      temperature: 0.2,
      timeoutMs: 30_000,
      ...more,
    });
    const forever = new AbortController().signal;
    setMaxListeners(0, forever);
    const call = (more: Partial<CompletionRequest> = {}, signal: AbortSignal = forever) =>
      under.provider.complete(request(more), signal);
    const completed = async (more: Partial<CompletionRequest> = {}): Promise<Completion> => {
      const answer = await call(more);
      if (answer.kind !== 'completed')
        throw new Error(`expected a completion, got ${JSON.stringify(answer)}`);
      return answer;
    };
    const faulted = async (
      answer: Completion | ProviderFault | Promise<Completion | ProviderFault>,
    ): Promise<ProviderFault> => {
      const settled = await answer;
      if (settled.kind !== 'fault') throw new Error(`expected a fault, got ${JSON.stringify(settled)}`);
      return settled;
    };

    describe('a completion', () => {
      it('has text, the billed model, tokens, a finish reason, an id and its latency', async () => {
        const answer = await completed();
        expect(answer).toMatchObject({
          model: under.model,
          finishReason: 'stop',
          simulated: under.provider.simulated,
        });
        expect(answer.text).not.toBe('');
        expect(answer.providerRequestId).toMatch(/^\S+$/);
        for (const count of [answer.inputTokens, answer.outputTokens]) expect(count).toBeGreaterThan(0);
        expect(answer.latencyMs).toBeGreaterThanOrEqual(0);
      });

      it('never has more tokens than were allowed, and says `length` when it was cut', async () => {
        expect(await completed({ maxCompletionTokens: 3 })).toMatchObject({
          finishReason: 'length',
          outputTokens: 3,
        });
      });

      it('goes to the caller who asked for it', async () => {
        const prompts = Array.from(
          { length: 24 },
          (_, index) => `Explain the word number${String.fromCodePoint(97 + index).repeat(6)}`,
        );
        const once = await Promise.all(prompts.map((prompt) => completed({ prompt })));
        const again = [];
        for (const prompt of prompts) again.push(await completed({ prompt }));
        expect(once.map(({ text }) => text)).toEqual(again.map(({ text }) => text));
        expect(new Set(once.map(({ text }) => text)).size).toBe(prompts.length);
      });
    });

    describe('a complete error of the provider', () => {
      const table: readonly (readonly [
        status: number,
        code: ProviderFaultCode,
        billing: ProviderFault['billing'],
      ])[] = [
        [400, 'provider_rejected_request', 'none'],
        [401, 'provider_rejected_key', 'none'],
        [403, 'provider_rejected_key', 'none'],
        [404, 'provider_rejected_request', 'none'],
        [413, 'provider_rejected_request', 'none'],
        [422, 'provider_rejected_request', 'none'],
        [429, 'provider_rate_limited', 'none'],
        [498, 'provider_unavailable', 'none'],
        [500, 'provider_unavailable', 'none'],
        [503, 'provider_unavailable', 'none'],
        // Not the provider but a gateway before it: what stands behind may have served the request.
        [502, 'provider_unavailable', 'unknown'],
        [504, 'provider_unavailable', 'unknown'],
      ];
      it.each(table)('M2: %i is %s, billed: %s', async (status, code, billing) => {
        await under.arrange({ kind: 'status', status });
        expect(await faulted(call())).toMatchObject({ code, billing, status });
      });

      it('says how long the provider asks to wait', async () => {
        await under.arrange({ kind: 'status', status: 429, retryAfterSeconds: 7 });
        expect(await faulted(call())).toMatchObject({ code: 'provider_rate_limited', retryAfterMs: 7_000 });
      });
    });

    describe('a call whose fate is not known', () => {
      it('M2: is perhaps billed when the connection is cut', async () => {
        await under.arrange({ kind: 'cut' });
        expect(await faulted(call())).toMatchObject({ code: 'provider_unavailable', billing: 'unknown' });
      });

      it('M2: is perhaps billed when the answer is malformed', async () => {
        await under.arrange({ kind: 'malformed' });
        expect(await faulted(call())).toMatchObject({
          code: 'provider_malformed',
          billing: 'unknown',
          status: 200,
        });
      });

      it('M2: is perhaps billed when the answer does not say what it used', async () => {
        await under.arrange({ kind: 'no-usage' });
        expect(await faulted(call())).toMatchObject({
          code: 'provider_malformed',
          billing: 'unknown',
          status: 200,
        });
      });

      it('M2: is perhaps billed when it took longer than allowed', async () => {
        await under.arrange({ kind: 'hang' });
        const late = faulted(call({ timeoutMs: 60 }));
        await under.pass(60);
        const fault = await late;
        expect(fault).toMatchObject({ code: 'provider_timeout', billing: 'unknown' });
        expect(fault.latencyMs).toBeGreaterThanOrEqual(55);
        expect(fault.latencyMs).toBeLessThan(5_000);
      });

      it('S3: ends at once when it is aborted in mid-flight, and is perhaps billed', async () => {
        await under.arrange({ kind: 'hang' });
        const controller = new AbortController();
        const aborted = faulted(call({}, controller.signal));
        while ((await under.seen()) === 0) await under.pass(1);
        controller.abort();
        expect(await aborted).toMatchObject({ code: 'call_aborted', billing: 'unknown' });
      });
    });

    it('a call aborted before it began never leaves, and is certainly not billed', async () => {
      expect(await faulted(call({}, AbortSignal.abort()))).toMatchObject({
        code: 'call_aborted',
        billing: 'none',
      });
      expect(await under.seen()).toBe(0);
    });

    it('a fault is data: one JSON, without cause, stack or upstream text', async () => {
      await under.arrange({ kind: 'status', status: 500 });
      const fault = await faulted(call());
      expect(Object.keys(fault).toSorted()).toEqual([
        'billing',
        'code',
        'kind',
        'latencyMs',
        'message',
        'rateLimits',
        'retryAfterMs',
        'status',
      ]);
      expect(fault).not.toBeInstanceOf(Error);
    });

    it('one bad call does not spoil the next', async () => {
      for (const kind of ['cut', 'malformed', 'hang'] as const) {
        await under.arrange({ kind });
        const bad = faulted(call({ timeoutMs: 40 }));
        await under.pass(40);
        await bad;
        expect((await completed()).text).not.toBe('');
      }
    });

    it('a long-lived signal is let go of after each call', async () => {
      const controller = new AbortController();
      let listeners = 0;
      const { signal } = controller;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
      signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
      for (let index = 0; index < 5; index += 1) await call({}, signal);
      expect(listeners).toBeLessThanOrEqual(0);
    });

    it('stop ends what is under way and everything after it; stopping again changes nothing', async () => {
      await under.arrange({ kind: 'hang' });
      const caught = faulted(call());
      while ((await under.seen()) === 0) await under.pass(1);
      await under.provider.stop();
      await under.provider.stop();
      expect(await caught).toMatchObject({ code: 'provider_unavailable', billing: 'unknown' });
      expect(await faulted(call())).toMatchObject({ code: 'provider_unavailable', billing: 'none' });
    });
  });
}
