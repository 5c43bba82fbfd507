/**
 * The panel's HTTP face: the page, the door, and what a page fetches when a row is opened. Owns the listening server and the sockets on it.
 * Every request passes the gate (door/gate.ts) first; data is given to sessions only and is never stored by a browser.
 */
import { resolve } from 'node:path';
import helmet from '@fastify/helmet';
import staticFiles from '@fastify/static';
import { PanelEntry, type PanelSession } from '@vivarium/contracts';
import { VivariumError } from '@vivarium/core';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Server } from 'socket.io';
import { judgeRequest, OWN_HEADER } from './door/gate.ts';
import type { Sessions } from './door/sessions.ts';
import type { RecordFeed } from './feed/record-feed.ts';
import { taskDetail } from './feed/task-detail.ts';
import type { PanelIo } from './socket-feed.ts';

const BODY_LIMIT = 16 * 1_024;

export interface PanelServer {
  readonly io: PanelIo;
  /** Tries the ports in turn; 0 means any. Answers the address. */
  listen(ports: readonly number[]): Promise<string>;
  cookieOf(header: string | undefined): string | undefined;
  stop(): Promise<void>;
}

export interface PanelServerOptions {
  readonly sessions: Sessions;
  readonly feed: RecordFeed;
  readonly getResult: (sha256: string) => string | undefined;
  readonly home: string;
  readonly root: string;
  /** Directory of the built page. */
  readonly page: string;
}

export function createPanelServer(options: PanelServerOptions): PanelServer {
  const { sessions, feed } = options;
  let port = 0;
  const app = fastify({ bodyLimit: BODY_LIMIT, logger: false, forceCloseConnections: true });
  const cookieName = (): string => `vivarium_panel_${port}`;
  const cookieOf = (header: string | undefined): string | undefined => cookieIn(header, cookieName());
  const judge = (request: { readonly method?: string | undefined; readonly headers: FastifyRequest['headers'] }, isSocket: boolean) =>
    judgeRequest(
      {
        method: request.method ?? 'GET',
        host: request.headers.host,
        origin: request.headers.origin,
        fetchSite: single(request.headers['sec-fetch-site']),
        ownHeader: single(request.headers[OWN_HEADER]),
        isSocket,
      },
      port,
    );

  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store').header('permissions-policy', 'camera=(), geolocation=(), microphone=()');
    const answer = judge(request, false);
    if (answer.kind === 'refused') return reply.code(403).send({ error: { code: answer.code, message: answer.message } });
  });
  app.setErrorHandler((error: { readonly statusCode?: number; readonly code?: string }, _request, reply) => {
    // Messages of the framework may quote what was sent; the status and its code say enough.
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ error: { code: status === 500 ? 'internal' : (error.code ?? 'invalid_request'), message: 'The request could not be answered.' } });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: { code: 'not_found', message: 'There is nothing under this address.' } }));

  void app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentPolicy },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // Plain HTTP on the loopback address: nothing to upgrade.
    strictTransportSecurity: false,
  });
  void app.register(staticFiles, {
    root: resolve(options.page, 'assets'),
    prefix: '/assets/',
    // One route per file that is there at the start: no path of a request ever reaches the disk.
    wildcard: false,
    index: false,
    // The names carry a hash of the content.
    setHeaders: (reply) => void reply.header('cache-control', 'public, max-age=31536000, immutable'),
  });
  void app.register(async (scope) => {
    registerRoutes(scope, { ...options, cookieOf, setCookie: (reply, value) => reply.header('set-cookie', `${cookieName()}=${value}; HttpOnly; SameSite=Strict; Path=/`) });
  });

  const io: PanelIo = new Server(app.server, {
    transports: ['websocket'],
    serveClient: false,
    perMessageDeflate: false,
    maxHttpBufferSize: 64 * 1_024,
    pingInterval: 5_000,
    pingTimeout: 5_000,
    allowRequest: (request, answer) => {
      const judged = judge(request, true);
      if (judged.kind === 'refused') return answer(judged.code, false);
      const isKnown = sessions.csrfOf(cookieOf(request.headers.cookie)) !== undefined;
      answer(isKnown ? null : 'session', isKnown);
    },
  });

  return {
    io,
    cookieOf,
    async listen(ports) {
      for (const wanted of ports) {
        try {
          await app.listen({ host: '127.0.0.1', port: wanted });
          const address = app.server.address();
          port = typeof address === 'object' && address !== null ? address.port : wanted;
          return `http://127.0.0.1:${port}`;
        } catch (error) {
          if (!isTaken(error)) throw error;
        }
      }
      throw new VivariumError('port_unavailable', `no port could be bound on 127.0.0.1 (tried ${ports.join(', ')})`, { remedy: { kind: 'stop' } });
    },
    async stop() {
      await io.close();
      await app.close();
    },
  };
}

const contentPolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'font-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  // No string ever becomes markup or code, whoever wrote it.
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ["'none'"],
};

interface RouteOptions extends PanelServerOptions {
  readonly cookieOf: (header: string | undefined) => string | undefined;
  readonly setCookie: (reply: FastifyReply, value: string) => void;
}

function registerRoutes(app: FastifyInstance, { sessions, feed, getResult, home, root, page, cookieOf, setCookie }: RouteOptions): void {
  const isKnown = (request: FastifyRequest): boolean => sessions.csrfOf(cookieOf(request.headers.cookie)) !== undefined;
  const onlySessions = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> =>
    isKnown(request) ? undefined : reply.code(401).send({ error: { code: 'no_session', message: 'Open the link that the panel printed when it started.' } });
  const html = (reply: FastifyReply, name: string): FastifyReply => reply.sendFile(name, page, { cacheControl: false });

  app.get('/', (request, reply) => (isKnown(request) ? html(reply, 'index.html') : html(reply.code(401), 'open.html')));
  app.get('/open', (_request, reply) => html(reply, 'open.html'));
  app.get('/favicon.svg', (_request, reply) => html(reply, 'favicon.svg'));

  app.post('/api/session', (request, reply) => {
    const body = PanelEntry.safeParse(request.body);
    if (!body.success) return reply.code(400).send({ error: { code: 'invalid_request', message: 'The body is not {"token": "…"}.' } });
    const entry = sessions.enter(body.data.token);
    switch (entry.kind) {
      case 'entered':
        setCookie(reply, entry.cookie);
        return reply.code(204).send();
      case 'wrong':
        return reply.code(401).send({ error: { code: 'wrong_token', message: 'This link is not, or no longer, a way in.' } });
      case 'slow_down':
        return reply.code(429).header('retry-after', String(Math.ceil(entry.retryAfterMs / 1_000))).send({ error: { code: 'slow_down', message: 'Too many wrong links; wait a minute.' } });
    }
  });
  app.get('/api/session', { onRequest: onlySessions }, (request): PanelSession => ({ csrf: sessions.csrfOf(cookieOf(request.headers.cookie)) ?? '', home, root }));

  app.get<{ Querystring: { readonly id?: unknown } }>('/api/task', { onRequest: onlySessions }, (request, reply) => {
    const { id } = request.query;
    const detail = typeof id === 'string' ? taskDetail(feed.board, id) : undefined;
    return detail ?? reply.code(404).send({ error: { code: 'not_found', message: 'No such task in queue.json.' } });
  });
  app.get<{ Params: { readonly sha256: string } }>('/api/results/:sha256', { onRequest: onlySessions }, (request, reply) => {
    const { sha256 } = request.params;
    const text = /^[0-9a-f]{64}$/.test(sha256) ? getResult(sha256) : undefined;
    return text === undefined
      ? reply.code(404).send({ error: { code: 'not_found', message: 'No such result in logs/results.' } })
      : reply.type('text/plain; charset=utf-8').header('content-security-policy', "default-src 'none'; sandbox").send(text);
  });
  app.get<{ Querystring: { readonly generation?: unknown; readonly from?: unknown } }>('/api/line', { onRequest: onlySessions }, (request, reply) => {
    const { generation, from } = request.query;
    const offset = typeof from === 'string' && /^\d{1,15}$/.test(from) ? Number(from) : undefined;
    const text = typeof generation === 'string' && offset !== undefined ? feed.wholeLine(generation, offset) : undefined;
    return text === undefined
      ? reply.code(404).send({ error: { code: 'not_found', message: 'No such line in the action log.' } })
      : reply.type('text/plain; charset=utf-8').header('content-security-policy', "default-src 'none'; sandbox").send(text);
  });
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(',') : value);

function cookieIn(header: string | undefined, name: string): string | undefined {
  const found = (header ?? '').split(';').find((part) => part.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

const isTaken = (error: unknown): boolean => ['EADDRINUSE', 'EACCES'].includes(codeOf(error));
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
