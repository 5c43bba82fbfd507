/**
 * The wire under groq-sdk, over one undici pool for one upstream. The global fetch (web streams,
 * Headers, abort plumbing) costs more than the SDK itself: measured, CPU of the caller for one call at 16 at once, SDK over the global fetch 870 µs, over
 * undici's fetch 840. A promise resolves only when the whole body is here, so its one timer covers all of the call and not only its head.
 *
 * Owns the pool and the key: the SDK never sees it, and none of its headers is sent, so nothing in the environment
 * (GROQ_CUSTOM_HEADERS) can add to a request. Each call leaves a trace of how far it came; that is what tells "certainly not billed"
 * from "perhaps" (M2): undici hands a request to a socket (`onRequestStart`) before the first byte of it is written.
 */
import { Pool, type Dispatcher } from 'undici';
import type { Milliseconds } from '@vivarium/core';

export interface TransportOptions {
  /** Scheme, host and port of the upstream. */
  readonly origin: string;
  readonly apiKey: string;
  readonly userAgent: string;
  /** Most connections, and so most calls at once; further ones wait their turn. */
  readonly connections: number;
  readonly connectTimeoutMs: Milliseconds;
  readonly maxReplyBytes: number;
}

/** How far one call came. Written by the transport, read by whoever made the call. */
export interface CallTrace {
  /** The caller's wish to stop. */
  readonly signal: AbortSignal;
  /** The request may have reached the upstream. */
  sent: boolean;
  /** Of the reply, once its head was read. */
  status: number | undefined;
  headers: ReplyHeaders | undefined;
  /** The reply grew past what is accepted. */
  tooLarge: boolean;
}

export const startTrace = (signal: AbortSignal): CallTrace => ({
  signal,
  sent: false,
  status: undefined,
  headers: undefined,
  tooLarge: false,
});

export class ReplyHeaders {
  readonly #values: Readonly<Record<string, string | readonly string[] | undefined>>;

  constructor(values: Readonly<Record<string, string | readonly string[] | undefined>>) {
    this.#values = values;
  }

  get(name: string): string | undefined {
    const value = this.#values[name.toLowerCase()];
    return value === undefined || typeof value === 'string' ? value : value.join(', ');
  }
}

/** A reply of the upstream, whole. Its headers are in the trace. */
export interface WholeReply {
  readonly status: number;
  readonly text: string;
}

export interface SentRequest {
  readonly path: string;
  readonly body: string;
  /** Until the whole answer must be here. */
  readonly timeoutMs: Milliseconds;
  readonly trace: CallTrace;
}

export interface Transport {
  /** Rejects with `StoppedError` or `CutError`. */
  send(request: SentRequest): Promise<WholeReply>;
  /** Destroys every connection; calls under way fail. Idempotent. */
  stop(): Promise<void>;
}

export function createTransport(options: TransportOptions): Transport {
  const pool = new Pool(options.origin, {
    connections: options.connections,
    pipelining: 1,
    connect: { timeout: options.connectTimeoutMs },
    headersTimeout: 0, // one timer per call, and it is the caller's
    bodyTimeout: 0,
    maxResponseSize: options.maxReplyBytes,
  });
  const headers = [
    'authorization',
    `Bearer ${options.apiKey}`,
    'content-type',
    'application/json',
    'accept',
    'application/json',
    'user-agent',
    options.userAgent,
  ];
  let stopped: Promise<void> | undefined;

  return {
    send({ path, body, timeoutMs, trace }) {
      return new Promise((resolve, reject) => {
        let controller: Dispatcher.DispatchController | undefined;
        let chunks: Buffer[] = [];
        let isOver = false;

        const end = (settle: () => void): void => {
          if (isOver) return;
          isOver = true;
          clearTimeout(timer);
          trace.signal.removeEventListener('abort', stop);
          settle();
        };
        const stop = (): void => {
          const reason = new StoppedError();
          end(() => reject(reason));
          controller?.abort(reason); // not yet on a socket: aborted when it would be
        };
        // oxlint-disable-next-line no-restricted-globals -- a sleep of the port is cut by an abort signal, which costs more than the whole dispatch
        const timer = setTimeout(stop, timeoutMs);
        trace.signal.addEventListener('abort', stop);

        pool.dispatch(
          { path, method: 'POST', headers, body },
          {
            onRequestStart(started) {
              controller = started;
              if (isOver) started.abort(new StoppedError());
              else trace.sent = true;
            },
            onResponseStart(_, status, values) {
              trace.status = status;
              trace.headers = new ReplyHeaders(values);
              chunks = []; // an informational head may have come before
            },
            onResponseData(_, chunk) {
              chunks.push(chunk);
            },
            onResponseEnd() {
              const whole = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
              end(() => resolve({ status: trace.status ?? 0, text: whole?.toString('utf8') ?? '' }));
            },
            onResponseError(_, error) {
              trace.tooLarge = 'code' in error && error.code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
              end(() => reject(new CutError()));
            },
          },
        );
        if (trace.signal.aborted) stop();
      });
    },
    stop: () => (stopped ??= pool.destroy()),
  };
}

/** By the caller's signal, or by the timer. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  constructor() {
    super('stopped');
  }
}

/** Says nothing of what undici said: its messages may quote the upstream. */
export class CutError extends Error {
  override readonly name = 'CutError';
  constructor() {
    super('connection failed');
  }
}
