/**
 * The page's end of the live connection. Owns the socket, the state it feeds, and the rhythm in which the view hears of it: at most once per
 * frame, and once a second while nobody looks.
 *
 * The connection comes back by itself. A panel that was stopped and started anew has other sessions: the page then says so, keeps what it
 * shows, and goes on as soon as somebody has opened the new link, in this window or another.
 */
import type { PanelCommand, PanelReceipt, PanelSession, RangeRequest } from '@vivarium/contracts';
import { io, type Socket } from 'socket.io-client';
import { type FeedMessage, type FeedState, NOTHING_KNOWN, receive } from './feed-state.ts';
import {
  parseDelta,
  parseHello,
  parseOverview,
  parseRangeAnswer,
  parseReceipt,
  parseSnapshot,
} from './parse.ts';
import { PROTOCOL } from './protocol.ts';

export type Connection = 'connecting' | 'live' | 'lost' | 'locked';
export type ControlVerb = Exclude<Verb, 'reset-breaker'>;
export type Verb = PanelCommand['verb'];
/** A command without its id. */
export type Order = PanelCommand extends infer Each
  ? Each extends PanelCommand
    ? Omit<Each, 'id'>
    : never
  : never;

export interface PageState {
  readonly feed: FeedState;
  readonly connection: Connection;
  /** When the last overview came, on the page's own clock. */
  readonly heardAt: number | undefined;
  /** Server time minus page time, for ages. */
  readonly skewMs: number;
}

export interface FeedStore {
  read(): PageState;
  subscribe(onChange: () => void): () => void;
  /** Asks for older lines, or a gap. Resolves when they are in, or could not be had. */
  load(from: number, to: number): Promise<void>;
  command(order: Order): Promise<PanelReceipt | undefined>;
  start(): void;
}

const RETRY_MS = { first: 250, most: 2_000 };
const ANSWER_MS = 10_000;
/** A panel that is up answers at once; one that died at the wrong moment may never. */
const CONNECT_MS = 5_000;

export function createFeedStore(): FeedStore {
  let state: PageState = { feed: NOTHING_KNOWN, connection: 'connecting', heardAt: undefined, skewMs: 0 };
  let socket: Socket | undefined;
  let retryMs = RETRY_MS.first;
  let retry: number | undefined;
  let told: number | undefined;
  const listeners = new Set<() => void>();

  const tell = (): void => {
    told = undefined;
    for (const listener of listeners) listener();
  };
  const change = (next: Partial<PageState>): void => {
    state = { ...state, ...next };
    // A hidden page gets no frames; a second is soon enough there.
    told ??= document.hidden ? window.setTimeout(tell, 1_000) : requestAnimationFrame(tell);
  };

  const take = (message: FeedMessage): void => {
    const step = receive(state.feed, message);
    change({ feed: step.state });
    for (const request of step.ask) void askRange(request);
    if (step.resync) socket?.emit('resync');
  };
  const askRange = async (request: RangeRequest): Promise<void> => {
    const answer = parseRangeAnswer(await emitWithAnswer('range', request));
    if (answer !== undefined) take({ kind: 'range', log: request.log, answer });
  };
  const emitWithAnswer = async (event: 'range' | 'control', body: unknown): Promise<unknown> => {
    try {
      // Typed as unknown on purpose: what comes back is parsed by whoever asked.
      return (await socket?.timeout(ANSWER_MS).emitWithAck(event, body)) as unknown;
    } catch {
      return undefined;
    }
  };

  const later = (): void => {
    window.clearTimeout(retry);
    // Jitter: many pages do not knock at the same moment.
    retry = window.setTimeout(() => void connect(), retryMs * (0.7 + 0.6 * Math.random()));
    retryMs = Math.min(RETRY_MS.most, retryMs * 2);
  };

  const connect = async (): Promise<void> => {
    const session = await readSession();
    if (session.kind !== 'open') {
      change({ connection: session.kind === 'locked' ? 'locked' : 'lost' });
      if (session.kind === 'locked') retryMs = Math.min(retryMs, 1_000);
      later();
      return;
    }
    socket?.removeAllListeners();
    socket?.disconnect();
    const { position } = state.feed;
    socket = io({
      transports: ['websocket'],
      reconnection: false,
      timeout: CONNECT_MS,
      auth: { protocol: PROTOCOL, csrf: session.csrf, ...(position === undefined ? {} : { position }) },
    });
    listen(socket);
  };

  const listen = (to: Socket): void => {
    const on = <T>(
      event: string,
      parse: (value: unknown) => T | undefined,
      use: (value: T) => void,
    ): void => {
      to.on(event, (value: unknown, took: unknown) => {
        const parsed = parse(value);
        if (parsed !== undefined) use(parsed);
        if (typeof took === 'function') took();
      });
    };
    on('hello', parseHello, (hello) => {
      if (hello.protocol !== PROTOCOL) window.location.reload();
      retryMs = RETRY_MS.first;
      take({ kind: 'hello', hello });
      change({ connection: 'live' });
    });
    on('snapshot', parseSnapshot, (snapshot) => take({ kind: 'snapshot', snapshot }));
    on('delta', parseDelta, (delta) => take({ kind: 'delta', delta }));
    on('overview', parseOverview, (overview) => {
      take({ kind: 'overview', overview });
      change({ heardAt: performance.now(), skewMs: Date.parse(overview.as_of) - Date.now() });
    });
    const lost = (reason: unknown): void => {
      if (socket !== to) return;
      if (reason instanceof Error && reason.message === 'protocol') return window.location.reload();
      change({ connection: 'lost' });
      later();
    };
    to.on('connect_error', lost);
    to.on('disconnect', lost);
  };

  return {
    read: () => state,
    subscribe(onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    async load(from, to) {
      const { position } = state.feed;
      if (position !== undefined)
        await askRange({ log: 'action', generation: position.generation, from, to });
    },
    async command(order) {
      const command = { id: crypto.randomUUID(), ...order };
      // The same id again does nothing twice, so one more try after a lost answer is safe.
      return (
        parseReceipt(await emitWithAnswer('control', command)) ??
        parseReceipt(await emitWithAnswer('control', command))
      );
    },
    start() {
      void connect();
    },
  };
}

async function readSession(): Promise<
  { readonly kind: 'open'; readonly csrf: string } | { readonly kind: 'locked' | 'unreachable' }
> {
  try {
    const reply = await fetch('/api/session', {
      cache: 'no-store',
      signal: AbortSignal.timeout(CONNECT_MS),
    });
    if (reply.status === 401) return { kind: 'locked' };
    if (!reply.ok) return { kind: 'unreachable' };
    const session = (await reply.json()) as Partial<PanelSession>; // only its one text is used, and looked at
    return typeof session.csrf === 'string' ? { kind: 'open', csrf: session.csrf } : { kind: 'unreachable' };
  } catch {
    return { kind: 'unreachable' };
  }
}
