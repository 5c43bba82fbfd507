/** The HTTP face: one plugin for each concern, one file for each route. Knows no rule and no money; it hands requests on and answers. */
import { priceList } from '@vivarium/budget';
import type { BooksReply, Health } from '@vivarium/contracts';
import type { Clock, IdSource } from '@vivarium/core';
import type { Stranger } from '@vivarium/home';
import fastify from 'fastify';
import type { Breakers } from './breakers.ts';
import type { GrindCalls } from './grind-call.ts';
import type { Diagnostics } from './notices.ts';
import { mapErrors } from './plugins/error-mapping.ts';
import { guardOrigin } from './plugins/origin-guard.ts';
import { validateByZod, type App, type ZodTypes } from './plugins/zod-validation.ts';
import { refusalBody, refuse, statusOf } from './refusal.ts';
import { routeBooks } from './routes/books.ts';
import { routeBreaker } from './routes/breaker.ts';
import { routeCancel } from './routes/cancel.ts';
import { routeGrind } from './routes/grind.ts';
import { routeHealthz } from './routes/healthz.ts';
import { routeModels } from './routes/models.ts';
import { createSend } from './send.ts';

export interface AppDeps {
  readonly answer: GrindCalls['answer'];
  readonly cancel: GrindCalls['cancel'];
  readonly resetBreaker: Breakers['reset'];
  readonly health: () => Health;
  /** Undefined while it is starting. */
  readonly books: () => BooksReply | undefined;
  readonly defaultModel: string;
  readonly simulated: boolean;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly diagnostics: Diagnostics;
  readonly onStranger: (stranger: Stranger) => void;
  /** Where the service listens. */
  readonly port: () => number;
}

/** A prompt of four million bytes is a million tokens and more: beyond every model. */
const MOST_BODY_BYTES = 4 * 1_024 * 1_024;
/** For a whole request to arrive. Answers may take as long as their deadline says. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than clients keep a connection: it is they who close it, so no request meets a closing one. */
const KEEP_ALIVE_MS = 75_000;

export function createApp({
  answer,
  cancel,
  resetBreaker,
  health,
  books,
  defaultModel,
  simulated,
  clock,
  ids,
  diagnostics,
  onStranger,
  port,
}: AppDeps): App {
  const send = createSend(simulated);
  const app = fastify({
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
  guardOrigin(app, port, send, onStranger);
  validateByZod(app);
  mapErrors(app, diagnostics, send);
  routeGrind(app, answer, clock, send);
  routeCancel(app, cancel);
  routeBreaker(app, resetBreaker);
  routeBooks(app, books);
  routeHealthz(app, health);
  routeModels(app, priceList, defaultModel);
  return app;
}
