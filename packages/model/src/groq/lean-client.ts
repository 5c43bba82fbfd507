/**
 * The client of groq-sdk over our own transport, for calls that carry a trace: what is asked and where, and which error a status is, are the SDK's. An answer is
 * what its JSON says, whatever type it bears: a reply that tells what was used is worth more than one that is called unusable. Between the two the SDK
 * makes a second abort signal and a second timer, builds headers nobody sends, parses its address and describes each call to a logger that is off: all
 * that the transport has no use for and every call would pay for.
 *
 * Every option is given, so no stray GROQ_* variable redirects a request or its key.
 */
import Groq, { APIPromise } from 'groq-sdk';
import type { Milliseconds } from '@vivarium/core';
import type { CallTrace, Transport, WholeReply } from './transport.ts';

/** Longest delay of a Node timer: one beyond it would fire at once. */
export const LONGEST_TIMER_MS: Milliseconds = 2 ** 31 - 1;

type Asked = Parameters<Groq['request']>[0];
type Props = ConstructorParameters<typeof APIPromise>[1] extends Promise<infer P> ? P : never;

export function createLeanClient(baseURL: string, transport: Transport): Groq {
  return new LeanClient(baseURL, transport);
}

/** Rides with one call through the SDK, which hands it on untouched but types it as the DOM's. */
export const carry = (trace: CallTrace): object => ({ trace });

class LeanClient extends Groq {
  readonly #transport: Transport;
  /** Of the address, what comes before each path. */
  readonly #prefix: string;

  constructor(baseURL: string, transport: Transport) {
    super({
      apiKey: 'held by the transport',
      baseURL,
      maxRetries: 0,
      timeout: LONGEST_TIMER_MS,
      logLevel: 'off',
    });
    this.#transport = transport;
    this.#prefix = new URL(baseURL).pathname.replace(/\/+$/, '');
  }

  override request<Rsp>(asked: Asked): APIPromise<Rsp> {
    // Both `as` are the seam to the SDK: it hands on what `#send` answers, and the caller parses what it gets.
    return new APIPromise<Rsp>(
      this,
      this.#send(asked) as Promise<unknown> as Promise<Props>,
      (_, reply) => JSON.parse((reply as unknown as WholeReply).text) as Rsp,
    );
  }

  async #send(asked: Asked): Promise<WholeReply> {
    const { path, body, timeout = LONGEST_TIMER_MS, fetchOptions } = await asked;
    // `as`: what `carry` put in.
    const { trace } = fetchOptions as { readonly trace: CallTrace };
    const reply = await this.#transport.send({
      path: this.#prefix + path,
      body: JSON.stringify(body),
      timeoutMs: timeout,
      trace,
    });
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw this.makeStatusError(reply.status, errorIn(reply), undefined, NO_HEADERS);
  }
}

/** Of an error only its body is looked at; its headers are in the trace. */
const NO_HEADERS = new Headers();

function errorIn({ text }: WholeReply): object {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}
