import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock, type ManualClock } from '@vivarium/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillLine } from './bill.ts';
import type { SimulatorOptions } from './desk.ts';
import type { FaultRule } from './faults.ts';
import { defaultLimits } from './limits.ts';
import { createSimulator, type Simulator } from './server.ts';
import { ChatCompletion } from './wire.ts';

const key = ['a', 'test', 'key'].join('-');
let directory: string;
let billPath: string;
let clock: ManualClock;
const started: Simulator[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vivarium-simulator-'));
  billPath = join(directory, 'bill.jsonl');
  clock = createManualClock();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((simulator) => simulator.stop()));
  rmSync(directory, { recursive: true });
});

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await createSimulator({
    port: 0,
    seed: 'seed',
    pace: { kind: 'fixed', latencyMs: 0 },
    limits: defaultLimits,
    faults: [],
    billPath,
    rejectedKeys: [],
    version: '1.2.3',
    clock,
    ...options,
  });
  started.push(simulator);
  return simulator;
}

const body = { model: 'llama-3.1-8b-instant', messages: [{ role: 'user', content: 'Explain leases.' }] };
const post = (
  simulator: Simulator,
  path: string,
  payload: unknown,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(`${simulator.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: typeof payload === 'string' ? payload : JSON.stringify(payload),
  });
const complete = (simulator: Simulator, more: object = {}): Promise<Response> =>
  post(simulator, '/openai/v1/chat/completions', { ...body, ...more });
const get = async (simulator: Simulator, path: string): Promise<unknown> =>
  (await fetch(`${simulator.url}${path}`)).json();
const billLines = (): readonly BillLine[] =>
  readFileSync(billPath, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => BillLine.parse(JSON.parse(line)));

describe('a completion over the wire', () => {
  it('has the shape, the headers and the marks of the simulator', async () => {
    const reply = await complete(await start());
    expect(reply.status).toBe(200);
    const completion = ChatCompletion.parse(await reply.json());
    expect(reply.headers.get('x-vivarium-simulator')).toBe('1.2.3');
    expect(reply.headers.get('x-request-id')).toBe(completion.x_groq.id);
    expect(reply.headers.get('x-ratelimit-remaining-requests')).toBe(
      String(defaultLimits.requestsPerDay - 1),
    );
    expect(reply.headers.get('x-ratelimit-reset-tokens')).toMatch(/^\d+ms$/);
  });

  it('is the same from two simulators with one seed, but for its ids and the time of day', async () => {
    const [one, two] = await Promise.all([start(), start({ billPath: undefined })]);
    const strip = async (reply: Response) => {
      const { id, x_groq, created, ...rest } = ChatCompletion.parse(await reply.json());
      return { rest, ids: [id, x_groq.id], created };
    };
    const a = await strip(await complete(one));
    const b = await strip(await complete(two));
    expect(a.rest).toEqual(b.rest);
    expect(a.ids).not.toEqual(b.ids);
  });

  it('M2: is on the bill, priced to the nano-dollar, when its reply is read', async () => {
    const simulator = await start();
    const { usage, x_groq } = ChatCompletion.parse(await (await complete(simulator)).json());
    const [line] = billLines();
    expect(line).toMatchObject({
      request_id: x_groq.id,
      input_tokens: usage.prompt_tokens,
      output_tokens: usage.completion_tokens,
      cost_nano_usd: usage.prompt_tokens * 50 + usage.completion_tokens * 80,
    });
    expect(readFileSync(billPath, 'utf8')).not.toContain(key);
    expect(await get(simulator, '/simulator/bill')).toMatchObject({
      calls: 1,
      cost_nano_usd: line?.cost_nano_usd,
    });
  });

  it.runIf(existsSync('/dev/full'))('M2: gets no answer when the bill cannot be written', async () => {
    const simulator = await start({ billPath: '/dev/full' });
    const reply = await complete(simulator);
    expect(reply.status).toBe(500);
    expect(await reply.json()).toMatchObject({ error: { code: 'bill_unwritable' } });
    expect(await get(simulator, '/simulator/bill')).toMatchObject({ calls: 0, cost_nano_usd: 0 });
  });

  it('comes after its latency, and is billed although its caller left', async () => {
    const simulator = await start({ pace: { kind: 'fixed', latencyMs: 250 } });
    const leaving = new AbortController();
    const left = fetch(`${simulator.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
      signal: leaving.signal,
    });
    await until(() => clock.sleeping === 1);
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    const stayed = complete(simulator);
    await until(() => clock.sleeping === 2);
    clock.advance(249);
    expect(billLines()).toHaveLength(0);
    clock.advance(1);
    expect((await stayed).status).toBe(200);
    expect(billLines()).toHaveLength(2);
  });

  it('is dropped unbilled when the simulator stops meanwhile', async () => {
    const simulator = await start({ pace: { kind: 'fixed', latencyMs: 250 } });
    const waiting = complete(simulator);
    await until(() => clock.sleeping === 1);
    await Promise.all([expect(waiting).rejects.toThrow('fetch failed'), simulator.stop()]);
    await simulator.stop();
    expect(clock.sleeping).toBe(0);
    expect(billLines()).toHaveLength(0);
  });
});

describe('waiting for its clients to leave', () => {
  it('M2: answers a call under way, and is over when its caller has gone', async () => {
    const simulator = await start({ pace: { kind: 'fixed', latencyMs: 250 } });
    const agent = new Agent({ keepAlive: true });
    const calling = callOver(agent, simulator);
    await until(() => clock.sleeping === 1);
    let left = false;
    const leaving = simulator.untilLeft().then(() => (left = true));
    clock.advance(250);
    expect(await calling).toBe(200);
    expect(left).toBe(false);
    agent.destroy();
    await leaving;
    expect(billLines()).toHaveLength(1);
  });

  it('is over at once when there is none', async () => {
    await (await start()).untilLeft();
  });
});

describe('what it refuses', () => {
  it('a missing and a rejected key', async () => {
    const simulator = await start({ rejectedKeys: [key] });
    expect((await complete(simulator)).status).toBe(401);
    const reply = await post(simulator, '/openai/v1/chat/completions', body, {
      authorization: 'Bearer other',
    });
    expect(reply.status).toBe(200);
    expect((await fetch(`${simulator.url}/openai/v1/models`)).status).toBe(401);
  });

  it('bodies that are too large, not JSON, or not a request', async () => {
    const simulator = await start();
    expect((await post(simulator, '/openai/v1/chat/completions', 'x'.repeat(5 * 1024 * 1024))).status).toBe(
      413,
    );
    expect((await post(simulator, '/openai/v1/chat/completions', '{')).status).toBe(400);
    expect(
      (await post(simulator, '/openai/v1/chat/completions', '{}', { 'content-type': 'text/plain' })).status,
    ).toBe(415);
    expect(billLines()).toHaveLength(0);
  });

  it('S8: requests under a foreign Host or from a foreign page', async () => {
    const simulator = await start();
    expect((await complete(simulator)).status).toBe(200);
    const { port } = simulator;
    expect(await statusWith(port, { host: 'evil.example' })).toBe(403);
    expect(await statusWith(port, { host: `127.0.0.1:${port}`, origin: 'http://evil.example' })).toBe(403);
    expect(await statusWith(port, { host: `127.0.0.1:${port}`, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await statusWith(port, { host: `127.0.0.1:${port}` })).toBe(200);
  });

  it('addresses it does not serve', async () => {
    const simulator = await start();
    const reply = await fetch(`${simulator.url}/openai/v1/embeddings`);
    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject({ error: { code: 'unknown_url' } });
  });

  it('a port that is taken, by name', async () => {
    const first = await start();
    await expect(start({ port: first.port })).rejects.toMatchObject({
      code: 'port_unavailable',
      message: expect.stringContaining(`${first.port}`),
    });
  });

  it('a bill it cannot open, and lets the port go', async () => {
    const { port, stop } = await start();
    await stop();
    await expect(start({ port, billPath: join(directory, 'missing', 'bill') })).rejects.toThrow('ENOENT');
    await start({ port });
  });
});

describe('scripted faults over the wire', () => {
  const withFault = (fault: FaultRule['fault']): Promise<Simulator> => start({ faults: [{ fault }] });

  it('status: a complete error with retry-after, not billed', async () => {
    const reply = await complete(await withFault({ kind: 'status', status: 429, retryAfterSeconds: 3 }));
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '3']);
    expect(await reply.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    expect(billLines()).toHaveLength(0);
  });

  it('status: with a body of its own', async () => {
    const reply = await complete(
      await withFault({ kind: 'status', status: 502, body: '<html>bad gateway</html>' }),
    );
    expect([reply.status, reply.headers.get('content-type'), await reply.text()]).toEqual([
      502,
      'text/plain',
      '<html>bad gateway</html>',
    ]);
  });

  it('hang: never answers, billed only when it says so', async () => {
    const simulator = await start({
      faults: [{ match: { nth: 1 }, fault: { kind: 'hang' } }, { fault: { kind: 'hang', billed: true } }],
    });
    const first = complete(simulator);
    const second = first.catch(() => undefined);
    await untilState(simulator, { hung: 1 });
    expect(billLines()).toHaveLength(0);
    const third = complete(simulator).catch(() => undefined);
    await untilState(simulator, { hung: 2 });
    expect(billLines()).toHaveLength(1);
    await simulator.stop();
    await Promise.all([expect(first).rejects.toThrow('fetch failed'), second, third]);
  });

  it('cut: before the reply or within its body, and billed', async () => {
    const simulator = await start({
      faults: [{ match: { nth: 1 }, fault: { kind: 'cut' } }, { fault: { kind: 'cut', afterBytes: 20 } }],
    });
    await expect(complete(simulator)).rejects.toThrow('fetch failed');
    const reply = await complete(simulator);
    expect(reply.status).toBe(200);
    await expect(reply.text()).rejects.toThrow('terminated');
    expect(billLines()).toHaveLength(2);
  });

  it('cut: right after the head', async () => {
    const reply = await complete(await withFault({ kind: 'cut', afterBytes: 0 }));
    expect(reply.headers.get('x-vivarium-simulator')).toBe('1.2.3');
    await expect(reply.text()).rejects.toThrow('terminated');
  });

  it('malformed and no-usage: 200 that cannot be used, and billed', async () => {
    const simulator = await start({
      faults: [{ match: { nth: 1 }, fault: { kind: 'malformed' } }, { fault: { kind: 'no-usage' } }],
    });
    const malformed = await complete(simulator);
    expect(malformed.status).toBe(200);
    await expect(malformed.json()).rejects.toThrow(SyntaxError);
    expect(await (await complete(simulator)).json()).not.toHaveProperty('usage');
    expect(billLines()).toHaveLength(2);
  });

  it('delay: waits as long as it says', async () => {
    const simulator = await withFault({ kind: 'delay', ms: 700 });
    const reply = complete(simulator);
    await until(() => clock.sleeping === 1);
    clock.advance(700);
    expect((await reply).status).toBe(200);
  });

  it('length: ends early and says so', async () => {
    const reply = await complete(await withFault({ kind: 'length' }));
    expect(ChatCompletion.parse(await reply.json()).choices[0]?.finish_reason).toBe('length');
  });

  it('are added, counted and cleared at run time', async () => {
    const simulator = await start();
    const rule: FaultRule = { match: { every: 2 }, fault: { kind: 'status', status: 503 } };
    expect((await post(simulator, '/simulator/faults', [rule])).status).toBe(200);
    const statuses = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await complete(simulator)).status);
    expect(statuses).toEqual([200, 503, 200, 503]);
    expect(await get(simulator, '/simulator/state')).toMatchObject({
      requests: { completions_asked: 4, billed: 2, refused: { 503: 2 } },
      faults: [{ id: 1, rule, matched: 4, applied: 2 }],
    });
    await fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });
    expect((await complete(simulator)).status).toBe(200);
    expect((await complete(simulator)).status).toBe(200);
    expect((await post(simulator, '/simulator/faults', [{ fault: { kind: 'nothing' } }])).status).toBe(400);
  });
});

describe('the rest of the wire', () => {
  it('lists its models and shows one, encoded or not', async () => {
    const simulator = await start();
    const ask = async (path: string): Promise<unknown> =>
      (
        await fetch(`${simulator.url}/openai/v1/models${path}`, {
          headers: { authorization: `Bearer ${key}` },
        })
      ).json();
    expect(await ask('')).toMatchObject({
      object: 'list',
      data: expect.arrayContaining([expect.objectContaining({ id: 'openai/gpt-oss-20b', active: true })]),
    });
    for (const path of ['/openai/gpt-oss-20b', '/openai%2Fgpt-oss-20b'])
      expect(await ask(path)).toMatchObject({ id: 'openai/gpt-oss-20b', object: 'model' });
  });

  it('says that it is well', async () => {
    expect(await get(await start(), '/healthz')).toEqual({ status: 'ok', simulated: true, version: '1.2.3' });
  });

  it('enforces the limits its headers speak of', async () => {
    const simulator = await start({ limits: { requestsPerDay: 2, tokensPerMinute: 100_000 } });
    const statuses = [];
    for (let call = 0; call < 3; call += 1) statuses.push((await complete(simulator)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

/** Lets sockets work until something has happened; ends with the test's own time limit. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

/** Answers the status; the connection stays open, for as long as the agent lives. */
const callOver = (agent: Agent, { port }: Simulator): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const path = '/openai/v1/chat/completions';
    const asked = httpRequest({ agent, host: '127.0.0.1', port, method: 'POST', path, headers }, (reply) => {
      reply.resume().on('end', () => resolve(reply.statusCode));
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });

const untilState = (simulator: Simulator, requests: object): Promise<void> =>
  until(async () => {
    try {
      expect(await get(simulator, '/simulator/state')).toMatchObject({ requests });
      return true;
    } catch {
      return false;
    }
  });

/** `fetch` forbids these headers to its callers, so this speaks by hand. */
function statusWith(port: number, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: '127.0.0.1', port, path: '/healthz', headers }, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });
}
