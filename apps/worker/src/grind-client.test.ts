import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '@vivarium/core';
import { createGrindClient, type GrindClient } from './grind-client.ts';

const still: Clock = { now: () => new Date(0), monotonic: () => 0, sleep: () => Promise.resolve() };
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

const serve = async (
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ url: string; server: Server }> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => (server.closeAllConnections(), server.close()));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, server };
};
const client = (): GrindClient => {
  const created = createGrindClient({ connections: 4, clock: still });
  open.push(() => created.close());
  return created;
};
const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
const never = new AbortController().signal;

const REPLY = {
  status: 'completed',
  result: 'yes',
  model: 'm',
  task_id: null,
  usage: null,
  requested_model: 'm',
  finish_reason: 'stop',
  cost_usd: 0,
  cost_nano_usd: 0,
  latency_ms: 1,
  provider: 'simulator',
  simulated: true,
  call_id: 'c',
  request_id: 'r',
  result_sha256: 'a'.repeat(64),
  replayed: false,
};

describe('the client of grind', () => {
  it('posts JSON to /grind and reads the reply, over one kept connection', async () => {
    const seen: string[] = [];
    const sockets = new Set<unknown>();
    const { url } = await serve((request, response) => {
      sockets.add(request.socket);
      let text = '';
      request.on('data', (chunk) => (text += String(chunk)));
      request.on('end', () => {
        seen.push(`${request.method} ${request.url} ${request.headers['content-type']} ${text}`);
        json(response, 200, REPLY);
      });
    });
    const grind = client();
    for (const prompt of ['ä', 'b']) {
      expect(await grind.post(url, { prompt }, 1_000, never)).toMatchObject({
        kind: 'reply',
        reply: { result: 'yes' },
      });
    }
    expect(seen).toEqual([
      'POST /grind application/json {"prompt":"ä"}',
      'POST /grind application/json {"prompt":"b"}',
    ]);
    expect(sockets.size).toBe(1);
  });

  it('reads a refusal by its body, whatever the status', async () => {
    const { url } = await serve((_, response) =>
      json(response, 503, {
        error: {
          code: 'halted',
          message: 'HALT',
          remedy: 'wait',
          hint: 'resume',
          retryable: false,
          task_id: null,
          request_id: 'r',
        },
      }),
    );
    expect(await client().post(url, { prompt: 'p' }, 1_000, never)).toMatchObject({
      kind: 'refusal',
      refusal: { code: 'halted', remedy: 'wait' },
    });
  });

  it('Q11: nobody there, a cut connection and an answer of something else are all unreachable', async () => {
    const gone = await serve(() => undefined);
    await new Promise((resolve) => gone.server.close(resolve));
    const cut = await serve((request) => request.socket.destroy());
    const half = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"sta');
      setImmediate(() => response.destroy());
    });
    const other = await serve((_, response) => response.end('<html>'));
    for (const url of [gone.url, cut.url, half.url, other.url, 'not an address']) {
      expect((await client().post(url, { prompt: 'p' }, 1_000, never)).kind, url).toBe('unreachable');
      expect((await client().health(url)).kind, url).toBe('unreachable');
    }
  });

  it('asks once more when a kept connection was closed under it', async () => {
    let count = 0;
    const { url } = await serve((request, response) => {
      count += 1;
      if (count === 2) request.socket.destroy();
      else request.resume().on('end', () => json(response, 200, REPLY));
    });
    const grind = client();
    expect((await grind.post(url, { prompt: 'a' }, 1_000, never)).kind).toBe('reply');
    expect((await grind.post(url, { prompt: 'b' }, 1_000, never)).kind).toBe('reply');
    expect(count).toBe(3);
  });

  it('gives up at its time limit, and at once when the worker cuts the call', async () => {
    const { url } = await serve(() => undefined);
    expect(await client().post(url, { prompt: 'p' }, 20, never)).toMatchObject({ kind: 'silent' });
    const cut = new AbortController();
    const answer = client().post(url, { prompt: 'p' }, 60_000, cut.signal);
    cut.abort('halted');
    expect(await answer).toEqual({ kind: 'cut', reason: 'halted' });
    expect(await client().post(url, { prompt: 'p' }, 60_000, cut.signal)).toEqual({
      kind: 'cut',
      reason: 'halted',
    });
  });
});
