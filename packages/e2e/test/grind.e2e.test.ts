/** Grind as a real process, before the real simulator: what happens when things go wrong around it. */
import { createServer } from 'node:http';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrindRefusal } from '@vivarium/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ask,
  billOf,
  createTestHome,
  grindRefusal,
  grindReply,
  isUp,
  launchGrind,
  type FailedGrind,
  type GrindOptions,
  type GrindProcess,
  type TestHome,
} from './grind-process.ts';
import { startSimulator, type SimulatorProcess } from './simulator-process.ts';

let home: TestHome;
const homes: TestHome[] = [];
const running: GrindProcess[] = [];

// One simulator for all: a test counts its bill from where it stood before.
const billHome = createTestHome();
const billPath = join(billHome.path, 'bill.jsonl');
let simulator: SimulatorProcess;
let before = { calls: 0, cost: 0 };
const bill = (): { readonly calls: number; readonly cost: number } => {
  const { calls, cost } = billOf(billPath);
  return { calls: calls - before.calls, cost: cost - before.cost };
};

beforeAll(async () => {
  simulator = await startSimulator('--latency-ms', '0', '--bill', billPath, '--reject-key', wrongKey);
});
afterAll(async () => {
  await simulator.stop();
  billHome.remove();
});
beforeEach(() => {
  home = newHome();
  before = billOf(billPath);
});
afterEach(async () => {
  for (const grind of running.splice(0)) {
    grind.kill('SIGKILL');
    await grind.ended;
  }
  await fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });
  for (const each of homes.splice(0)) each.remove();
});

// Made up here, so that nothing key-shaped stands in a file.
const wrongKey = ['gsk', 'wrong', 'a1b2c3d4e5f6'].join('_');
const newHome = (): TestHome => {
  const created = createTestHome();
  homes.push(created);
  return created;
};
const launch = async (
  at: TestHome,
  args: readonly string[] = ['--simulator', simulator.url],
  options: GrindOptions = {},
) => {
  const grind = await launchGrind(['--home', at.path, '--port', '0', ...args], options);
  if (isUp(grind)) running.push(grind);
  return grind;
};
const start = async (
  at: TestHome = home,
  args?: readonly string[],
  options?: GrindOptions,
): Promise<GrindProcess> => {
  const grind = await launch(at, args, options);
  if (!isUp(grind)) throw new Error(`grind ended with ${grind.code}: ${grind.said}`);
  return grind;
};
const fail = async (at: TestHome, args?: readonly string[], options?: GrindOptions): Promise<FailedGrind> => {
  const grind = await launch(at, args, options);
  if (isUp(grind)) throw new Error('grind came up');
  return grind;
};
const kill = async (grind: GrindProcess): Promise<void> => {
  grind.kill('SIGKILL');
  await grind.ended;
};
const fault = async (rule: object): Promise<void> => {
  const response = await fetch(`${simulator.url}/simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([rule]),
  });
  if (!response.ok) throw new Error(await response.text());
};
const until = async (what: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 10_000; !what(); await sleep(10))
    if (Date.now() > deadline) throw new Error('it did not happen within 10 s');
};

describe('money', () => {
  it('M2: what is recorded as settled is what the simulator billed, to the nano-dollar', async () => {
    const grind = await start();
    const models = [
      'llama-3.1-8b-instant',
      'llama-3.3-70b-versatile',
      'openai/gpt-oss-120b',
      'openai/gpt-oss-20b',
      null,
    ];
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        grindReply(grind, {
          prompt: `Explain number ${index} in äöü 日本 🌱.`,
          model: models[index % models.length],
          task_id: `t${index}`,
        }),
      ),
    );
    const billed = bill();
    expect(billed.calls).toBe(60);
    expect(home.money()).toEqual({ settled: billed.cost, unknown: 0, held: 0 });
    expect(replies.reduce((sum, reply) => sum + reply.cost_nano_usd, 0)).toBe(billed.cost);
    expect(replies.every((reply) => reply.simulated && reply.provider === 'simulator')).toBe(true);
  });

  it('M2: kill -9 in mid-call leaves a hold that the next grind charges as unknown: known ≤ bill ≤ known + unknown', async () => {
    const first = await start();
    await grindReply(first, { prompt: 'Before.', task_id: 'a' });
    await fault({ fault: { kind: 'hang', billed: true }, times: 1 });
    const cut = ask(`${first.url}/grind`, {
      prompt: 'In the middle.',
      task_id: 'b',
      idempotency_key: 'b/1',
    }).catch(() => undefined);
    await until(() => bill().calls === 2);
    await kill(first);
    await cut;
    const { held } = home.money();
    expect(held).toBeGreaterThan(0);

    const second = await start();
    expect(home.money()).toMatchObject({ unknown: held, held: 0 });
    await grindReply(second, { prompt: 'In the middle.', task_id: 'b', idempotency_key: 'b/1' });
    const billed = bill();
    const { settled, unknown } = home.money();
    expect(billed.calls).toBe(3);
    expect(settled).toBeLessThanOrEqual(billed.cost);
    expect(billed.cost).toBeLessThanOrEqual(settled + unknown);
    await expect
      .poll(() => home.read('logs/action_log.jsonl'))
      .toContain('One call was in flight when grind ended');
  });

  it('M3: a reply that was recorded comes back under its key after a restart, and is on the bill once', async () => {
    const first = await start();
    const request = { prompt: 'Name a river.', task_id: 'r', idempotency_key: 'home/r/r1/c1' };
    const paid = await grindReply(first, request);
    await kill(first);
    const again = await grindReply(await start(), request);
    expect(again).toEqual({ ...paid, request_id: again.request_id, replayed: true });
    expect(bill().calls).toBe(1);
  });

  it('M1: a run cap on the command line holds', async () => {
    const grind = await start(home, ['--simulator', simulator.url, '--run-cap', '0.00002']);
    expect(await grindRefusal(grind, { prompt: 'x', min_budget: 0.00003 })).toMatchObject({
      code: 'deferred',
      reason: 'run_budget',
      remedy: 'wait',
    });
    await grindReply(grind, { prompt: 'x' });
    expect(home.money().settled).toBeLessThanOrEqual(20_000);
  });
});

describe('one grind of a home', () => {
  it('a second one refuses and names the first; when the first was killed, the next takes over', async () => {
    const first = await start();
    const second = await fail(home);
    expect(second.code).toBe(4);
    expect(second.message).toMatchObject({
      kind: 'failed',
      code: 'grind_running',
      message: expect.stringContaining(`${first.child.pid} at ${first.url}`),
    });
    await grindReply(first, { prompt: 'Still here?' });
    await kill(first);
    await grindReply(await start(), { prompt: 'And now?' });
  });

  it('two homes have a grind each, and neither serves the other', async () => {
    const other = newHome();
    const [mine, theirs] = [await start(), await start(other)];
    const health = JSON.parse((await ask(`${theirs.url}/healthz`, undefined)).body) as {
      readonly home: string;
    }; // `as`: held by the route's own test
    expect(await grindRefusal(mine, { prompt: 'x', home: health.home })).toMatchObject({
      code: 'foreign_home',
    });
    expect(await grindReply(theirs, { prompt: 'x', home: health.home })).toMatchObject({
      status: 'completed',
    });
    expect(home.audit()).toEqual([]);
  });

  it('a port that is taken is no obstacle', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => squatter.once('listening', resolve));
    const address = squatter.address();
    const taken = typeof address === 'object' && address !== null ? address.port : 0;
    const grind = await start(home, ['--simulator', simulator.url, '--port', String(taken)]);
    expect(new URL(grind.url).port).not.toBe(String(taken));
    expect(JSON.parse(home.read('run/grind.json'))).toMatchObject({ url: grind.url });
    squatter.close();
  });
});

describe('leaving', () => {
  it('SIGTERM lets a call in flight end, refuses new ones, and leaves nothing behind', async () => {
    const grind = await start();
    await fault({ fault: { kind: 'delay', ms: 700 }, times: 1 });
    const slow = grindReply(grind, { prompt: 'Take your time.' });
    await until(() => home.money().held > 0);
    grind.kill('SIGTERM');
    await sleep(50);
    expect(await grindRefusal(grind, { prompt: 'One more?' })).toMatchObject({
      code: 'stopping',
      remedy: 'retry',
    });
    expect(await slow).toMatchObject({ status: 'completed' });
    expect(await grind.ended).toBe(0);
    expect(existsSync(join(home.path, 'run', 'grind.json'))).toBe(false);
    expect(home.money()).toEqual({ settled: bill().cost, unknown: 0, held: 0 });
  });

  it('a second SIGTERM cuts what is in flight, which stays charged', async () => {
    const grind = await start();
    await fault({ fault: { kind: 'hang', billed: true }, times: 1 });
    const hung = grindRefusal(grind, { prompt: 'Never ends.' });
    await until(() => bill().calls === 1);
    grind.kill('SIGTERM');
    await sleep(50);
    grind.kill('SIGTERM');
    expect(await hung).toMatchObject({ code: 'stopping' });
    expect(await grind.ended).toBe(0);
    expect(home.money().unknown).toBeGreaterThanOrEqual(bill().cost);
  });

  it('a grind whose parent is gone leaves', async () => {
    const grind = await start();
    grind.child.disconnect();
    expect(await grind.ended).toBe(0);
    expect(existsSync(join(home.path, 'run', 'grind.json'))).toBe(false);
  });

  it('S3: a HALT file cuts calls in flight within a second', async () => {
    const grind = await start();
    await fault({ fault: { kind: 'hang' } });
    const hung = Array.from({ length: 32 }, (_, index) =>
      grindRefusal(grind, { prompt: 'Never ends.', task_id: `t${index}`, idempotency_key: `t${index}` }),
    );
    await until(() => home.audit().filter((line) => line.event === 'call.held').length === 32);
    const began = Date.now();
    writeFileSync(join(home.path, 'HALT'), '');
    for (const refusal of await Promise.all(hung))
      expect(refusal).toMatchObject({ code: 'halted', remedy: 'wait' });
    expect(Date.now() - began).toBeLessThan(1_000);
    expect(JSON.parse((await ask(`${grind.url}/healthz`, undefined)).body)).toMatchObject({
      status: 'halted',
    });
    rmSync(join(home.path, 'HALT'));
  });
});

describe('configuration', () => {
  it('no key and no simulator: exit 4, and what to do', async () => {
    const failed = await fail(home, []);
    expect(failed.code).toBe(4);
    expect(failed.message).toMatchObject({
      kind: 'failed',
      code: 'config_invalid',
      hint: expect.stringContaining('orchestrator start'),
    });
  });

  it('tells all faults at once, and never the key', async () => {
    const failed = await fail(home, [], {
      env: { GROQ_API_KEY: `${wrongKey} x`, DEFAULT_GROQ_MODEL: 'gpt-9', WORKER_TIMEOUT_SECONDS: 'soon' },
    });
    expect(failed.code).toBe(4);
    for (const name of ['GROQ_API_KEY', 'DEFAULT_GROQ_MODEL', 'WORKER_TIMEOUT_SECONDS'])
      expect(failed.said).toContain(name);
    expect(failed.said).not.toContain(wrongKey);
  });

  it('an unknown flag is told by name: exit 2', async () => {
    expect(await fail(home, ['--prot', '1'])).toMatchObject({
      code: 2,
      said: expect.stringContaining('--prot'),
    });
  });

  it('a directory that is no home: exit 4', async () => {
    rmSync(join(home.path, 'queue.json'));
    expect(await fail(home)).toMatchObject({ code: 4, message: { code: 'home_missing' } });
  });

  it('S6: a key the provider refuses stops the work and is nowhere to be read', async () => {
    const env = { GROQ_API_KEY: wrongKey, GROQ_API_URL: `${simulator.url}/openai/v1/chat/completions` };
    const grind = await start(home, [], { env });
    const answer = await ask(`${grind.url}/grind`, { prompt: 'Hello', task_id: 't' });
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { code: 'provider_key', remedy: 'stop', simulated: false },
    });
    grind.kill('SIGTERM');
    await grind.ended;
    const everything = home.everything() + answer.body + grind.said();
    expect(everything).toContain('provider_rejected_key');
    expect(everything).not.toContain(wrongKey);
    expect(everything).not.toContain(wrongKey.slice(4));
    expect(home.audit().map((line) => line.event)).toEqual([
      'run.opened',
      'cap.set',
      'call.held',
      'API_CALL_FAILURE',
    ]);
  });

  it('M5: the key of .env works, and its money is in the book of real money', async () => {
    const key = ['gsk', 'dotenv', 'a1b2c3d4e5f6'].join('_');
    writeFileSync(
      join(home.path, '.env'),
      `GROQ_API_KEY=${key}\nGROQ_API_URL=${simulator.url}/openai/v1/chat/completions\n`,
    );
    const grind = await start(home, []);
    expect(await grindReply(grind, { prompt: 'Hello' })).toMatchObject({
      provider: 'groq',
      simulated: false,
    });
    expect(home.money()).toEqual({ settled: 0, unknown: 0, held: 0 });
    // The simulator marks its answers; that they are booked as real money here is said aloud.
    // An action line may be written just after the reply was sent.
    await expect
      .poll(() => home.read('logs/action_log.jsonl'))
      .toContain('marked as simulated, but booked as real money');
  });
});

describe('a record that cannot be written', () => {
  it('S2: a log that is no file: nothing is spent, and work goes on when it is mended', async () => {
    const grind = await start();
    for (const log of ['api_audit.log', 'safety_audit.log']) {
      mkdirSync(home.log(log));
      expect(await grindRefusal(grind, { prompt: 'x' })).toMatchObject({
        code: 'record_unwritable',
        remedy: 'wait',
      });
      rmSync(home.log(log), { recursive: true });
    }
    expect(bill().calls).toBe(0);
    await grindReply(grind, { prompt: 'x' });
  });

  it('M2: a disk that fills up: calls are refused, nothing recorded is lost, and the next grind goes on from what stands', async () => {
    // 12 KiB for the largest file: some calls fit, then a line of api_audit.log or safety_audit.log does not, whole or in part.
    const full = await start(home, undefined, { fileBlocks: 24 });
    const codes: string[] = [];
    for (let index = 0; index < 30; index += 1) {
      const answer = await ask(`${full.url}/grind`, {
        prompt: `Say ${index}.`,
        task_id: `t${index}`,
        idempotency_key: `k${index}`,
      });
      codes.push(
        answer.status === 200
          ? 'completed'
          : (JSON.parse(answer.body) as { readonly error: { readonly code: string } }).error.code,
      ); // `as`: held by contract tests
    }
    expect(new Set(codes)).toEqual(new Set(['completed', 'record_unwritable']));
    const completed = codes.filter((code) => code === 'completed').length;
    const billed = bill();
    expect(billed.calls).toBeGreaterThanOrEqual(completed);
    expect(billed.calls).toBeLessThanOrEqual(completed + 1);
    await kill(full);

    const next = await start();
    const { settled, unknown, held } = home.money();
    expect(held).toBe(0);
    expect(settled).toBeLessThanOrEqual(billed.cost);
    expect(billed.cost).toBeLessThanOrEqual(settled + unknown);
    for (let index = 0; index < completed; index += 1) {
      expect(
        await grindReply(next, {
          prompt: `Say ${index}.`,
          task_id: `t${index}`,
          idempotency_key: `k${index}`,
        }),
      ).toMatchObject({ replayed: true });
    }
    expect(bill().calls).toBe(billed.calls);
  });
});

it('what is no HTTP request gets the same body as any other refusal', async () => {
  const { port } = new URL((await start()).url);
  const raw = async (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let said = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
      socket.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
      socket.on('close', () => resolve(said)).on('error', reject);
    });
  for (const text of [
    'what is this\r\n\r\n',
    'POST /grind HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}',
  ]) {
    const [head = '', body = ''] = (await raw(text)).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(GrindRefusal.parse(JSON.parse(body)).error).toMatchObject({
      code: 'invalid_request',
      remedy: 'fail',
    });
  }
});

it('S8: a hostile request is refused on every route over the wire, and nothing is spent', async () => {
  const grind = await start();
  const hostile = [
    { host: 'rebind.example:8420' },
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
  ] as const;
  const routes = [
    ['/grind', { prompt: 'x' }],
    ['/cancel', { task_id: 'x' }],
    ['/healthz', undefined],
    ['/models', undefined],
    ['/', undefined],
  ] as const;
  for (const headers of hostile) {
    for (const [path, body] of routes)
      expect((await ask(grind.url + path, body, headers)).status, `${path} ${JSON.stringify(headers)}`).toBe(
        403,
      );
  }
  // A form, which a page could send without asking.
  expect((await ask(`${grind.url}/grind`, { prompt: 'x' }, { 'content-type': 'text/plain' })).status).toBe(
    415,
  );
  expect(bill().calls).toBe(0);
});

describe('pacing', () => {
  const limited = async (limit: number, of = 'tokens'): Promise<SimulatorProcess> =>
    startSimulator('--latency-ms', '20', `--${of}-per-minute`, String(limit));
  const stateOf = async ({
    url,
  }: SimulatorProcess): Promise<{ asked: number; refused: Record<string, number> }> => {
    const { requests } = (await (await fetch(`${url}/simulator/state`)).json()) as {
      requests: { completions_asked: number; refused: Record<string, number> };
    };
    return { asked: requests.completions_asked, refused: requests.refused };
  };

  it('M6: against a limit that is met no call is refused for its rate, and status says who waits', async () => {
    // A full bucket holds about fifteen of these, and one flows in each second and a half.
    const slow = await limited(4_000);
    try {
      const grind = await start(home, ['--simulator', slow.url]);
      const answers = Array.from({ length: 22 }, async (_, n) =>
        ask(`${grind.url}/grind`, { prompt: `Explain in a few sentences what tide number ${n} leaves behind, and why.`, max_tokens: 600 }),
      ); // prettier-ignore
      let waiting = 0;
      for (const began = performance.now(); performance.now() - began < 3_000 && waiting === 0; await sleep(50)) {
        const { paces } = (await (await fetch(`${grind.url}/healthz`)).json()) as { paces: { waiting: number; tokens: { limit: number } | null }[] };
        waiting = paces[0]?.tokens?.limit === 4_000 ? (paces[0]?.waiting ?? 0) : 0;
      } // prettier-ignore
      expect(waiting).toBeGreaterThan(0);
      for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
      expect(await stateOf(slow)).toEqual({ asked: 22, refused: {} });
    } finally {
      await slow.stop();
    }
  });

  it.each([
    ['said in models.json is kept to from the first call on', true],
    ['not said is met, and then waited for', false],
  ])('M6: a limit on requests a minute, which no reply tells of, %s', async (_what, isSaid) => {
    const slow = await limited(20, 'requests');
    try {
      if (isSaid)
        writeFileSync(
          join(home.path, 'models.json'),
          JSON.stringify({ models: [{ id: 'llama-3.1-8b-instant', requests_per_minute: 20 }] }),
        );
      const grind = await start(home, ['--simulator', slow.url]);
      const answers = Array.from({ length: 22 }, async (_, n) =>
        ask(`${grind.url}/grind`, { prompt: `Say ${n}.` }),
      );
      for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
      const { refused } = await stateOf(slow);
      if (isSaid) expect(refused).toEqual({});
      else expect(refused[429]).toBeGreaterThan(0);
    } finally {
      await slow.stop();
    }
  });

  it('a request too large for the rate limits is asked for smaller, and its answer says what cut it', async () => {
    const small = await limited(75);
    try {
      const grind = await start(home, ['--simulator', small.url]);
      const reply = await grindReply(grind, { prompt: 'Write a long story about the sea, in many chapters, with every detail.', max_tokens: 1_000, deadline_ms: 20_000 }); // prettier-ignore
      expect(reply).toMatchObject({ finish_reason: 'length', cut_by: 'rate_limit' });
      expect((await stateOf(small)).refused).toEqual({ 413: expect.any(Number) as number });
    } finally {
      await small.stop();
    }
  });

  it('whose time does not reach to the next free place is told at once when to come again', async () => {
    // What one may take at most is more than all there can be: it needs a full bucket.
    const small = await limited(700);
    try {
      const grind = await start(home, ['--simulator', small.url]);
      const body = (n: number) => ({ prompt: `What does lighthouse ${n} say? Say it in some detail, please.`, max_tokens: 600 }); // prettier-ignore
      await grindReply(grind, { ...body(1), deadline_ms: 20_000 });
      const began = performance.now();
      const refusal = await grindRefusal(grind, { ...body(9), deadline_ms: 500 });
      expect(refusal).toMatchObject({ code: 'rate_limited', remedy: 'retry' });
      expect(refusal.retry_after_ms).toBeGreaterThan(500);
      expect(performance.now() - began).toBeLessThan(5_000);
      expect((await stateOf(small)).refused).toEqual({});
    } finally {
      await small.stop();
    }
  });
});
