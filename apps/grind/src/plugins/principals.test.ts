import { GrindRefusal, GrindReply, MeReply, type TokenEntry } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import type { Stranger } from '@vivarium/home';
import { afterEach, describe, expect, it } from 'vitest';
import { appOf, closeApps, host, NETWORK } from '../testing/app-of.ts';
import { createGrindWorld, type GrindWorld, type GrindWorldOptions } from '../testing/grind-world.ts';
import type { App } from './zod-validation.ts';

afterEach(closeApps);

const entry = (name: string, more: Partial<TokenEntry> = {}): TokenEntry => ({
  name,
  role: 'lan',
  sha256: '0'.repeat(64),
  budget_nano_usd: 2_000_000,
  requests_per_minute: 60,
  created_at: '2026-01-01T00:00:00.000Z',
  ...more,
});

interface Beyond {
  readonly world: GrindWorld;
  readonly app: App;
  readonly strangers: Stranger[];
}
/** The door on the network, for those named; `viv_of_alice` is the token of alice. */
function beyond(tokens: readonly TokenEntry[], options: GrindWorldOptions = {}): Beyond {
  const world = createGrindWorld(options);
  const strangers: Stranger[] = [];
  const app = appOf(
    world,
    {
      findToken: (token) => tokens.find(({ name }) => token === `viv_of_${name}`),
      onStranger: (stranger) => strangers.push(stranger),
    },
    NETWORK,
  );
  return { world, app, strangers };
}
const as = (name: string) => ({ authorization: `Bearer viv_of_${name}` });
const ask = (app: App, name: string, payload: object = {}) =>
  app.inject({
    method: 'POST',
    url: '/grind',
    payload: { prompt: 'Write a haiku about logs.', ...payload },
    headers: as(name),
  });
const errorOf = ({ body }: { body: string }) => GrindRefusal.parse(JSON.parse(body)).error;
const replyOf = ({ body }: { body: string }) => GrindReply.parse(JSON.parse(body));

describe('the door on the network', () => {
  it.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer viv_of_mallory' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['the key of another service', { authorization: 'Bearer gsk_of_another_service' }],
    ['one of another kind', { authorization: 'Basic dG9rZW4tb2YtYWxpY2U=' }],
    ['one in a field of the body alone', { 'x-token': 'viv_of_alice' }],
  ])('S8, S1: answers nothing at all without a token: %s', async (_what, headers) => {
    const { world, app, strangers } = beyond([entry('alice')]);
    for (const [method, url] of [
      ['POST', '/grind'],
      ['GET', '/healthz'],
      ['GET', '/models'],
      ['GET', '/me'],
      ['GET', '/books'],
      ['POST', '/cancel'],
      ['GET', '/nowhere'],
    ] as const) {
      const response = await app.inject({
        method,
        url,
        headers,
        ...(method === 'POST' ? { payload: {} } : {}),
      });
      expect([response.statusCode, response.headers['www-authenticate']], url).toEqual([401, 'Bearer']);
      expect(errorOf(response).code).toBe('unauthorized');
    }
    expect(strangers.length).toBe(7);
    expect(JSON.stringify(strangers)).not.toContain('viv_of');
    expect(world.provider.requests).toHaveLength(0);
    expect(world.gateLines()).toEqual([]);
  });

  it('a token asks, is answered, and every line bears its name', async () => {
    const { world, app } = beyond([entry('alice')]);
    const response = await ask(app, 'alice', { task_id: 'trees', idempotency_key: 'k' });
    expect(replyOf(response)).toMatchObject({ task_id: 'trees', replayed: false });
    expect(world.audit().map(({ event, user, role, task_id }) => [event, user, role, task_id])).toEqual([
      ['call.held', 'alice', 'lan', 'alice/trees'],
      ['API_CALL_SUCCESS', 'alice', 'lan', 'alice/trees'],
    ]);
    expect(world.actions().find(({ event }) => event === 'call.settled')).toMatchObject({ actor: 'alice' });
  });

  it.each([
    ['POST', '/cancel', { task_id: 't' }],
    ['POST', '/breaker/reset', { reason: 'r' }],
    ['GET', '/books', undefined],
    ['GET', '/healthz', undefined],
  ] as const)('S8: what is the admin’s is not a token’s: %s %s', async (method, url, payload) => {
    const { app } = beyond([entry('alice')]);
    const response = await app.inject({ method, url, headers: as('alice'), ...(payload && { payload }) });
    expect([response.statusCode, errorOf(response).code]).toEqual([403, 'not_permitted']);
  });

  it('a page is not answered, whatever token it has', async () => {
    const { app } = beyond([entry('alice')]);
    for (const more of [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }]) {
      const response = await app.inject({ url: '/me', headers: { ...as('alice'), ...more } });
      expect(errorOf(response).code).toBe('forbidden_origin');
    }
  });

  it('M3: nobody is answered by, or pays with, what another named: keys and tasks are each token’s own', async () => {
    const { world, app } = beyond([entry('alice'), entry('bob')]);
    const admin = await world.reply({ task_id: 'trees', idempotency_key: 'k' });
    const [first, again, other] = [
      replyOf(await ask(app, 'alice', { task_id: 'trees', idempotency_key: 'k' })),
      replyOf(await ask(app, 'alice', { task_id: 'trees', idempotency_key: 'k' })),
      replyOf(await ask(app, 'bob', { task_id: 'trees', idempotency_key: 'k' })),
    ];
    expect([admin, first, again, other].map(({ replayed }) => replayed)).toEqual([false, false, true, false]);
    expect(again.call_id).toBe(first.call_id);
    expect(new Set([admin.call_id, first.call_id, other.call_id]).size).toBe(3);
  });

  it('runs and their workers are the admin’s: a token that speaks for one is told which fields', async () => {
    const { world, app } = beyond([entry('alice')]);
    const response = await ask(app, 'alice', { run_id: 'run_1', worker_id: 'w', round: 2 });
    expect(response.statusCode).toBe(400);
    expect(errorOf(response).issues?.map(({ path }) => path)).toEqual(['run_id', 'round', 'worker_id']);
    expect(world.provider.requests).toHaveLength(0);
  });

  it('M1: a token spends no more than its budget, and the others go on', async () => {
    const { world, app } = beyond([entry('alice', { budget_nano_usd: 100 }), entry('bob')]);
    const response = await ask(app, 'alice');
    expect([response.statusCode, errorOf(response).reason]).toEqual([402, 'principal_budget']);
    expect((await ask(app, 'bob')).statusCode).toBe(200);
    expect(world.caps().filter(({ scope }) => scope === 'principal')).toMatchObject([
      { name: 'alice', cap_nano_usd: 100 },
      { name: 'bob', cap_nano_usd: 2_000_000 },
    ]);
  });

  it('/me shows a token its own money and tasks, and nothing of anybody else', async () => {
    const { world, app } = beyond([entry('alice'), entry('bob')]);
    await world.reply({ task_id: 'secret-plan' });
    await ask(app, 'bob', { task_id: 'roses' });
    const { cost_nano_usd } = replyOf(await ask(app, 'alice', { task_id: 'trees' }));
    const { body } = await app.inject({ url: '/me', headers: as('alice') });
    expect(MeReply.parse(JSON.parse(body))).toMatchObject({
      user: 'alice',
      role: 'lan',
      budget_nano_usd: 2_000_000,
      left_nano_usd: 2_000_000 - cost_nano_usd,
      settled_nano_usd: cost_nano_usd,
      calls: 1,
      tasks: [{ task_id: 'trees', settled_nano_usd: cost_nano_usd, calls: 1 }],
    });
    expect(body).not.toMatch(/bob|roses|secret-plan|admin/);
  });

  it('more requests than a token may make wait; others do not, and the record says how many it was', async () => {
    const { world, app } = beyond([entry('alice', { requests_per_minute: 3 }), entry('bob')]);
    const codes = [];
    for (let index = 0; index < 6; index += 1)
      codes.push((await ask(app, 'alice', { model: 'llama-3.1-8b-instant' })).statusCode);
    expect(codes).toEqual([200, 200, 200, 429, 429, 429]);
    expect((await ask(app, 'bob')).statusCode).toBe(200);
    const late = await ask(app, 'alice');
    expect([late.headers['retry-after'], errorOf(late).reason]).toEqual(['20', 'principal']);
    expect((await app.inject({ url: '/me', headers: as('alice') })).statusCode).toBe(429);
    world.machine.clock.advance(20_000);
    expect((await ask(app, 'alice')).statusCode).toBe(200);
    expect((await ask(app, 'alice')).statusCode).toBe(429);
    const lines = world.audit().filter(({ event }) => event === 'RATE_LIMITED');
    expect(lines).toMatchObject([
      { user: 'alice', role: 'lan', model: 'llama-3.1-8b-instant', limited_by: 'principal', refused: 1 },
      { user: 'alice', retry_after_ms: 20_000, refused: 5 },
    ]);
  });

  it('the gate judges a token by the rules of everybody and those of its role', async () => {
    const { world, app } = beyond([entry('alice')]);
    const response = await ask(app, 'alice', { prompt: 'rm -rf / --no-preserve-root' });
    expect(errorOf(response).code).toBe('refused');
    expect(world.audit().at(-1)).toMatchObject({
      event: 'CONSTITUTIONAL_VIOLATION',
      user: 'alice',
      role: 'lan',
      prompt_hash: 'cf2a070fa8c07caa',
    });
  });

  it('when nobody can say which tokens there are, nobody comes in, and the operator is told', async () => {
    const world = createGrindWorld();
    const app = appOf(
      world,
      {
        findToken: () => {
          throw new VivariumError('config_invalid', 'tokens.json cannot be read', {
            remedy: { kind: 'stop' },
          });
        },
      },
      NETWORK,
    );
    expect(errorOf(await ask(app, 'alice')).code).toBe('unauthorized');
    expect(world.actions().at(-1)).toMatchObject({ detail: 'tokens.json cannot be read' });
  });
});

it('on loopback a program needs no token; one that brings it is its holder, and one that brings a wrong one is nobody, and the key of another service is none', async () => {
  const world = createGrindWorld();
  const app = appOf(world, {
    findToken: (token) => (token === 'viv_of_alice' ? entry('alice') : undefined),
  });
  const me = async (headers: Record<string, string>) =>
    JSON.parse((await app.inject({ url: '/me', headers: { host, ...headers } })).body) as { user?: string };
  expect((await me({})).user).toBe('admin');
  expect((await me(as('alice'))).user).toBe('alice');
  expect((await app.inject({ url: '/me', headers: { host, ...as('mallory') } })).statusCode).toBe(401);
  for (const authorization of ['Bearer gsk_of_another_service', 'Basic dTpw', 'Bearer '])
    expect((await me({ authorization })).user).toBe('admin');
  // One of ours that is written wrong is none of those: its holder would be the admin for a mistake.
  for (const authorization of ['viv_of_alice', 'Bearer  viv_of_alice', 'Token viv_of_alice'])
    expect((await app.inject({ url: '/me', headers: { host, authorization } })).statusCode).toBe(401);
});
