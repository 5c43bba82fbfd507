/**
 * The HTTP face: one plugin for each concern, one file for each route. Knows no rule and no money; it hands requests on and answers. It has two doors of the same
 * make: the one on loopback, and, when it was asked for, the one on the network.
 */
import type { Models } from '@vivarium/budget';
import type { BooksReply, Health, MeReply, TokenEntry } from '@vivarium/contracts';
import type { Clock, IdSource } from '@vivarium/core';
import type { Stranger } from '@vivarium/home';
import fastify from 'fastify';
import type { Breakers } from './breakers.ts';
import type { GrindCalls } from './grind-call.ts';
import type { Diagnostics } from './notices.ts';
import type { Principal } from './principal.ts';
import type { RateLimits } from './rate-limits.ts';
import { mapErrors } from './plugins/error-mapping.ts';
import { guardOrigin, refuseOrigin, refusePage } from './plugins/origin-guard.ts';
import { identifyPrincipals } from './plugins/principals.ts';
import { validateByZod, type App, type ZodTypes } from './plugins/zod-validation.ts';
import { refusalBody, refuse, statusOf } from './refusal.ts';
import { routeBooks } from './routes/books.ts';
import { routeBreaker } from './routes/breaker.ts';
import { routeCancel } from './routes/cancel.ts';
import { routeGrind } from './routes/grind.ts';
import { routeHealthz } from './routes/healthz.ts';
import { routeMe } from './routes/me.ts';
import { routeModels } from './routes/models.ts';
import { createSend } from './send.ts';

export interface AppDeps {
  readonly answer: GrindCalls['answer'];
  readonly cancel: GrindCalls['cancel'];
  readonly resetBreaker: Breakers['reset'];
  readonly health: () => Health;
  /** Undefined while it is starting. */
  readonly books: () => BooksReply | undefined;
  readonly describe: (principal: Principal) => MeReply | undefined;
  readonly take: RateLimits['take'];
  readonly findToken: (token: string) => TokenEntry | undefined;
  readonly models: Models;
  readonly defaultModel: string;
  readonly simulated: boolean;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly diagnostics: Diagnostics;
  readonly onStranger: (stranger: Stranger) => void;
  readonly onTrouble: (detail: string) => void;
}

export type Door =
  /** `port` is asked at each request: it is known only once the service listens. */
  | { readonly kind: 'loopback'; readonly port: () => number }
  | { readonly kind: 'network'; readonly tls: Tls | undefined };
/** PEM texts. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** A prompt of four million bytes is a million tokens and more: beyond every model. */
const MOST_BODY_BYTES = 4 * 1_024 * 1_024;
/** For a whole request to arrive. Answers may take as long as their deadline says. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than clients keep a connection: it is they who close it, so no request meets a closing one. */
const KEEP_ALIVE_MS = 75_000;

/** Throws what the certificate and its key are at fault for. */
export function createApp(door: Door, deps: AppDeps): App {
  const { simulated, clock, ids } = deps;
  const send = createSend(simulated);
  const app = fastify({
    // Null: plain HTTP.
    https: door.kind === 'network' && door.tls !== undefined ? { ...door.tls } : null,
    logger: false,
    bodyLimit: MOST_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    genReqId: () => ids.next('req'),
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // A path that cannot be decoded comes past no hook and no handler.
    frameworkErrors: (_error, request, reply) =>
      send(request, reply, refuse('not_found', 'There is no such route.')),
    // What is no HTTP at all comes past every hook: it gets the same body as any other refusal, and its connection is closed.
    clientErrorHandler(error, socket) {
      if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) return void socket.destroy();
      const answer = refuse('invalid_request', 'What came is not a whole HTTP request.');
      const body = JSON.stringify(
        refusalBody(answer, { taskId: null, requestId: ids.next('req'), simulated }),
      );
      socket.end(
        `HTTP/1.1 ${statusOf(answer)} Bad Request\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    },
  }).withTypeProvider<ZodTypes>();
  app.removeContentTypeParser('text/plain');
  guardOrigin(
    app,
    (headers) => (door.kind === 'loopback' ? refuseOrigin(headers, door.port()) : refusePage(headers)),
    send,
    deps.onStranger,
  );
  identifyPrincipals(app, send, { ...deps, isAdminsDoor: door.kind === 'loopback' });
  validateByZod(app);
  mapErrors(app, deps.diagnostics, send);
  routeGrind(app, deps.answer, clock, send);
  routeCancel(app, deps.cancel);
  routeBreaker(app, deps.resetBreaker);
  routeBooks(app, deps.books);
  routeHealthz(app, deps.health);
  routeModels(app, deps.models.list, deps.defaultModel);
  routeMe(app, deps.describe);
  return app;
}
