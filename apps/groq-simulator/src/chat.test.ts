import { describe, expect, it } from 'vitest';
import { decide, type ChatContext, type Decision } from './chat.ts';
import { replyBody, type Answer } from './compose.ts';
import { createFaultBook, type FaultRule } from './faults.ts';
import { createLimits, defaultLimits, type LimitOptions } from './limits.ts';
import { ChatCompletion } from './wire.ts';

interface Setting {
  readonly seed?: string;
  readonly limits?: Partial<LimitOptions>;
  readonly faults?: readonly FaultRule[];
}

const context = ({ seed = 'seed', limits = defaultLimits, faults = [] }: Setting = {}): ChatContext => ({
  seed,
  pace: { kind: 'model', speed: 1 },
  limits: createLimits(limits),
  faults: createFaultBook(seed, faults),
  now: () => 0,
});

const request = (more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    model: 'llama-3.1-8b-instant',
    messages: [{ role: 'user', content: 'Explain how leases protect a queue.' }],
    ...more,
  });

const answered = (decision: Decision): Answer => {
  if (decision.kind !== 'answer') throw new Error(`expected an answer, got ${decision.kind}`);
  return decision.answer;
};
const statusOf = (decision: Decision): number | undefined =>
  decision.kind === 'refuse' ? decision.error.status : undefined;

describe('a completion', () => {
  it('is the same in words, tokens and time for the same seed and request, whatever came before', () => {
    const busy = context();
    for (const temperature of [0, 0.5, 1]) decide(request({ temperature }), busy);
    expect(answered(decide(request(), busy))).toEqual(answered(decide(request(), context())));
    expect(answered(decide(request(), context({ seed: 'other' }))).text).not.toBe(
      answered(decide(request(), context())).text,
    );
  });

  it('depends on the parameters, not on their order', () => {
    const base = answered(decide(request({ seed: 1, temperature: 0.5 }), context()));
    expect(answered(decide(request({ temperature: 0.5, seed: 1 }), context()))).toEqual(base);
    expect(answered(decide(request({ temperature: 0.5, seed: 2 }), context()))).not.toEqual(base);
  });

  it('ends with `length` exactly at the limit, max_completion_tokens before max_tokens', () => {
    const whole = answered(decide(request(), context()));
    expect(whole.finishReason).toBe('stop');
    const cut = answered(decide(request({ max_tokens: 3, max_completion_tokens: 9 }), context()));
    expect(cut).toMatchObject({ finishReason: 'length', outputTokens: 9 });
    expect(cut.text.length).toBeLessThanOrEqual(36);
    expect(
      answered(decide(request({ max_completion_tokens: whole.outputTokens }), context())).finishReason,
    ).toBe('stop');
  });

  it('ends before a stop sequence', () => {
    expect(answered(decide(request({ stop: ['ulat'] }), context())).text).toBe('[sim');
  });

  it('follows orders given in a system message', () => {
    const messages = [
      { role: 'system', content: 'Answer in JSON only, with keys "verdict".' },
      { role: 'user', content: 'Is the queue empty?' },
    ];
    expect(JSON.parse(answered(decide(request({ messages }), context())).text)).toMatchObject({
      simulated: true,
      verdict: expect.any(String),
    });
  });

  it('has the shape of the wire', () => {
    const reply = replyBody(answered(decide(request(), context())), {
      completion: 'chatcmpl-1',
      request: 'req_1',
      created: 1,
      fingerprint: 'simulated_1',
    });
    expect(ChatCompletion.parse(JSON.parse(JSON.stringify(reply)))).toEqual(reply);
    expect(reply.usage.total_tokens).toBe(reply.usage.prompt_tokens + reply.usage.completion_tokens);
  });
});

describe('a refusal', () => {
  it('names an unknown model with 404', () => {
    expect(statusOf(decide(request({ model: 'gpt-9' }), context()))).toBe(404);
  });

  it('comes before the call when the limits of the model are passed', () => {
    expect(statusOf(decide(request({ max_completion_tokens: 8_193 }), context()))).toBe(400);
    const long = [{ role: 'user', content: 'word '.repeat(110_000) }];
    expect(decide(request({ messages: long }), context())).toMatchObject({
      kind: 'refuse',
      error: { status: 400, code: 'context_length_exceeded' },
    });
  });

  it('says 429 with retry-after and the rate headers when the limits are reached, 413 when waiting cannot help', () => {
    const tight = context({ limits: { requestsPerDay: 1, tokensPerMinute: 1_000 } });
    expect(decide(request(), tight).kind).toBe('answer');
    expect(decide(request(), tight)).toMatchObject({
      kind: 'refuse',
      error: { status: 429, type: 'requests' },
      headers: { 'retry-after': '86400', 'x-ratelimit-remaining-requests': '0' },
    });
    expect(statusOf(decide(request(), context({ limits: { requestsPerDay: 1, tokensPerMinute: 5 } })))).toBe(
      413,
    );
  });
});

describe('a scripted fault', () => {
  const decideWith = (fault: FaultRule['fault']): Decision =>
    decide(request(), context({ faults: [{ fault }] }));

  it('answers any status, with a body of its own if it has one', () => {
    expect(decideWith({ kind: 'status', status: 429, retryAfterSeconds: 2.5 })).toMatchObject({
      kind: 'refuse',
      error: { status: 429, code: 'rate_limit_exceeded' },
      headers: { 'retry-after': '2.5' },
    });
    for (const status of [400, 401, 403, 404, 413, 422, 498, 500, 503])
      expect(statusOf(decideWith({ kind: 'status', status }))).toBe(status);
    expect(decideWith({ kind: 'status', status: 502, body: '<html>bad</html>' })).toMatchObject({
      kind: 'scripted',
      contentType: 'text/plain',
    });
    expect(decideWith({ kind: 'status', status: 502, body: { a: 1 } })).toMatchObject({
      kind: 'scripted',
      body: '{"a":1}',
    });
  });

  it('hangs unbilled, or with an answer that was generated and lost', () => {
    expect(decideWith({ kind: 'hang' }).kind).toBe('hang');
    expect(decideWith({ kind: 'hang', billed: true })).toMatchObject({
      kind: 'answer',
      damage: { kind: 'lost' },
    });
  });

  it('delays, and damages an answer that is otherwise the same', () => {
    const whole = decide(request(), context());
    const delayed = decideWith({ kind: 'delay', ms: 1_000 });
    if (whole.kind !== 'answer' || delayed.kind !== 'answer') throw new Error('expected answers');
    expect(delayed.waitMs).toBe(whole.waitMs + 1_000);
    for (const fault of [
      { kind: 'cut', afterBytes: 10 },
      { kind: 'malformed' },
      { kind: 'no-usage' },
    ] as const) {
      expect(decideWith(fault)).toMatchObject({ kind: 'answer', answer: whole.answer, damage: fault });
    }
  });

  it('cuts an answer half way with `length`', () => {
    const whole = answered(decide(request(), context()));
    const half = answered(decideWith({ kind: 'length' }));
    expect(half).toMatchObject({ finishReason: 'length', outputTokens: Math.floor(whole.outputTokens / 2) });
    expect(whole.text.startsWith(half.text)).toBe(true);
  });
});
