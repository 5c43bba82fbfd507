/**
 * Talking to grind over HTTP, with connections kept alive. Owns an agent and its sockets; every call ends in an answer, never in a
 * rejection. node:http and not undici: undici's start-up costs 0.17 s of CPU (measured, Node 20), paid by every worker of every run.
 */
import { Agent, request as httpRequest } from 'node:http';
import { messageOf, type Clock, type Milliseconds } from '@vivarium/core';
import { GrindRefusal, GrindReply, Health, type GrindRequest } from '@vivarium/contracts';
import type { GrindAnswer } from './outcome.ts';

export type HealthAnswer =
  | { readonly kind: 'healthy'; readonly health: Health }
  | { readonly kind: 'unreachable'; readonly message: string };

export interface GrindClient {
  /** Posts once. `signal.reason` names why the worker cuts the call. Gives up `timeoutMs` after the start. */
  post(url: string, body: GrindRequest, timeoutMs: Milliseconds, signal: AbortSignal): Promise<GrindAnswer>;
  health(url: string): Promise<HealthAnswer>;
  /** Closes every connection. Idempotent. */
  close(): void;
}

const HEALTH_TIMEOUT_MS = 2_000;

type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string }
  | { readonly kind: 'broken'; readonly message: string; readonly stale: boolean }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'aborted' };

interface Call {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body: string | undefined;
  readonly timeoutMs: Milliseconds;
  readonly signal: AbortSignal | undefined;
}

export function createGrindClient(options: {
  readonly connections: number;
  readonly clock: Clock;
}): GrindClient {
  // One connection more than slots: a health probe never waits behind calls.
  const agent = new Agent({
    keepAlive: true,
    maxSockets: options.connections + 1,
    maxFreeSockets: options.connections + 1,
  });

  /** A server may close a kept connection just as we use it; the key of the request makes asking once more harmless. */
  const ask = async (call: Call): Promise<Exchange> => {
    const first = await exchange(agent, call);
    return first.kind === 'broken' && first.stale ? exchange(agent, call) : first;
  };

  return {
    async post(url, body, timeoutMs, signal) {
      const started = options.clock.monotonic();
      const target = endpoint(url, '/grind');
      if (target === undefined) return { kind: 'unreachable', message: `not an address: ${url}` };
      const answer = await ask({
        url: target,
        method: 'POST',
        body: JSON.stringify(body),
        timeoutMs,
        signal,
      });
      switch (answer.kind) {
        case 'answered':
          return readAnswer(answer.status, answer.text, options.clock.monotonic() - started);
        case 'broken':
          return { kind: 'unreachable', message: answer.message };
        case 'timed_out':
          return {
            kind: 'silent',
            message: `grind did not answer within ${Math.round(timeoutMs / 1_000)} s`,
          };
        case 'aborted':
          return { kind: 'cut', reason: String(signal.reason) };
      }
    },
    async health(url) {
      const target = endpoint(url, '/healthz');
      if (target === undefined) return { kind: 'unreachable', message: `not an address: ${url}` };
      const answer = await ask({
        url: target,
        method: 'GET',
        body: undefined,
        timeoutMs: HEALTH_TIMEOUT_MS,
        signal: undefined,
      });
      if (answer.kind !== 'answered') {
        return {
          kind: 'unreachable',
          message: answer.kind === 'broken' ? answer.message : 'no answer to /healthz',
        };
      }
      const health = Health.safeParse(parseJson(answer.text));
      return health.success
        ? { kind: 'healthy', health: health.data }
        : { kind: 'unreachable', message: `what answers at ${target.origin} is not a grind` };
    },
    close: () => agent.destroy(),
  };
}

function readAnswer(status: number, text: string, latencyMs: Milliseconds): GrindAnswer {
  const body = parseJson(text);
  const reply = GrindReply.safeParse(body);
  if (reply.success) return { kind: 'reply', reply: reply.data, latencyMs };
  const refusal = GrindRefusal.safeParse(body);
  if (refusal.success) return { kind: 'refusal', refusal: refusal.data.error };
  return { kind: 'unreachable', message: `an answer that is not grind's (HTTP ${status})` };
}

function endpoint(url: string, path: string): URL | undefined {
  return URL.canParse(path, url) ? new URL(path, url) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function exchange(agent: Agent, call: Call): Promise<Exchange> {
  return new Promise((resolve) => {
    if (call.signal?.aborted === true) {
      resolve({ kind: 'aborted' });
      return;
    }
    const headers = {
      accept: 'application/json',
      ...(call.body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(call.body) }),
    };
    const outgoing = httpRequest(call.url, { agent, method: call.method, headers });
    const end = (answer: Exchange): void => {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
      resolve(answer);
      if (answer.kind === 'timed_out' || answer.kind === 'aborted') outgoing.destroy();
    };
    const abort = (): void => end({ kind: 'aborted' });
    const timer = setTimeout(() => end({ kind: 'timed_out' }), call.timeoutMs);
    call.signal?.addEventListener('abort', abort, { once: true });

    outgoing.on('error', (error) => {
      const reset = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      end({ kind: 'broken', message: messageOf(error), stale: outgoing.reusedSocket && reset });
    });
    outgoing.on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => end({ kind: 'answered', status: incoming.statusCode ?? 0, text }));
      incoming.on('error', (error) => end({ kind: 'broken', message: messageOf(error), stale: false }));
      incoming.on('close', () =>
        end({ kind: 'broken', message: 'the connection was cut in mid-answer', stale: false }),
      );
    });
    outgoing.end(call.body);
  });
}
