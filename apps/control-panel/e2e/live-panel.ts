/** A panel over a real home, served in this process, and pages of it played by the real Socket.IO client. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  homeIdOf,
  homeLayout,
  PANEL_PROTOCOL,
  type FeedDelta,
  type FeedPosition,
  type HomeLayout,
  type NewTask,
  type Overview,
  type PanelReceipt,
  type RecordStore,
  type Snapshot,
} from '@vivarium/contracts';
import type { Machine } from '@vivarium/core';
import { createRecordStore, initHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { io, type Socket } from 'socket.io-client';
import { createPanel, type Panel } from '../src/create-panel.ts';

export interface LiveHome {
  readonly layout: HomeLayout;
  readonly machine: Machine;
  readonly record: RecordStore;
  setQueue(...tasks: NewTask[]): void;
  panel(): Promise<Panel>;
  remove(): Promise<void>;
}

export function createLiveHome(): LiveHome {
  const layout = homeLayout(realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-live-'))));
  const machine = createNodeMachine();
  initHome(layout, machine.files);
  const panels: Panel[] = [];
  return {
    layout,
    machine,
    record: createRecordStore({ layout, home: homeIdOf(layout.root), machine }),
    setQueue: (...tasks) => machine.files.replace(layout.queue, JSON.stringify({ version: '1.0', tasks })),
    async panel() {
      const page = fileURLToPath(new URL('../dist/web', import.meta.url));
      const panel = await createPanel({
        keys: undefined,
        machine,
        root: layout.root,
        port: 0,
        page,
        onFault: (message) => void process.stderr.write(`${message}\n`),
      });
      panels.push(panel);
      return panel;
    },
    async remove() {
      for (const panel of panels) await panel.stop();
      rmSync(layout.root, { recursive: true, force: true });
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Over node:http, because fetch does not let Host and Origin be chosen, and tidies paths. */
export function ask(
  url: string,
  path: string,
  { method = 'GET', headers = {}, body }: Asking = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ hostname, port, path, method, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export const tokenOf = (panel: Panel): string =>
  new URLSearchParams(new URL(panel.link).hash.slice(1)).get('token') ?? '';

/** What the page's own script sends when a link is opened. */
export const entry = (url: string, token: string): Required<Asking> => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    'x-vivarium-panel': 'open',
    'sec-fetch-site': 'same-origin',
    origin: url,
  },
  body: JSON.stringify({ token }),
});

export interface Session {
  readonly cookie: string;
  readonly csrf: string;
}

export async function comeIn(panel: Panel): Promise<Session> {
  const answer = await ask(panel.url, '/api/session', entry(panel.url, tokenOf(panel)));
  const cookie = (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
  const session: unknown = JSON.parse((await ask(panel.url, '/api/session', { headers: { cookie } })).body);
  if (
    typeof session !== 'object' ||
    session === null ||
    !('csrf' in session) ||
    typeof session.csrf !== 'string'
  )
    throw new Error('no session');
  return { cookie, csrf: session.csrf };
}

export interface Page {
  readonly socket: Socket;
  readonly hellos: readonly { readonly resumed: boolean }[];
  readonly snapshots: readonly Snapshot[];
  readonly deltas: readonly FeedDelta[];
  readonly overviews: readonly Overview[];
  /** Ends when `check` holds; looks after every message. */
  until(check: () => boolean): Promise<void>;
  command(verb: string, reason: string | null, id?: string): Promise<PanelReceipt>;
  close(): void;
}

export interface PageOptions {
  readonly position?: FeedPosition;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly transports?: string[];
}

let commands = 0;

/** Opens a socket as the page does. Rejects with the reason when it is not let in. */
export function openPage(
  panel: Panel,
  session: Session | undefined,
  options: PageOptions = {},
): Promise<Page> {
  const socket = io(panel.url, {
    transports: options.transports ?? ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: {
      origin: panel.url,
      ...(session === undefined ? {} : { cookie: session.cookie }),
      ...options.headers,
    },
    auth: options.auth ?? {
      protocol: PANEL_PROTOCOL,
      csrf: session?.csrf ?? '',
      ...(options.position === undefined ? {} : { position: options.position }),
    },
  });
  const hellos: { readonly resumed: boolean }[] = [];
  const snapshots: Snapshot[] = [];
  const deltas: FeedDelta[] = [];
  const overviews: Overview[] = [];
  const waiting = new Set<() => void>();
  // The client knows no types of ours: what is pushed here is what the server, typed against the contracts, sent.
  const keep =
    <T>(list: T[]) =>
    (value: T, took?: () => void): void => {
      list.push(value);
      took?.();
      for (const look of waiting) look();
    };
  socket.on('hello', keep(hellos));
  socket.on('snapshot', keep(snapshots));
  socket.on('delta', keep(deltas));
  socket.on('overview', keep(overviews));
  const page: Page = {
    socket,
    hellos,
    snapshots,
    deltas,
    overviews,
    until: (check) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!check()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    command: async (verb, reason, id = `command-${(commands += 1)}`) =>
      (await socket.emitWithAck('control', { id, verb, reason })) as PanelReceipt, // as above
    close: () => void socket.disconnect(),
  };
  return new Promise((resolve, reject) => {
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(error);
    });
    socket.once('hello', () => void page.until(() => overviews.length > 0).then(() => resolve(page)));
  });
}
