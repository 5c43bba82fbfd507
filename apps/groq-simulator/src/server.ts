/**
 * The simulator as a server on 127.0.0.1. Owns the listening socket, the bill, the fault book and the rate limits; talks to whoever
 * connects, after the guard (S8). On `node:http` itself, without a framework: it stands beside what is measured, seven routes need
 * no router, and half of its work (cut connections, half bodies, silence) is what a framework prevents.
 */
import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { VivariumError } from '@vivarium/core';
import { checkKey } from './api-key.ts';
import { openBill } from './bill.ts';
import { fingerprintOfSeed } from './compose.ts';
import type { Desk, SimulatorOptions } from './desk.ts';
import { bodyTooLarge, internalFault, invalidRequest, unknownUrl } from './errors.ts';
import { createFaultBook, FaultRules } from './faults.ts';
import { createLimits } from './limits.ts';
import { guardLoopback } from './loopback-guard.ts';
import { models, PRICES_AS_OF, type Model } from './models.ts';
import { MAX_BODY_BYTES, readBody, sendError, sendJson } from './reply.ts';
import { serveChat } from './serve-chat.ts';

export const LOOPBACK = '127.0.0.1';

/** How often one that waits for its clients to leave counts them. */
const LOOK_MS = 50;

export interface Simulator {
  /** Origin, without a path: what groq-sdk takes as its base URL. */
  readonly url: string;
  readonly port: number;
  /** Resolves when no client is connected: now, or when the last has left. Whoever connects meanwhile is still served. */
  untilLeft(): Promise<void>;
  /** Closes the socket and every connection, drops calls that still wait, closes the bill. Idempotent. */
  stop(): Promise<void>;
}

/** Throws `port_unavailable`. The bill is opened only once the port is held: two simulators never write one bill by accident of a restart. */
export async function createSimulator(options: SimulatorOptions): Promise<Simulator> {
  const server = createServer({ keepAliveTimeout: 60_000 });
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every waiting call listens
  let desk: Desk | undefined;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (desk === undefined) response.destroy();
    else void answer(request, response, desk);
  });
  const port = await listen(server, options.port);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    stopping.abort();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
    desk?.bill.close();
  };
  const stopOnce = (): Promise<void> => (stopped ??= stop());
  try {
    desk = layDesk(options, port, stopping.signal);
  } catch (error) {
    await stopOnce();
    throw error;
  }
  return {
    url: `http://${LOOPBACK}:${port}`,
    port,
    untilLeft: async () => untilLeft(server),
    stop: stopOnce,
  };
}

async function untilLeft(server: Server): Promise<void> {
  const connections = async (): Promise<number> => promisify(server.getConnections.bind(server))();
  while ((await connections()) > 0) await setTimeout(LOOK_MS);
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'it is taken' : (error.code ?? 'unknown fault');
      const hint = 'Choose another port, or 0 for a free one.';
      const message = `cannot listen on ${LOOPBACK}:${port}: ${why}`;
      reject(
        new VivariumError('port_unavailable', message, { remedy: { kind: 'stop' }, hint, cause: error }),
      );
    });
    server.listen(port, LOOPBACK, resolve);
  });
  // `as`: a server listening on TCP has an AddressInfo; the other forms belong to pipes.
  return (server.address() as AddressInfo).port;
}

const layDesk = (options: SimulatorOptions, port: number, stopping: AbortSignal): Desk => ({
  options,
  context: {
    seed: options.seed,
    pace: options.pace,
    limits: createLimits(options.limits),
    faults: createFaultBook(options.seed, options.faults),
    now: () => options.clock.monotonic(),
  },
  bill: openBill(options.billPath),
  port,
  stopping,
  fingerprint: fingerprintOfSeed(options.seed),
  rejectedKeys: new Set(options.rejectedKeys),
  startedAt: options.clock.monotonic(),
  counts: { completions_asked: 0, billed: 0, in_flight: 0, hung: 0, refused: {} },
});

/** Never rejects: a client that left is nobody's fault, anything else is a 500 as long as one can be sent. */
async function answer(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  try {
    await route(request, response, desk);
  } catch {
    if (response.headersSent || response.destroyed) response.destroy();
    else sendError(response, desk, internalFault());
  }
}

async function route(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  const foreign = guardLoopback(request, desk.port);
  if (foreign !== undefined) return sendError(response, desk, foreign);
  const path = request.url?.split('?', 1)[0] ?? '/';
  switch (`${request.method} ${path}`) {
    case 'POST /openai/v1/chat/completions':
      return serveChat(request, response, desk);
    case 'GET /openai/v1/models':
      return serveToCaller(request, response, desk, { object: 'list', data: models.map(modelBody) });
    case 'GET /healthz':
      return sendJson(response, desk, { status: 'ok', simulated: true, version: desk.options.version });
    case 'GET /simulator/state':
      return sendJson(response, desk, stateBody(desk));
    case 'GET /simulator/bill':
      return sendJson(response, desk, { simulated: true, ...desk.bill.totals(), prices_as_of: PRICES_AS_OF });
    case 'POST /simulator/faults':
      return addFaults(request, response, desk);
    case 'DELETE /simulator/faults':
      desk.context.faults.clear();
      return sendJson(response, desk, { faults: [] });
    default: {
      const model = request.method === 'GET' ? modelAt(path) : undefined;
      if (model !== undefined) return serveToCaller(request, response, desk, modelBody(model));
      return sendError(response, desk, unknownUrl(request.method ?? '', path));
    }
  }
}

function serveToCaller(request: IncomingMessage, response: ServerResponse, desk: Desk, body: unknown): void {
  const caller = checkKey(request, desk.rejectedKeys);
  if (caller.kind === 'refused') sendError(response, desk, caller.error);
  else sendJson(response, desk, body);
}

async function addFaults(request: IncomingMessage, response: ServerResponse, desk: Desk): Promise<void> {
  const body = await readBody(request);
  if (body === undefined)
    return sendError(response, desk, bodyTooLarge(MAX_BODY_BYTES), { connection: 'close' });
  const parsed = FaultRules.safeParse(parseJson(body));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return sendError(
      response,
      desk,
      invalidRequest(`fault rules: '${issue?.path.join('.') ?? ''}': ${issue?.message ?? 'invalid'}`),
    );
  }
  desk.context.faults.add(parsed.data);
  return sendJson(response, desk, { faults: desk.context.faults.state() });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Ids hold a slash; clients send it bare or encoded. */
const modelAt = (path: string): Model | undefined =>
  models.find(
    ({ id }) => path === `/openai/v1/models/${id}` || path === `/openai/v1/models/${encodeURIComponent(id)}`,
  );

const modelBody = (model: Model) => ({
  id: model.id,
  object: 'model',
  created: model.created,
  owned_by: model.ownedBy,
  active: true,
  context_window: model.contextWindow,
  public_apps: null,
  max_completion_tokens: model.maxCompletionTokens,
});

const stateBody = ({ options, bill, context, counts, startedAt }: Desk) => ({
  simulated: true,
  version: options.version,
  seed: options.seed,
  pace: options.pace,
  uptime_ms: Math.round(options.clock.monotonic() - startedAt),
  requests: counts,
  bill: bill.totals(),
  faults: context.faults.state(),
});
