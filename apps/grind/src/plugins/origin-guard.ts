/**
 * S8: a loopback service answers only its own clients. A page elsewhere can make a browser send requests here, and a name can be made to
 * point here; neither can choose the Host, Origin and Sec-Fetch-Site that such requests carry. Grind has no page: a browser on this
 * machine may look at it in its address line, and nothing more. Who was refused is told.
 *
 * On the network the Host may be any name this machine has there. It is the token that a page cannot know; what a browser sends for a page is refused all the same.
 */
import type { Stranger } from '@vivarium/home';
import type { FastifyInstance } from 'fastify';
import { refuse, type Refusal } from '../refusal.ts';
import type { Send } from '../send.ts';

export interface GuardedHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | readonly string[] | undefined;
}

/** Why a request with these headers is not answered by a service on `port`; undefined when it is. */
export function refuseOrigin(headers: GuardedHeaders, port: number): Refusal | undefined {
  const { host, origin } = headers;
  if (!isOurs(host, '', port)) return forbidden('The Host named is not served here.');
  if (origin !== undefined && !isOurs(origin, 'http://', port))
    return forbidden('Requests from other origins are not answered.');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return forbidden('Requests from other sites are not answered.');
  return undefined;
}

const NAMES = ['127.0.0.1', 'localhost', '[::1]'] as const;

function isOurs(value: string | undefined, scheme: string, port: number): boolean {
  if (value === undefined) return false;
  return NAMES.some(
    (name) => value === `${scheme}${name}:${port}` || (port === 80 && value === scheme + name),
  );
}

const forbidden = (message: string): Refusal => refuse('forbidden_origin', message);

/** Why a request that came over the network is not answered, whoever it is from. */
export function refusePage({ origin, 'sec-fetch-site': site }: GuardedHeaders): Refusal | undefined {
  return origin === undefined && (site === undefined || site === 'none')
    ? undefined
    : forbidden('Requests of pages are not answered.');
}

export function guardOrigin(
  app: FastifyInstance,
  whyNot: (headers: GuardedHeaders) => Refusal | undefined,
  send: Send,
  onStranger: (stranger: Stranger) => void,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const refusal = whyNot(request.raw.headers);
    if (refusal === undefined) return done();
    const { host, origin } = request.raw.headers;
    onStranger({ why: refusal.message, method: request.method, host, origin });
    send(request, reply, refusal);
  });
}
