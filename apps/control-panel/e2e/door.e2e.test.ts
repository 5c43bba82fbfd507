import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PANEL_PROTOCOL } from '@vivarium/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Panel } from '../src/create-panel.ts';
import {
  ask,
  comeIn,
  createLiveHome,
  entry,
  openPage,
  tokenOf,
  type Asking,
  type LiveHome,
  type Session,
} from './live-panel.ts';

let home: LiveHome;
let panel: Panel;
let session: Session;
beforeAll(async () => {
  home = createLiveHome();
  panel = await home.panel();
  session = await comeIn(panel);
});
afterAll(() => home.remove());

const get = (path: string, asking: Asking = {}) => ask(panel.url, path, asking);
const withSession = (headers: Readonly<Record<string, string>> = {}): Asking => ({
  headers: { cookie: session.cookie, ...headers },
});
const enterWith = (changes: {
  headers?: Record<string, string>;
  without?: string[];
  body?: string;
  token?: string;
}) => {
  const asking = entry(panel.url, changes.token ?? tokenOf(panel));
  const headers = Object.fromEntries(
    Object.entries({ ...asking.headers, ...changes.headers }).filter(
      ([name]) => !changes.without?.includes(name),
    ),
  );
  return get('/api/session', {
    ...asking,
    headers,
    ...(changes.body === undefined ? {} : { body: changes.body }),
  });
};

describe('S8: the door of the panel', () => {
  it('an address alone opens nothing, and says what does', async () => {
    const answer = await get('/');
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toContain('text/html');
    expect(answer.body).toContain('This panel opens with its link');
  });

  it('the door itself is open, and the link leads to it', async () => {
    expect(new URL(panel.link).pathname).toBe('/open');
    expect((await get('/open')).status).toBe(200);
  });

  it('the token becomes a cookie that scripts and other sites cannot use', async () => {
    const answer = await enterWith({});
    expect(answer.status).toBe(204);
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      new RegExp(
        `^vivarium_panel_${new URL(panel.url).port}=[0-9a-f]{32}\\.[0-9a-f]{64}; HttpOnly; SameSite=Strict; Path=/$`,
      ),
    );
  });

  it('a session opens the page', async () => {
    const answer = await get('/', withSession());
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('<div id="root">');
  });

  it('every answer carries the headers that keep a browser in bounds, and data is never stored', async () => {
    expect(
      (await get(/\/assets\/[^"]+\.js/.exec((await get('/', withSession())).body)?.[0] ?? '')).headers[
        'cache-control'
      ],
    ).toContain('immutable');
    for (const path of ['/', '/open', '/api/session', '/api/task?id=x', '/nothing', '/favicon.svg']) {
      const { headers } = await get(path, withSession());
      const policy = Object.fromEntries(
        (headers['content-security-policy'] ?? '')
          .toString()
          .split(';')
          .map((part) => [part.trim().split(' ')[0], part.trim().split(' ').slice(1).join(' ')]),
      );
      expect(policy, path).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self' data:",
        'connect-src': "'self'",
        'font-src': "'self'",
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
        'require-trusted-types-for': "'script'",
        'trusted-types': "'none'",
      });
      expect(headers, path).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'x-frame-options': 'DENY',
        'cache-control': 'no-store',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('a wrong token opens nothing', async () => {
    const answer = await enterWith({ token: 'f'.repeat(64) });
    expect(answer.status).toBe(401);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it.each([
    ['no header of our own', { without: ['x-vivarium-panel'] }],
    ['no Sec-Fetch-Site', { without: ['sec-fetch-site'] }],
    ['another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['another server of this machine', { headers: { 'sec-fetch-site': 'same-site' } }],
    ['a foreign Origin', { headers: { origin: 'http://evil.example' } }],
    ['a foreign Host', { headers: { host: 'evil.example' } }],
    ['a Host that was made to point here', { headers: { host: '127.0.0.1.evil.example' } }],
    [
      'a foreign Host with a forged forward',
      { headers: { host: 'evil.example', 'x-forwarded-host': '127.0.0.1', 'x-forwarded-for': '127.0.0.1' } },
    ],
  ])('refuses the right token from a request with %s', async (_name, changes) => {
    const answer = await enterWith(changes);
    expect(answer.status).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('takes JSON only, and little of it', async () => {
    expect(
      (
        await enterWith({
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: `token=${tokenOf(panel)}`,
        })
      ).status,
    ).toBe(415);
    expect((await enterWith({ headers: { 'content-type': 'text/plain' } })).status).toBe(400);
    expect((await enterWith({ body: '{"token": ' })).status).toBe(400);
    expect((await enterWith({ body: JSON.stringify({ token: 'x', more: 1 }) })).status).toBe(400);
    expect((await enterWith({ body: JSON.stringify({ token: 'x'.repeat(20_000) }) })).status).toBe(413);
  });

  it.each([
    '/api/session',
    '/api/task?id=a',
    `/api/results/${'0'.repeat(64)}`,
    '/api/line?generation=x&from=0',
  ])('gives %s to sessions only', async (path) => {
    expect((await get(path)).status).toBe(401);
    expect((await get(path, { headers: { cookie: `${session.cookie}0` } })).status).toBe(401);
    expect((await get(path, withSession({ host: 'evil.example' }))).status).toBe(403);
    expect((await get(path, withSession({ origin: 'http://evil.example' }))).status).toBe(403);
    expect((await get(path, withSession({ 'sec-fetch-site': 'cross-site' }))).status).toBe(403);
  });

  it.each([
    '/assets/../main.js',
    '/assets/..%2f..%2fmain.js',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets//etc/passwd',
    '/assets/..\\..\\main.js',
    '/..%2f..%2frun/panel.token',
    '/run/panel.token',
    '/index.html',
    '/open.html',
    '/api/results/../../run/panel.token',
    '/api/results/..%2f..%2f..%2frun%2fpanel.token',
    '/assets/',
    '/assets',
  ])('no path leads out of the page: %s', async (path) => {
    const answer = await get(path, withSession());
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('root');
  });

  it('answers nothing but GET elsewhere', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await get('/api/session', {
        method,
        headers: { cookie: session.cookie, 'x-vivarium-panel': '1', 'sec-fetch-site': 'same-origin' },
      });
      expect(answer.status, method).toBe(404);
      expect(answer.headers['access-control-allow-methods']).toBeUndefined();
    }
  });

  it('listens on the loopback address alone', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter((each) => !each.internal && each.family === 'IPv4');
    for (const { address } of others) {
      const outcome = await new Promise((resolve) => {
        const socket = connect({ host: address, port: Number(new URL(panel.url).port), timeout: 2_000 });
        socket.once('connect', () => (socket.destroy(), resolve('connected')));
        socket.once('error', () => resolve('refused'));
        socket.once('timeout', () => (socket.destroy(), resolve('refused')));
      });
      expect(outcome, address).toBe('refused');
    }
  });

  it('S6: no answer holds the token, the key or anybody’s session', async () => {
    const secrets = [
      tokenOf(panel),
      home.machine.files.readText(home.layout.panelToken) ?? 'none',
      keyIn(home),
      session.cookie.split('=')[1] ?? 'none',
    ];
    const bodies = await Promise.all(
      ['/', '/open', '/api/session', '/api/task?id=x', '/nothing', '/api/line?generation=1&from=0'].map(
        (path) => get(path, withSession()),
      ),
    );
    const page = await openPage(panel, session);
    await page.command('pause', null);
    await page.command('resume', null);
    await page.until(() => page.overviews.length > 3);
    page.close();
    const everything = JSON.stringify([
      bodies.map(({ body, headers }) => ({ body, headers })),
      page.hellos,
      page.snapshots,
      page.deltas,
      page.overviews,
    ]);
    for (const secret of secrets) expect(everything).not.toContain(secret);
  });

  it('S6: what opens the panel is readable by its owner alone', () => {
    for (const path of [home.layout.panelToken, home.layout.panelKey])
      expect(statSync(path).mode & 0o077, path).toBe(0);
  });
});

describe('S8: the socket', () => {
  const refused = async (...args: Parameters<typeof openPage>): Promise<string> => {
    try {
      (await openPage(...args)).close();
      return 'let in';
    } catch (error) {
      return error instanceof Error ? error.message : 'refused';
    }
  };

  it('is there for a page of this panel with a session', async () => {
    expect(await refused(panel, session)).toBe('let in');
  });

  it.each([
    ['without a session', undefined, {}],
    ['with a foreign Origin', 'session', { headers: { origin: 'http://evil.example' } }],
    [
      'with the Origin of another server of this machine',
      'session',
      { headers: { origin: 'http://127.0.0.1:1' } },
    ],
    ['with a foreign Host', 'session', { headers: { host: 'evil.example', origin: 'http://evil.example' } }],
    ['caused by another site', 'session', { headers: { 'sec-fetch-site': 'cross-site' } }],
    ['without the proof of our page', 'session', { auth: { protocol: PANEL_PROTOCOL, csrf: '' } }],
    [
      'with a proof that was made up',
      'session',
      { auth: { protocol: PANEL_PROTOCOL, csrf: '0'.repeat(64) } },
    ],
    ['of another protocol', 'session', { auth: { protocol: PANEL_PROTOCOL + 1, csrf: 'session' } }],
    ['by polling', 'session', { transports: ['polling'] }],
  ])('is refused %s', async (_name, who, options) => {
    const auth =
      'auth' in options && options.auth.csrf === 'session'
        ? { ...options.auth, csrf: session.csrf }
        : undefined;
    expect(
      await refused(panel, who === undefined ? undefined : session, {
        ...options,
        ...(auth === undefined ? {} : { auth }),
      }),
    ).not.toBe('let in');
  });

  it('is refused without an Origin', async () => {
    const { hostname, port } = new URL(panel.url);
    const status = await new Promise((resolve) => {
      const upgrade = httpRequest({
        hostname,
        port,
        path: '/socket.io/?EIO=4&transport=websocket',
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64'),
          cookie: session.cookie,
        },
      });
      upgrade.once('response', (response) => resolve(response.statusCode));
      upgrade.once('upgrade', (_response, socket) => (socket.destroy(), resolve('let in')));
      upgrade.once('error', () => resolve('refused'));
      upgrade.end();
    });
    expect(status).toBe(400);
  });

  it('P5: what is no command or no question changes nothing', async () => {
    const page = await openPage(panel, session);
    for (const nonsense of [
      null,
      'halt',
      { verb: 'halt' },
      { id: 'command-x', verb: 'destroy', reason: null },
      { id: 'x', verb: 'halt', reason: null },
      { id: 'command-x', verb: 'halt', reason: 'r'.repeat(2_000) },
    ]) {
      expect(await page.socket.emitWithAck('control', nonsense)).toMatchObject({ kind: 'refused', id: null });
    }
    page.socket.emit('control', { id: 'command-no-answer', verb: 'halt', reason: null });
    page.socket.emit('range', { log: 'nothing' });
    page.socket.emit('unheard of', 1);
    expect(await page.command('resume', null)).toMatchObject({
      kind: 'unchanged',
      state: { kind: 'running' },
    });
    page.close();
    expect(home.machine.files.stat(home.layout.halt)).toBeUndefined();
  });
});

describe('the built page', () => {
  it('holds no inline script or style, and asks no other origin for anything', () => {
    const built = fileURLToPath(new URL('../dist/web', import.meta.url));
    const files = readdirSync(built, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(html|css)$/.test(name),
    );
    expect(files.length).toBeGreaterThanOrEqual(4);
    for (const name of files) {
      const text = home.machine.files.readText(join(built, name)) ?? '';
      expect(text, name).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
      expect(text.replaceAll('http://www.w3.org/', ''), name).not.toMatch(/https?:\/\//);
    }
  });
});

const keyIn = ({ machine, layout }: LiveHome): string =>
  /[0-9a-f]{64}/.exec(machine.files.readText(layout.panelKey) ?? '')?.[0] ?? 'none';
