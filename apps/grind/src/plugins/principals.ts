/**
 * Who asks. On loopback a program of this machine is the admin, unless it brings a token; on the network nobody is anybody without one. A token (role `lan`) may ask
 * for answers and look at its own; everything else is the admin's. What a token may not, it may not by this list, so a route that is added is none of it.
 *
 * - S8: beside loopback no request is answered without a token, whatever it asks for.
 * - S6: a token that is refused is told about, never repeated.
 */
import { TOKEN_MARK, type TokenEntry } from '@vivarium/contracts';
import { isVivariumError, messageOf, nanoUsd, type Milliseconds } from '@vivarium/core';
import type { Stranger } from '@vivarium/home';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ADMIN, type Principal } from '../principal.ts';
import { refuse, type Refusal } from '../refusal.ts';
import type { Send } from '../send.ts';

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal;
  }
}

export interface PrincipalDeps {
  /** Whether a request without a token is the admin's. */
  readonly isAdminsDoor: boolean;
  /** Undefined for a token that is none; throws when nobody can say. */
  readonly findToken: (token: string) => TokenEntry | undefined;
  /** Takes one request of the principal's rate; answers how long to wait when there is none left. */
  readonly take: (principal: Principal, request: LimitedRequest) => Milliseconds | undefined;
  readonly onStranger: (stranger: Stranger) => void;
  readonly onTrouble: (detail: string) => void;
}

export interface LimitedRequest {
  readonly requestId: string;
  /** Undefined when the request names none. */
  readonly model: string | undefined;
}

const ROUTES_OF_TOKENS: ReadonlySet<string> = new Set(['/grind', '/models', '/me']);

export function identifyPrincipals(app: FastifyInstance, send: Send, deps: PrincipalDeps): void {
  app.decorateRequest('principal');

  app.addHook('onRequest', (request, reply, done) => {
    const found = principalOf(request, deps);
    if ('kind' in found) {
      const { host, origin } = request.raw.headers;
      if (found.code === 'unauthorized')
        deps.onStranger({ why: found.message, method: request.method, host, origin });
      if (found.code === 'unauthorized') void reply.header('www-authenticate', 'Bearer');
      return send(request, reply, found);
    }
    request.principal = found;
    const { url } = request.routeOptions;
    if (found.role === 'lan' && url !== undefined && !ROUTES_OF_TOKENS.has(url))
      return send(request, reply, refuse('not_permitted', 'A token may not do this.'));
    done();
  });

  // After the body was read: the line about it names the model.
  app.addHook('preHandler', (request, reply, done) => {
    const waitMs = deps.take(request.principal, { requestId: request.id, model: modelOf(request.body) });
    if (waitMs === undefined) return done();
    const { requestsPerMinute } = request.principal;
    const refusal = refuse('rate_limited', `More than ${requestsPerMinute} requests a minute.`, {
      retryAfterMs: waitMs,
      reason: 'principal',
    });
    send(request, reply, refusal);
  });
}

function principalOf(request: FastifyRequest, deps: PrincipalDeps): Principal | Refusal {
  const { authorization = '' } = request.raw.headers;
  const [, token = ''] = /^Bearer ([^\s]+)$/i.exec(authorization) ?? [];
  // Whoever brings a token means to be its holder, and is never more than that for having written it wrong.
  if (!token.startsWith(TOKEN_MARK) && authorization.includes(TOKEN_MARK))
    return refuse('unauthorized', 'A token is given as: authorization: Bearer <token>.');
  // Clients made for others bring keys of others: on loopback they are as good as none.
  if (!token.startsWith(TOKEN_MARK))
    return deps.isAdminsDoor ? ADMIN : refuse('unauthorized', 'A token is needed here.');
  try {
    const entry = deps.findToken(token);
    return entry === undefined
      ? refuse('unauthorized', 'The token is none, or was revoked.')
      : holderOf(entry);
  } catch (error) {
    if (!isVivariumError(error)) throw error;
    deps.onTrouble(messageOf(error));
    return refuse('unauthorized', 'No token can be checked now.');
  }
}

const holderOf = ({ name, role, budget_nano_usd, requests_per_minute }: TokenEntry): Principal => ({
  user: name,
  role,
  budget: nanoUsd(budget_nano_usd),
  requestsPerMinute: requests_per_minute,
});

const modelOf = (body: unknown): string | undefined =>
  typeof body === 'object' && body !== null && 'model' in body && typeof body.model === 'string'
    ? body.model.slice(0, 200)
    : undefined;
