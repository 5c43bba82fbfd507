/** The real groq-sdk, through our adapter, against the real simulator process. */
import { setMaxListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompletionRequest, ModelProvider } from '@vivarium/contracts';
import { callId } from '@vivarium/core';
import { createGroqProvider } from '@vivarium/model';
import { describeModelProvider, type Arrangement } from '@vivarium/model/testing';
import { createNodeMachine } from '@vivarium/platform';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSimulator, type SimulatorProcess } from './simulator-process.ts';

const { clock } = createNodeMachine();
const apiKey = ['a', 'test', 'key'].join('-');
const provide = (url: string): ModelProvider =>
  createGroqProvider({ name: 'simulator', simulated: true, apiKey, baseUrl: url, connections: 8, clock });

const fault = async (simulator: SimulatorProcess, rule: object): Promise<void> => {
  const response = await fetch(`${simulator.url}/simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([rule]),
  });
  if (!response.ok) throw new Error(`the simulator refused a fault: ${await response.text()}`);
};

const clearFaults = async (simulator: SimulatorProcess): Promise<void> => {
  await fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });
};

const seenBy = async (simulator: SimulatorProcess): Promise<number> => {
  const state: unknown = await (await fetch(`${simulator.url}/simulator/state`)).json();
  return (state as { readonly requests: { readonly completions_asked: number } }).requests.completions_asked; // `as`: its own tests hold the shape
};

// One process for the whole suite: each test gets a provider of its own, and counts from where the simulator stands.
let shared: Promise<SimulatorProcess> | undefined;
afterAll(async () => (await shared)?.stop());

describeModelProvider('Groq, over the simulator', async () => {
  const simulator = await (shared ??= startSimulator('--latency-ms', '0'));
  const provider = provide(simulator.url);
  const seenBefore = await seenBy(simulator);
  return {
    provider,
    model: 'llama-3.1-8b-instant',
    arrange: async (what: Arrangement) => {
      if (what.kind !== 'answer') await fault(simulator, { fault: what, times: 1 });
    },
    pass: (milliseconds) => sleep(milliseconds),
    seen: async () => (await seenBy(simulator)) - seenBefore,
    stop: async () => {
      await provider.stop();
      await clearFaults(simulator);
    },
  };
});

describe('Groq, over the simulator: what only the whole wire shows', () => {
  let simulator: SimulatorProcess;
  let provider: ModelProvider;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'vivarium-contract-'));
    simulator = await startSimulator(
      '--latency-ms',
      '0',
      '--bill',
      join(directory, 'bill.jsonl'),
      '--reject-key',
      'a-bad-key',
    );
  });
  afterAll(async () => {
    await simulator.stop();
    rmSync(directory, { recursive: true });
  });
  beforeEach(() => {
    provider = provide(simulator.url);
  });
  afterEach(async () => {
    await provider.stop();
    await clearFaults(simulator);
  });

  const request: CompletionRequest = {
    callId: callId('call_1'),
    runId: undefined,
    model: 'openai/gpt-oss-20b',
    prompt: 'List 3 reasons to measure twice.',
    maxCompletionTokens: 500,
    temperature: 0.2,
    timeoutMs: 10_000,
  };
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // of all calls here
  const billed = (): number =>
    readFileSync(join(directory, 'bill.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '').length;

  it('M2: what the adapter reports is what the bill says', async () => {
    const answer = await provider.complete(request, signal);
    if (answer.kind !== 'completed') throw new Error(answer.message);
    const line: unknown = JSON.parse(
      readFileSync(join(directory, 'bill.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? '',
    );
    expect(line).toMatchObject({
      request_id: answer.providerRequestId,
      model: answer.model,
      input_tokens: answer.inputTokens,
      output_tokens: answer.outputTokens,
      cost_nano_usd: answer.inputTokens * 50 + answer.outputTokens * 200,
    });
  });

  it('reads the limits the simulator enforces', async () => {
    const { rateLimits } = await provider.complete(request, signal);
    expect(rateLimits).toEqual({
      limitRequests: expect.any(Number),
      limitTokens: expect.any(Number),
      remainingRequests: expect.any(Number),
      remainingTokens: expect.any(Number),
      resetRequestsMs: expect.any(Number),
      resetTokensMs: expect.any(Number),
    });
  });

  it('a rejected key, an unknown model and a senseless request are told apart', async () => {
    const wrong = createGroqProvider({
      name: 'simulator',
      simulated: true,
      apiKey: 'a-bad-key',
      baseUrl: simulator.url,
      connections: 1,
      clock,
    });
    expect(await wrong.complete(request, signal)).toMatchObject({
      code: 'provider_rejected_key',
      status: 401,
      message: 'the provider answered 401 (invalid_api_key)',
    });
    await wrong.stop();
    expect(await provider.complete({ ...request, model: 'no-such-model' }, signal)).toMatchObject({
      code: 'provider_rejected_request',
      status: 404,
    });
    expect(await provider.complete({ ...request, temperature: 9 }, signal)).toMatchObject({
      code: 'provider_rejected_request',
      status: 400,
    });
  });

  it('length: an answer cut at the limit says so', async () => {
    await fault(simulator, { fault: { kind: 'length' }, times: 1 });
    expect(await provider.complete(request, signal)).toMatchObject({
      kind: 'completed',
      finishReason: 'length',
    });
  });

  it('M2: an answer that came too late was billed, and is reported as perhaps billed', async () => {
    const before = billed();
    await fault(simulator, { fault: { kind: 'delay', ms: 150 }, times: 1 });
    expect(await provider.complete({ ...request, timeoutMs: 40 }, signal)).toMatchObject({
      code: 'provider_timeout',
      billing: 'unknown',
    });
    await expect.poll(billed).toBe(before + 1);
  });

  it('M2: over a storm of every fault the bill lies between what is known and what may be', async () => {
    const kinds = [
      { kind: 'cut' },
      { kind: 'cut', afterBytes: 40 },
      { kind: 'malformed' },
      { kind: 'no-usage' },
      { kind: 'status', status: 503 },
      { kind: 'status', status: 429, retryAfterSeconds: 1 },
    ];
    for (const kind of kinds) await fault(simulator, { match: { probability: 0.1 }, fault: kind });
    const before = billed();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        provider.complete({ ...request, prompt: `${request.prompt} ${index}` }, signal),
      ),
    );
    const known = answers.filter(({ kind }) => kind === 'completed').length;
    const unknown = answers.filter(
      (answer) => answer.kind === 'fault' && answer.billing === 'unknown',
    ).length;
    const calls = billed() - before;
    expect(known).toBeGreaterThan(50);
    expect(unknown).toBeGreaterThan(10);
    expect(calls).toBeGreaterThanOrEqual(known);
    expect(calls).toBeLessThanOrEqual(known + unknown);
  });
});
