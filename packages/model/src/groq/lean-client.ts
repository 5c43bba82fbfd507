/**
 * The client of groq-sdk without the two steps that our transport does not need: it composes its own few headers, so none are built here, and it times and
 * cuts calls itself, so there is no second timer and no second abort signal. Measured at 64 calls at once, these cost more than everything else the SDK
 * does. What is asked, what an answer is taken for and how faults are told apart is the SDK's.
 *
 * Every option is given, so no stray GROQ_* variable redirects a request or its key.
 */
import Groq from 'groq-sdk';
import type { Milliseconds } from '@vivarium/core';
import type { CallTrace, Transport } from './transport.ts';

/** Longest delay of a Node timer: one beyond it would fire at once. */
export const LONGEST_TIMER_MS: Milliseconds = 2 ** 31 - 1;

type BuildRequest = Groq['buildRequest'];
type Fetch = Groq['fetchWithTimeout'];

export function createLeanClient(baseURL: string, transport: Transport): Groq {
  return new LeanClient(baseURL, transport);
}

/** Rides with one call through the SDK, which hands it to `fetch` untouched but types it as the DOM's. */
export const carry = (trace: CallTrace): object => ({ trace });

class LeanClient extends Groq {
  readonly #transport: Transport;

  constructor(baseURL: string, transport: Transport) {
    super({
      apiKey: 'held by the transport',
      baseURL,
      maxRetries: 0,
      timeout: LONGEST_TIMER_MS,
      logLevel: 'off',
    });
    this.#transport = transport;
  }

  override async buildRequest({
    method,
    path,
    body,
    timeout = LONGEST_TIMER_MS,
    fetchOptions,
  }: Parameters<BuildRequest>[0]): ReturnType<BuildRequest> {
    return {
      req: { ...fetchOptions, method, headers: NONE, body: JSON.stringify(body) },
      url: this.buildURL(path, undefined),
      timeout,
    };
  }

  // Both `as` are the seam to the SDK: what `carry` and `buildRequest` put in comes back here, and of a response the SDK asks what `WholeReply` has.
  override async fetchWithTimeout(url: unknown, init: unknown, ms: number): ReturnType<Fetch> {
    const { body, trace } = init as { readonly body: string; readonly trace: CallTrace };
    const reply: unknown = await this.#transport.send({ url: String(url), body, timeoutMs: ms, trace });
    return reply as Awaited<ReturnType<Fetch>>;
  }
}

const NONE = new Headers();
