import type { CompletionRequest } from '@vivarium/contracts';
import { callId } from '@vivarium/core';
import { createManualClock } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { describeModelProvider, type Arrangement } from '../testing/describe-model-provider.ts';
import { createScriptedProvider, type ScriptStep } from './scripted-provider.ts';

function toStep(what: Arrangement): ScriptStep {
  switch (what.kind) {
    case 'status':
      return what.retryAfterSeconds === undefined
        ? { kind: 'status', status: what.status }
        : { kind: 'status', status: what.status, retryAfterMs: what.retryAfterSeconds * 1_000 };
    case 'no-usage':
      return { kind: 'malformed' };
    default:
      return { kind: what.kind };
  }
}

describeModelProvider('scripted', async () => {
  const clock = createManualClock();
  const next: ScriptStep[] = [];
  const provider = createScriptedProvider({ clock, script: () => next.shift() ?? { kind: 'answer' } });
  return {
    provider,
    model: 'llama-3.1-8b-instant',
    arrange: async (what) => void next.push(toStep(what)),
    pass: (milliseconds) => clock.advanceSettled(milliseconds),
    seen: async () => provider.requests.length,
    stop: () => provider.stop(),
  };
});

describe('a script', () => {
  const request: CompletionRequest = {
    callId: callId('call_1'),
    runId: undefined,
    model: 'm',
    prompt: 'say something',
    maxCompletionTokens: 100,
    temperature: 0,
    timeoutMs: 1_000,
  };
  const { signal } = new AbortController();

  it('can put its own words and figures into an answer', async () => {
    const provider = createScriptedProvider({
      clock: createManualClock(),
      script: () => ({ kind: 'answer', with: { text: 'hello', inputTokens: 7, simulated: false } }),
    });
    expect(await provider.complete(request, signal)).toMatchObject({
      text: 'hello',
      inputTokens: 7,
      simulated: false,
      model: 'm',
    });
  });

  it('can hold a call until it is let go, and answers calls out of order', async () => {
    const order: string[] = [];
    const gate = new EventTarget();
    const opened = new Promise((resolve) => gate.addEventListener('open', resolve));
    const provider = createScriptedProvider({
      clock: createManualClock(),
      script: (_, call) => (call === 1 ? { kind: 'held', until: opened } : { kind: 'answer' }),
    });
    const held = provider.complete(request, signal).then(() => order.push('first'));
    await provider.complete(request, signal).then(() => order.push('second'));
    gate.dispatchEvent(new Event('open'));
    await held;
    expect(order).toEqual(['second', 'first']);
  });

  it('answers after its time on the clock it was given', async () => {
    const clock = createManualClock();
    const provider = createScriptedProvider({ clock, script: () => ({ kind: 'answer', afterMs: 250 }) });
    const answer = provider.complete(request, signal);
    await clock.advanceSettled(250);
    expect(await answer).toMatchObject({ kind: 'completed', latencyMs: 250 });
  });

  it('M2: bills what was generated, also when the caller never saw it, and nothing else', async () => {
    const steps: readonly ScriptStep[] = [
      { kind: 'answer' },
      { kind: 'cut' },
      { kind: 'malformed' },
      { kind: 'status', status: 500 },
      { kind: 'unreachable' },
    ];
    const provider = createScriptedProvider({
      clock: createManualClock(),
      script: (_, call) => steps[call - 1] ?? { kind: 'answer' },
    });
    for (const _ of steps) await provider.complete(request, signal);
    expect(provider.billed).toHaveLength(3);
  });
});
