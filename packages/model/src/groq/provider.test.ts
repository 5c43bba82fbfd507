import { setMaxListeners } from 'node:events';
import { setTimeout as realSleep } from 'node:timers/promises';
import type { Completion, CompletionRequest, ModelProvider, ProviderFault } from '@vivarium/contracts';
import { callId } from '@vivarium/core';
import { createNodeMachine } from '@vivarium/platform';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeModelProvider } from '../testing/describe-model-provider.ts';
import { startWireServer, wireReply, type WireServer } from '../testing/wire-server.ts';
import { createGroqProvider, type GroqOptions } from './provider.ts';

// The engine talks over real sockets, so its time is real too; every wait below is a few milliseconds.
const { clock } = createNodeMachine();
// Made up here, in pieces, of letters only: no key-shaped text stands in a file, and no filter by alphabet alone would catch it.
const apiKey = ['gsk', 'planted', 'secret', 'letters'].join('_');

const groq = (url: string, more: Partial<GroqOptions> = {}): ModelProvider =>
  createGroqProvider({
    name: 'simulator',
    simulated: true,
    apiKey,
    baseUrl: url,
    connections: 8,
    clock,
    ...more,
  });

describeModelProvider('Groq, over a wire of our own', async () => {
  const server = await startWireServer();
  const provider = groq(server.url);
  return {
    provider,
    model: 'llama-3.1-8b-instant',
    arrange: async (what) => server.next(what),
    pass: (milliseconds) => realSleep(milliseconds),
    seen: async () => server.requests.length,
    stop: async () => {
      await provider.stop();
      await server.stop();
    },
  };
});

let server: WireServer;
let provider: ModelProvider;
beforeEach(async () => {
  server = await startWireServer();
  provider = groq(server.url);
});
afterEach(async () => {
  await provider.stop();
  await server.stop();
});

const request: CompletionRequest = {
  callId: callId('call_1'),
  runId: undefined,
  model: 'openai/gpt-oss-120b',
  prompt: 'say something',
  maxCompletionTokens: 100,
  temperature: 0.5,
  timeoutMs: 5_000,
};
const { signal } = new AbortController();
setMaxListeners(0, signal); // of all calls here
const call = (more: Partial<CompletionRequest> = {}): Promise<Completion | ProviderFault> =>
  provider.complete({ ...request, ...more }, signal);
const raw = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void =>
  server.next({ kind: 'raw', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
const wholeReply = () =>
  wireReply({
    model: request.model,
    messages: [{ role: 'user', content: 'x' }],
    max_completion_tokens: 9,
    temperature: 0,
  });

describe('a request', () => {
  it('says what was asked and who asks, and nothing of the machine it comes from', async () => {
    await call();
    const [sent] = server.requests;
    expect(sent).toMatchObject({
      url: '/openai/v1/chat/completions',
      body: {
        model: request.model,
        messages: [{ role: 'user', content: 'say something' }],
        temperature: 0.5,
        max_completion_tokens: 100,
      },
    });
    expect(Object.keys(sent?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
    expect(sent?.headers.authorization).toBe(`Bearer ${apiKey}`);
  });

  it('S6: is not redirected or added to by stray variables of the environment', async () => {
    const stray = {
      GROQ_BASE_URL: 'http://127.0.0.1:1',
      GROQ_API_KEY: 'stray-key',
      GROQ_CUSTOM_HEADERS: 'Authorization: stray\nX-Stray: yes',
      GROQ_LOG: 'debug',
    };
    const before = Object.keys(stray).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, stray);
    try {
      const strayed = groq(server.url);
      expect(await strayed.complete(request, signal)).toMatchObject({ kind: 'completed' });
      await strayed.stop();
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
    expect(server.requests[0]?.headers).toMatchObject({ authorization: `Bearer ${apiKey}` });
    expect(server.requests[0]?.headers).not.toHaveProperty('x-stray');
  });

  it('is made once: the SDK does not retry', async () => {
    server.next({ kind: 'status', status: 500 });
    await call();
    expect(server.requests).toHaveLength(1);
  });

  it('can go to an address with a path before the API', async () => {
    const behindPath = groq(`${server.url}/proxy/`);
    await behindPath.complete(request, signal);
    expect(server.requests[0]?.url).toBe('/proxy/openai/v1/chat/completions');
    await behindPath.stop();
  });
});

describe('a reply', () => {
  it('brings everything the port has a place for', async () => {
    raw(
      200,
      {
        ...wholeReply(),
        model: 'openai/gpt-oss-120b-0905',
        usage: {
          prompt_tokens: 11,
          completion_tokens: 5,
          completion_tokens_details: { reasoning_tokens: 3 },
          prompt_tokens_details: { cached_tokens: 4 },
        },
      },
      { 'x-ratelimit-remaining-tokens': '5997', 'x-ratelimit-reset-tokens': '7.66s' },
    );
    expect(await call()).toMatchObject({
      kind: 'completed',
      model: 'openai/gpt-oss-120b-0905',
      inputTokens: 11,
      outputTokens: 5,
      reasoningTokens: 3,
      cachedTokens: 4,
      finishReason: 'stop',
      providerRequestId: 'req_1',
      simulated: true,
      rateLimits: { remainingTokens: 5_997, resetTokensMs: 7_660 },
    });
  });

  it('M5: is simulated only if it carries the mark', async () => {
    expect(await call()).toMatchObject({ simulated: true });
    const { url, stop } = await startUnmarked(JSON.stringify(wholeReply()));
    const other = groq(url);
    expect(await other.complete(request, signal)).toMatchObject({ kind: 'completed', simulated: false });
    await other.stop();
    await stop();
  });

  it('may hold no text, as when reasoning used up all tokens', async () => {
    raw(200, {
      ...wholeReply(),
      choices: [{ message: { role: 'assistant', content: null }, finish_reason: 'length' }],
    });
    expect(await call()).toMatchObject({ kind: 'completed', text: '', finishReason: 'length' });
  });

  it('takes its id from the header when the body has none', async () => {
    const { x_groq: _, ...rest } = wholeReply();
    raw(200, rest, { 'x-request-id': 'req_header' });
    expect(await call()).toMatchObject({ providerRequestId: 'req_header' });
  });

  it.each([
    ['no JSON', '<html>hello</html>', 'application/json'],
    ['another content type', '<html>hello</html>', 'text/html'],
    ['nothing', '', 'application/json'],
    ['an error under 200', '{"error":{"message":"no"}}', 'application/json'],
    ['no choices', JSON.stringify({ ...wholeReply(), choices: [] }), 'application/json'],
    [
      'fractions of tokens',
      JSON.stringify({ ...wholeReply(), usage: { prompt_tokens: 1.5, completion_tokens: 1 } }),
      'application/json',
    ],
    [
      'more tokens than any model takes',
      JSON.stringify({ ...wholeReply(), usage: { prompt_tokens: 1, completion_tokens: 9e15 } }),
      'application/json',
    ],
    [
      'a model that is no name',
      JSON.stringify({ ...wholeReply(), model: 'a model\nof two lines' }),
      'application/json',
    ],
  ])('M2: that is %s is malformed and perhaps billed', async (_, body, type) => {
    raw(200, body, { 'content-type': type });
    expect(await call()).toMatchObject({
      kind: 'fault',
      code: 'provider_malformed',
      billing: 'unknown',
      status: 200,
    });
  });

  it.each([['text/plain'], ['application/octet-stream']])(
    'M2: that is whole and says %s of itself is what it is, and is paid for by what it used',
    async (type) => {
      raw(200, wholeReply(), { 'content-type': type });
      expect(await call()).toMatchObject({
        kind: 'completed',
        inputTokens: wholeReply().usage.prompt_tokens,
      });
    },
  );

  it('M2: that is a redirect is not followed', async () => {
    raw(307, '', { location: 'http://127.0.0.1:1/' });
    expect(await call()).toMatchObject({ code: 'provider_malformed', billing: 'unknown', status: 307 });
  });

  it('M2: cut within its body is perhaps billed', async () => {
    server.next({ kind: 'half' });
    expect(await call()).toMatchObject({ code: 'provider_unavailable', billing: 'unknown', status: 200 });
  });

  it('M2: of endless size is given up, not kept', async () => {
    raw(200, JSON.stringify({ filler: 'x'.repeat(17 * 1024 * 1024) }));
    expect(await call()).toMatchObject({ code: 'provider_malformed', billing: 'unknown' });
  });
});

describe('a call that never left', () => {
  it('M2: is certainly not billed when nobody listens', async () => {
    const { url } = server;
    await server.stop();
    const fault = await call();
    expect(fault).toMatchObject({ code: 'provider_unavailable', billing: 'none', status: undefined });
    server = await startWireServer();
    expect(url).not.toBe(server.url);
  });

  it('M2: is certainly not billed when it ended while it waited for a connection', async () => {
    const narrow = groq(server.url, { connections: 1 });
    server.next({ kind: 'hang' });
    const leaving = new AbortController();
    const first = narrow.complete(request, leaving.signal);
    await vi.waitFor(() => expect(server.requests).toHaveLength(1), { timeout: 5_000, interval: 1 });
    const late = narrow.complete({ ...request, timeoutMs: 20 }, signal);
    const aborted = narrow.complete(request, AbortSignal.timeout(20));
    expect(await late).toMatchObject({ code: 'provider_timeout', billing: 'none' });
    expect(await aborted).toMatchObject({ code: 'call_aborted', billing: 'none' });
    leaving.abort();
    expect(await first).toMatchObject({ code: 'call_aborted', billing: 'unknown' });
    expect(await narrow.complete(request, signal)).toMatchObject({ kind: 'completed' });
    expect(server.requests).toHaveLength(2);
    await narrow.stop();
  });
});

describe('S6: nothing of the key and nothing of the upstream text gets out', () => {
  const planted = `the key is ${apiKey}, call 555-0199`;
  const error = {
    error: { message: planted, type: apiKey, code: `code_${apiKey}`, failed_generation: planted },
  };

  it.each([400, 401, 403, 404, 413, 422, 429, 498, 500, 502, 503])(
    'S6: in a fault of status %i',
    async (status) => {
      raw(status, error, {
        'x-request-id': apiKey,
        'retry-after': apiKey,
        'x-ratelimit-limit-tokens': apiKey,
        'x-ratelimit-reset-tokens': apiKey,
      });
      const fault = await call();
      expect(fault.kind).toBe('fault');
      expectClean(fault);
    },
  );

  it('S6: in a fault over a body that cannot be parsed', async () => {
    raw(500, planted);
    expectClean(await call());
    raw(200, `{"broken": ${planted}`);
    expectClean(await call());
    raw(200, JSON.stringify({ ...wholeReply(), model: apiKey }));
    expectClean(await call());
  });

  it('S6: in a completion whose text echoes it', async () => {
    raw(
      200,
      {
        ...wholeReply(),
        choices: [{ message: { content: `you sent ${apiKey}` }, finish_reason: 'stop' }],
        x_groq: { id: apiKey },
      },
      { 'x-request-id': apiKey },
    );
    const answer = await call();
    expect(answer).toMatchObject({
      kind: 'completed',
      text: 'you sent [secret removed]',
      providerRequestId: undefined,
    });
    expectClean(answer);
  });

  it('S6: in the error over a key that no header can carry', () => {
    const odd = `${apiKey}\n`;
    expect(() => groq(server.url, { apiKey: odd })).toThrow(
      expect.objectContaining({ code: 'config_invalid', message: expect.not.stringContaining(apiKey) }),
    );
  });

  it('keeps the error code of the provider where it is a plain word', async () => {
    raw(429, { error: { message: planted, type: 'tokens', code: 'rate_limit_exceeded' } });
    expect(await call()).toMatchObject({ message: 'the provider answered 429 (rate_limit_exceeded)' });
  });

  /** By JSON, by keys that JSON leaves out, and by the way it prints. */
  function expectClean(answer: Completion | ProviderFault): void {
    const everything = [
      JSON.stringify(answer),
      ...Object.values(answer).map(String),
      Object.getOwnPropertyNames(answer).join(),
    ].join();
    expect(everything).not.toContain(apiKey);
    expect(everything).not.toContain('555-0199');
    expect(answer).not.toHaveProperty('cause');
  }
});

it('refuses an address it cannot use, without quoting it', () => {
  for (const url of [
    '',
    'not an address',
    'ftp://127.0.0.1',
    'http://user:pass@127.0.0.1',
    'http://127.0.0.1/?key=1',
  ]) {
    expect(() => groq(url)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  }
});

/** A server that answers without the mark of the simulator, as Groq itself does. */
async function startUnmarked(
  body: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const { createServer } = await import('node:http');
  const plain = createServer((asked, response) => {
    asked.resume();
    asked.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(body));
  });
  await new Promise<void>((resolve) => {
    plain.listen(0, '127.0.0.1', resolve);
  });
  const address = plain.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        plain.close(() => resolve());
        plain.closeAllConnections();
      }),
  };
}
