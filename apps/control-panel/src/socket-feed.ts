/**
 * The live side of the panel: tells every page what changed, answers what it asks, passes on what it commands.
 * Owns the rhythm (one look at the record per frame, at most twenty frames a second) and the sockets; folds nothing itself.
 *
 * - P3: a page is told hello, then either a snapshot or what it missed, and deltas from exactly there: nothing lost, nothing twice.
 * - P4: a page that reads too slowly is left out of frames instead of filling memory; it sees by the next overview that it is behind, and asks.
 * - P5: what a page sends is parsed; what does not parse is answered with a refusal or not at all, and changes nothing.
 */
import {
  type FeedDelta,
  type Overview,
  PANEL_PROTOCOL,
  PanelCommand,
  type PanelClientEvents,
  PanelHandshake,
  type PanelReceipt,
  type PanelServerEvents,
  RangeRequest,
} from '@vivarium/contracts';
import { type Clock, messageOf, timestamp } from '@vivarium/core';
import type { Server, Socket } from 'socket.io';
import type { RecordFeed } from './feed/record-feed.ts';

export type PanelIo = Server<PanelClientEvents, PanelServerEvents>;
type PanelSocket = Socket<PanelClientEvents, PanelServerEvents>;

export const FRAME_MS = 50;
const POLL_MS = 250;
const OVERVIEW_MS = 1_000;
/** Deltas one page has not yet read, beyond which it is left out. */
const MOST_UNREAD = 40;

export interface SocketFeedOptions {
  readonly io: PanelIo;
  readonly clock: Clock;
  readonly home: string;
  readonly root: string;
  readonly feed: RecordFeed;
  readonly overview: () => Overview;
  readonly order: (command: PanelCommand) => Promise<PanelReceipt>;
  /** Calls back when something may have changed. */
  readonly watch: (onChange: () => void) => () => void;
  readonly isCsrf: (cookieHeader: string | undefined, csrf: string) => boolean;
  /** Told once per kind of fault: the record cannot be read at the moment. */
  readonly onFault: (message: string) => void;
}

export function createSocketFeed(options: SocketFeedOptions): { stop(): void } {
  const { io, clock, feed } = options;
  let lastFrame = Number.NEGATIVE_INFINITY;
  let pending: NodeJS.Timeout | undefined;
  let lastOverview = { key: '', at: Number.NEGATIVE_INFINITY };
  let lastFault = '';
  /** The pages that have been greeted, and how many deltas each has not yet read. Socket.IO itself gives no sign of a full line. */
  const greeted = new Map<PanelSocket, number>();

  const send = (socket: PanelSocket, delta: FeedDelta): void => {
    greeted.set(socket, (greeted.get(socket) ?? 0) + 1);
    socket.emit('delta', delta, () => {
      const unread = greeted.get(socket);
      if (unread !== undefined) greeted.set(socket, unread - 1);
    });
  };
  const tell = (deltas: readonly FeedDelta[]): void => {
    for (const [socket, unread] of greeted)
      if (unread <= MOST_UNREAD) for (const delta of deltas) send(socket, delta);
  };
  const tellOverview = (): void => {
    const overview = options.overview();
    const key = keyOf(overview);
    const now = clock.monotonic();
    if (key === lastOverview.key && now - lastOverview.at < OVERVIEW_MS) return;
    lastOverview = { key, at: now };
    for (const [socket, unread] of greeted) if (unread <= MOST_UNREAD) socket.emit('overview', overview);
  };

  /** The record may be out of reach now (rights, disk): then the pages go stale visibly, and the next frame tries again. */
  const reading = (work: () => void): void => {
    try {
      work();
      lastFault = '';
    } catch (error) {
      const fault = messageOf(error);
      if (fault !== lastFault) options.onFault(fault);
      lastFault = fault;
    }
  };
  const frame = (): void => {
    pending = undefined;
    lastFrame = clock.monotonic();
    reading(() => {
      const seen = feed.look();
      if (seen.kind === 'anew') for (const socket of greeted.keys()) greet(socket, false);
      else tell(seen.deltas);
      tellOverview();
    });
  };
  const wake = (): void => {
    pending ??= setTimeout(frame, Math.max(0, FRAME_MS - (clock.monotonic() - lastFrame)));
  };

  /** `resumed`: the missing deltas follow. Otherwise the snapshot does. */
  const greet = (socket: PanelSocket, resumed: boolean): void => {
    const position = feed.position();
    socket.emit('hello', {
      protocol: PANEL_PROTOCOL,
      home: options.home,
      root: options.root,
      generation: position.generation,
      position,
      resumed,
      as_of: timestamp(clock),
    });
    if (!resumed) socket.emit('snapshot', feed.snapshot());
  };

  io.use((socket, next) => {
    const handshake = PanelHandshake.safeParse(socket.handshake.auth);
    if (!handshake.success || !options.isCsrf(socket.handshake.headers.cookie, handshake.data.csrf))
      return next(new Error('session'));
    if (handshake.data.protocol !== PANEL_PROTOCOL) return next(new Error('protocol'));
    socket.data = { position: handshake.data.position };
    next();
  });

  io.on('connection', (socket) => {
    // Everything folded so far is told to the others before this page joins them: it starts where they stand.
    frame();
    const missed = missedBy(socket, feed);
    greet(socket, missed !== undefined);
    greeted.set(socket, 0);
    for (const delta of missed ?? []) send(socket, delta);
    reading(() => void socket.emit('overview', options.overview()));

    socket.on('disconnect', () => greeted.delete(socket));
    socket.on('resync', () => greet(socket, false));
    socket.on('range', (request, answer) => {
      const parsed = RangeRequest.safeParse(request);
      if (!parsed.success || typeof answer !== 'function') return;
      const found = feed.range(parsed.data);
      answer(found);
      if (found.kind === 'gone') greet(socket, false);
    });
    socket.on('control', (command, answer) => {
      if (typeof answer !== 'function') return;
      const parsed = PanelCommand.safeParse(command);
      if (!parsed.success)
        return answer({
          kind: 'refused',
          id: null,
          at: timestamp(clock),
          why: 'The command is not one this panel knows.',
        });
      void options.order(parsed.data).then((receipt) => {
        answer(receipt);
        wake();
      });
    });
  });

  const stopWatching = options.watch(wake);
  const poll = setInterval(wake, POLL_MS);
  return {
    stop() {
      stopWatching();
      clearInterval(poll);
      clearTimeout(pending);
      greeted.clear();
    },
  };
}

function missedBy(socket: PanelSocket, feed: RecordFeed): readonly FeedDelta[] | undefined {
  // `data` is what the handshake left there, a few lines above.
  const { position } = socket.data as { readonly position: PanelHandshake['position'] };
  return position === undefined ? undefined : feed.since(position);
}

/** What of an overview is worth telling at once; ages and clocks wait for the next second. */
function keyOf(overview: Overview): string {
  const { as_of: _asOf, position: _position, verdict, workers, finishes: _finishes, ...rest } = overview;
  const words = Object.values(verdict).map(({ kind, words: said }) => [kind, said]);
  return JSON.stringify([rest, words, workers.map(({ quiet_ms: _quiet, ...worker }) => worker)]);
}
