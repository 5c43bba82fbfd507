/**
 * The panel's HTTP face: the page, the door, and what a page fetches when a row is opened. Owns the listening server and the sockets on it.
 * Every request passes the gate (door/gate.ts) first; data is given to sessions only and is never stored by a browser.
 */
import { resolve } from 'node:path';
import helmet from '@fastify/helmet';
import staticFiles from '@fastify/static';
import { VivariumError } from '@vivarium/core';
import fastify, { type FastifyRequest } from 'fastify';
import { Server } from 'socket.io';
import { judgeRequest, OWN_HEADER } from './door/gate.ts';
import type { Stranger } from '@vivarium/home';
import type { Sessions } from './door/sessions.ts';
import { registerRoutes, type RouteSources } from './routes.ts';
import type { PanelIo } from './socket-feed.ts';

const BODY_LIMIT = 16 * 1_024;
const PATIENCE_MS = 500;

export interface PanelServer {
  readonly io: PanelIo;
  /** Tries the ports in turn; 0 means any. Answers the address. */
  listen(ports: readonly number[]): Promise<string>;
  cookieOf(header: string | undefined): string | undefined;
  stop(): Promise<void>;
}

export interface PanelServerOptions extends RouteSources {
  readonly sessions: Sessions;
  /** A request was refused for where it came from. */
  readonly onStranger: (stranger: Stranger) => void;
}

export function createPanelServer(options: PanelServerOptions): PanelServer {
  const { sessions } = options;
  const assets = resolve(options.page, 'assets');
  let port = 0;
  const app = fastify({ bodyLimit: BODY_LIMIT, logger: false, forceCloseConnections: true });
  const cookieName = (): string => `vivarium_panel_${port}`;
  const cookieOf = (header: string | undefined): string | undefined => cookieIn(header, cookieName());
  const judge = (
    request: { readonly method?: string | undefined; readonly headers: FastifyRequest['headers'] },
    isSocket: boolean,
  ) =>
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

  const tellStranger = (request: Parameters<typeof judge>[0], why: string): void =>
    options.onStranger({
      why,
      method: request.method ?? 'GET',
      host: request.headers.host,
      origin: request.headers.origin,
    });

  app.addHook('onRequest', async (request, reply) => {
    reply
      .header('cache-control', 'no-store')
      .header('permissions-policy', 'camera=(), geolocation=(), microphone=()');
    const answer = judge(request, false);
    if (answer.kind === 'refused') tellStranger(request, answer.message);
    if (answer.kind === 'refused')
      return reply.code(403).send({ error: { code: answer.code, message: answer.message } });
  });
  app.setErrorHandler((error: { readonly statusCode?: number; readonly code?: string }, _request, reply) => {
    // Messages of the framework may quote what was sent; the status and its code say enough.
    const status = error.statusCode ?? 500;
    return reply.code(status).send({
      error: {
        code: status === 500 ? 'internal' : (error.code ?? 'invalid_request'),
        message: 'The request could not be answered.',
      },
    });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: 'not_found', message: 'There is nothing under this address.' } }),
  );

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
    root: assets,
    prefix: '/assets/',
    // One route per file that is there at the start: no path of a request ever reaches the disk.
    wildcard: false,
    index: false,
    // Their names carry a hash of the content. What a route sends by hand is not theirs to keep.
    setHeaders: (reply, path) => {
      if (path.startsWith(assets)) reply.header('cache-control', 'public, max-age=31536000, immutable');
    },
  });
  void app.register(async (scope) => {
    registerRoutes(scope, {
      ...options,
      cookieOf,
      setCookie: (reply, value) =>
        reply.header('set-cookie', `${cookieName()}=${value}; HttpOnly; SameSite=Strict; Path=/`),
    });
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
      if (judged.kind === 'refused') {
        tellStranger(request, judged.message);
        return answer(judged.code, false);
      }
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
      throw new VivariumError(
        'port_unavailable',
        `no port could be bound on 127.0.0.1 (tried ${ports.join(', ')})`,
        { remedy: { kind: 'stop' } },
      );
    },
    async stop() {
      // Closing waits for connections, and browsers keep theirs: those that idle are cut at once, the others after a moment.
      const cutAll = performance.now() + PATIENCE_MS;
      const cutting = setInterval(() => {
        if (performance.now() < cutAll) app.server.closeIdleConnections();
        else app.server.closeAllConnections();
      }, 20);
      try {
        await io.close();
        await app.close();
      } finally {
        clearInterval(cutting);
      }
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

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value;

function cookieIn(header: string | undefined, name: string): string | undefined {
  const found = (header ?? '').split(';').find((part) => part.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

const isTaken = (error: unknown): boolean => ['EADDRINUSE', 'EACCES'].includes(codeOf(error));
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';
