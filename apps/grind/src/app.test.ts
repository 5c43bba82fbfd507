import { GrindRefusal, GrindReply, Health, ModelsReply } from '@vivarium/contracts';
import { nanoUsd } from '@vivarium/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { App } from './plugins/zod-validation.ts';
import type { GrindAnswer } from './answer.ts';
import { refuse } from './refusal.ts';
import { appOf, closeApps, host, PORT } from './testing/app-of.ts';
import { createGrindWorld } from './testing/grind-world.ts';

afterEach(closeApps);

const post = (app: App, payload: string | object, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url: '/grind',
    payload,
    headers: { host, 'content-type': 'application/json', ...headers },
  });
const errorOf = (body: string) => GrindRefusal.parse(JSON.parse(body)).error;

it('POST /cancel tells how many calls of the task it cut, and takes nothing but a task', async () => {
  const app = appOf(createGrindWorld());
  const cancel = (payload: object) =>
    app.inject({ method: 'POST', url: '/cancel', payload, headers: { host } });
  const answered = await cancel({ task_id: 'a' });
  expect([answered.statusCode, JSON.parse(answered.body)]).toEqual([200, { cut: 0 }]);
  for (const payload of [{}, { task_id: '' }, { task_id: 'a', all: true }])
    expect(errorOf((await cancel(payload)).body).code).toBe('invalid_request');
});

describe('POST /grind', () => {
  it('answers with a reply as the contract has it', async () => {
    const response = await post(appOf(createGrindWorld()), { prompt: 'Name three trees.', task_id: 'trees' });
    expect(response.statusCode).toBe(200);
    const body: unknown = response.json();
    expect(GrindReply.parse(body)).toEqual(body);
    expect(body).toMatchObject({ status: 'completed', task_id: 'trees', simulated: true });
  });

  it('takes the whole payload of the seed, nulls included', async () => {
    const payload = {
      prompt: 'Hello',
      model: null,
      min_budget: 0.05,
      max_budget: 0.1,
      intensity: 'medium',
      task_id: null,
    };
    expect((await post(appOf(createGrindWorld()), payload)).statusCode).toBe(200);
  });

  it('names the fields of a body that is not what the schema says, and quotes nothing of it', async () => {
    const response = await post(appOf(createGrindWorld()), {
      prompt: '  ',
      max_tokens: 'confidential',
      maxbudget: 1,
      task_id: 't',
    });
    expect(response.statusCode).toBe(400);
    const error = errorOf(response.body);
    expect(error).toMatchObject({
      code: 'invalid_request',
      remedy: 'fail',
      retryable: false,
      task_id: 't',
      simulated: true,
    });
    expect(error.issues?.map((issue) => issue.path)).toEqual(['prompt', 'max_tokens', '']);
    expect(response.body).not.toContain('confidential');
  });

  it.each([
    ['not JSON', '{"prompt": "x"', 400, 'invalid_request'],
    ['empty', '', 400, 'invalid_request'],
    ['not an object', '[]', 400, 'invalid_request'],
    ['a forged prototype', '{"prompt":"x","__proto__":{"max_budget":1}}', 400, 'invalid_request'],
    [
      'larger than four MiB',
      JSON.stringify({ prompt: 'x'.repeat(4 * 1_024 * 1_024) }),
      413,
      'payload_too_large',
    ],
  ])('refuses a body that is %s', async (_what, payload, status, code) => {
    const response = await post(appOf(createGrindWorld()), payload);
    expect([response.statusCode, errorOf(response.body).code]).toEqual([status, code]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'S8: refuses %s, which a page could send without asking',
    async (type) => {
      const response = await post(appOf(createGrindWorld()), '{"prompt":"x"}', { 'content-type': type });
      expect([response.statusCode, errorOf(response.body).code]).toEqual([415, 'unsupported_media_type']);
    },
  );

  it('answers each refusal with the status of the catalogue, and says when to come back', async () => {
    const world = createGrindWorld();
    const answer = async (): Promise<GrindAnswer> =>
      refuse('rate_limited', 'Slow down.', { retryAfterMs: 1_200, charged: nanoUsd(7) });
    const response = await post(appOf(world, { answer }), { prompt: 'x' });
    expect(response.statusCode).toBe(429);
    expect(response.headers['retry-after']).toBe('2');
    expect(errorOf(response.body)).toMatchObject({
      code: 'rate_limited',
      retryable: true,
      retry_after_ms: 1_200,
      cost_nano_usd: 7,
    });
  });

  it('S6: says nothing of what it did not foresee but to the diagnostics', async () => {
    const world = createGrindWorld();
    const answer = async (): Promise<GrindAnswer> => {
      throw new Error('the inner state is rosebud');
    };
    const response = await post(appOf(world, { answer }), { prompt: 'x' });
    expect([response.statusCode, errorOf(response.body).code]).toEqual([500, 'internal']);
    expect(response.body).not.toContain('rosebud');
    expect(world.diagnostics.join()).toContain('rosebud');
  });
});

describe('S8: who is answered', () => {
  const cases: readonly (readonly [string, Record<string, string>, boolean])[] = [
    ['127.0.0.1', {}, true],
    ['localhost', { host: `localhost:${PORT}` }, true],
    ['IPv6 loopback', { host: `[::1]:${PORT}` }, true],
    ['its own origin', { origin: `http://127.0.0.1:${PORT}`, 'sec-fetch-site': 'same-origin' }, true],
    ['an address typed by a person', { 'sec-fetch-site': 'none' }, true],
    ['a name that was made to point here', { host: `rebind.example:${PORT}` }, false],
    ['another port', { host: '127.0.0.1:9999' }, false],
    ['no port', { host: '127.0.0.1' }, false],
    ['a name that begins like ours', { host: `127.0.0.1.drop.example:${PORT}` }, false],
    ['another origin', { origin: 'http://evil.example' }, false],
    ['the origin of a sandboxed frame', { origin: 'null' }, false],
    ['another page of this machine', { origin: 'http://127.0.0.1:3000' }, false],
    ['a request of another site', { 'sec-fetch-site': 'cross-site' }, false],
    ['a request of the same site, another port', { 'sec-fetch-site': 'same-site' }, false],
  ];

  it.each(cases)('%s', async (_who, headers, isAnswered) => {
    const world = createGrindWorld();
    const app = appOf(world);
    const posted = await post(app, { prompt: 'x' }, headers);
    expect(posted.statusCode).toBe(isAnswered ? 200 : 403);
    if (!isAnswered) expect(errorOf(posted.body).code).toBe('forbidden_origin');
    expect(world.provider.requests).toHaveLength(isAnswered ? 1 : 0);
    for (const url of ['/healthz', '/models', '/nowhere']) {
      const { statusCode } = await app.inject({ url, headers: { host, ...headers } });
      expect(statusCode === 403, url).toBe(!isAnswered);
    }
  });
});

describe('the other routes', () => {
  it('GET /healthz names the home', async () => {
    const world = createGrindWorld();
    const response = await appOf(world).inject({ url: '/healthz', headers: { host } });
    expect(Health.parse(response.json())).toMatchObject({ home: world.home });
  });

  it('GET /models lists the whitelist with dated prices, and the default', async () => {
    const response = await appOf(createGrindWorld()).inject({ url: '/models', headers: { host } });
    const { models } = ModelsReply.parse(response.json());
    expect(models.map((model) => model.id)).toEqual([
      'llama-3.1-8b-instant',
      'llama-3.3-70b-versatile',
      'openai/gpt-oss-120b',
      'openai/gpt-oss-20b',
    ]);
    expect(models.filter((model) => model.default).map((model) => model.id)).toEqual([
      'llama-3.1-8b-instant',
    ]);
    expect(models[1]).toMatchObject({ input_usd_per_million: 0.59, output_usd_per_million: 0.79 });
  });

  it.each([
    ['GET', '/grind'],
    ['GET', '/'],
    ['POST', '/healthz'],
    ['GET', '/%'],
  ] as const)('%s %s is not found, in the same words as every refusal', async (method, url) => {
    const response = await appOf(createGrindWorld()).inject({ method, url, headers: { host } });
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(['not_found', 'invalid_request']).toContain(errorOf(response.body).code);
  });
});
