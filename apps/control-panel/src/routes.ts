/**
 * What can be asked of the panel over HTTP: the page, the way in, and the data of a row that somebody opened. Data is for sessions only.
 * The gate has passed every request before it comes here.
 */
import { MONEY_PARTS, PanelEntry, type PanelSession } from '@vivarium/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Sessions } from './door/sessions.ts';
import type { RecordFeed } from './feed/record-feed.ts';
import { taskDetail } from './feed/task-detail.ts';

export interface RouteSources {
  readonly feed: RecordFeed;
  readonly getResult: (sha256: string) => string | undefined;
  readonly home: string;
  readonly root: string;
  /** Directory of the built page. */
  readonly page: string;
}

interface RouteOptions extends RouteSources {
  readonly sessions: Sessions;
  readonly cookieOf: (header: string | undefined) => string | undefined;
  readonly setCookie: (reply: FastifyReply, value: string) => void;
}

export function registerRoutes(
  app: FastifyInstance,
  { sessions, feed, getResult, home, root, page, cookieOf, setCookie }: RouteOptions,
): void {
  const isKnown = (request: FastifyRequest): boolean =>
    sessions.csrfOf(cookieOf(request.headers.cookie)) !== undefined;
  const onlySessions = async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> =>
    isKnown(request)
      ? undefined
      : reply.code(401).send({
          error: { code: 'no_session', message: 'Open the link that the panel printed when it started.' },
        });
  const html = (reply: FastifyReply, name: string): FastifyReply =>
    reply.sendFile(name, page, { cacheControl: false });

  app.get('/', (request, reply) =>
    isKnown(request) ? html(reply, 'index.html') : html(reply.code(401), 'open.html'),
  );
  app.get('/open', (_request, reply) => html(reply, 'open.html'));
  app.get('/favicon.svg', (_request, reply) => html(reply, 'favicon.svg'));

  app.post('/api/session', (request, reply) => {
    const body = PanelEntry.safeParse(request.body);
    if (!body.success)
      return reply
        .code(400)
        .send({ error: { code: 'invalid_request', message: 'The body is not {"token": "…"}.' } });
    const entry = sessions.enter(body.data.token);
    switch (entry.kind) {
      case 'entered':
        setCookie(reply, entry.cookie);
        return reply.code(204).send();
      case 'wrong':
        return reply
          .code(401)
          .send({ error: { code: 'wrong_token', message: 'This link is not, or no longer, a way in.' } });
      case 'slow_down':
        return reply
          .code(429)
          .header('retry-after', String(Math.ceil(entry.retryAfterMs / 1_000)))
          .send({ error: { code: 'slow_down', message: 'Too many wrong links; wait a minute.' } });
    }
  });
  app.get('/api/session', { onRequest: onlySessions }, (request): PanelSession => ({
    csrf: sessions.csrfOf(cookieOf(request.headers.cookie)) ?? '',
    home,
    root,
  }));

  app.get<{ Querystring: { readonly id?: unknown } }>(
    '/api/task',
    { onRequest: onlySessions },
    (request, reply) => {
      const { id } = request.query;
      const detail = typeof id === 'string' ? taskDetail(feed.board, id) : undefined;
      return (
        detail ??
        reply.code(404).send({ error: { code: 'not_found', message: 'No such task in queue.json.' } })
      );
    },
  );
  app.get<{ Querystring: { readonly part?: unknown; readonly book?: unknown; readonly run?: unknown } }>(
    '/api/money',
    { onRequest: onlySessions },
    (request, reply) => {
      const { part: wanted, book, run } = request.query;
      const part = MONEY_PARTS.find((each) => each === wanted);
      if (part === undefined || (book !== 'real' && book !== 'simulated'))
        return reply.code(400).send({
          error: {
            code: 'invalid_request',
            message: `part is one of ${MONEY_PARTS.join(', ')}; book is real or simulated.`,
          },
        });
      const runId = typeof run === 'string' && run !== '' ? run : undefined;
      return feed.money.find({ part, simulated: book === 'simulated', runId });
    },
  );
  app.get<{ Params: { readonly sha256: string } }>(
    '/api/results/:sha256',
    { onRequest: onlySessions },
    (request, reply) => {
      const { sha256 } = request.params;
      const text = /^[0-9a-f]{64}$/.test(sha256) ? getResult(sha256) : undefined;
      return text === undefined
        ? reply.code(404).send({ error: { code: 'not_found', message: 'No such result in logs/results.' } })
        : reply
            .type('text/plain; charset=utf-8')
            .header('content-security-policy', "default-src 'none'; sandbox")
            .send(text);
    },
  );
  app.get<{ Querystring: { readonly generation?: unknown; readonly from?: unknown } }>(
    '/api/line',
    { onRequest: onlySessions },
    (request, reply) => {
      const { generation, from } = request.query;
      const offset = typeof from === 'string' && /^\d{1,15}$/.test(from) ? Number(from) : undefined;
      const text =
        typeof generation === 'string' && offset !== undefined
          ? feed.wholeLine(generation, offset)
          : undefined;
      return text === undefined
        ? reply.code(404).send({ error: { code: 'not_found', message: 'No such line in the action log.' } })
        : reply
            .type('text/plain; charset=utf-8')
            .header('content-security-policy', "default-src 'none'; sandbox")
            .send(text);
    },
  );
}
