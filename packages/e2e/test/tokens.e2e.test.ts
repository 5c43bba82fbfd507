/**
 * Grind for those who bring a token: a second door beside loopback, with TLS, and what it refuses to be. Here that door is on 127.0.0.1 too: the tests of what may be
 * bound where need nothing bound.
 */
import { createServer } from 'node:net';
import { request } from 'node:https';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GrindReply, MeReply } from '@vivarium/contracts';
import { launchGrind, type FailedGrind, type GrindProcess } from './grind-process.ts';
import { createHome, type Home } from './orchestrator-process.ts';
import { startSimulator, type SimulatorProcess } from './simulator-process.ts';

interface Pem {
  readonly cert: string;
  readonly private: string;
}
let own: Pem;
let other: Pem;
let simulator: SimulatorProcess;
beforeAll(async () => {
  const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
  const make = async (): Promise<Pem> =>
    generate([{ name: 'commonName', value: 'vivarium.test' }], {
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames }],
    });
  [own, other, simulator] = await Promise.all([make(), make(), startSimulator('--latency-ms', '1')]);
  return () => simulator.stop();
});

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function homeWithCertificate(): Home {
  const home = createHome();
  ends.push(() => home.remove());
  home.write('cert.pem', own.cert);
  home.write('key.pem', own.private);
  home.write('other.pem', other.private);
  return home;
}
async function tokenOf(home: Home, name: string, budget = '0.01', ...more: string[]): Promise<string> {
  const { code, out, err } = await home.cli(['token', 'create', name, '--budget', budget, ...more]);
  expect([code, err]).toEqual([0, expect.stringContaining('shown this once')]);
  return out.trim();
}
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
async function launch(home: Home, env: Record<string, string>): Promise<GrindProcess | FailedGrind> {
  const args = ['--home', home.path, '--port', '0', '--simulator', simulator.url];
  const grind = await launchGrind(args, { env });
  if ('url' in grind) ends.push(() => (grind.kill('SIGTERM'), grind.ended));
  return grind;
}
const withTls = (home: Home, port: number): Record<string, string> => ({
  VIVARIUM_LISTEN: `127.0.0.1:${port}`,
  VIVARIUM_TLS_CERT: home.at('cert.pem'),
  VIVARIUM_TLS_KEY: home.at('key.pem'),
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
/** Trusts the certificate of the home and nothing else. */
const ask = (port: number, path: string, token?: string, body?: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const method = body === undefined ? 'GET' : 'POST';
    const asking = request(
      { host: '127.0.0.1', port, path, method, headers, ca: own.cert, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }),
        );
      },
    );
    asking.on('error', reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });

describe('tokens', () => {
  it('M1, S6, S8: a token asks over TLS within its budget, is nobody the moment it is revoked, and stands nowhere', async () => {
    const home = homeWithCertificate();
    const alice = await tokenOf(home, 'alice');
    const bob = await tokenOf(home, 'bob', '0.000001');
    const port = await freePort();
    const grind = await launch(home, withTls(home, port));
    if (!('url' in grind)) throw new Error(grind.said);

    const { status, body } = await ask(port, '/grind', alice, {
      prompt: 'Name three trees.',
      task_id: 'trees',
    });
    expect(status).toBe(200);
    const { cost_nano_usd } = GrindReply.parse(body);
    expect(cost_nano_usd).toBeGreaterThan(0);
    expect(MeReply.parse((await ask(port, '/me', alice)).body)).toMatchObject({
      user: 'alice',
      settled_nano_usd: cost_nano_usd,
      left_nano_usd: 10_000_000 - cost_nano_usd,
      tasks: [{ task_id: 'trees' }],
    });
    expect(await ask(port, '/grind', bob, { prompt: 'Name three trees.' })).toMatchObject({
      status: 402,
      body: { error: { reason: 'principal_budget' } },
    });
    expect((await ask(port, '/healthz')).status).toBe(401);
    expect((await ask(port, '/books', alice)).status).toBe(403);

    const listed = JSON.parse((await home.cli(['token', 'list', '--json'])).out) as { tokens: unknown[] };
    expect(listed.tokens).toMatchObject([
      { name: 'alice', simulated: { spent_nano_usd: cost_nano_usd }, real: { spent_nano_usd: 0 } },
      { name: 'bob', simulated: { spent_nano_usd: 0 } },
    ]);
    expect((await home.cli(['token', 'revoke', 'alice', '--reason', 'left us'])).code).toBe(0);
    expect(await ask(port, '/me', alice)).toMatchObject({ status: 401 });
    expect((await home.cli(['token', 'list'])).out).toMatch(/alice .*revoked .*: left us/);

    // Whoever is on this machine needs none, as before; and a certificate is not spoken to in plain text.
    expect(((await (await fetch(`${grind.url}/me`)).json()) as { user: string }).user).toBe('admin');
    await expect(fetch(`http://127.0.0.1:${port}/me`)).rejects.toThrow('fetch failed');
    await expect(fetch(`https://127.0.0.1:${port}/me`)).rejects.toThrow('fetch failed');
    const written = [
      'tokens.json',
      'logs/action_log.jsonl',
      'logs/api_audit.log',
      'logs/safety_audit.log',
      'run/grind.json',
    ];
    for (const name of written) expect(home.read(name), name).not.toBe('');
    for (const name of written)
      for (const token of [alice, bob]) expect(home.read(name), name).not.toContain(token.slice(4));
    expect(grind.said()).not.toContain('viv_');
  });

  it('more requests than a token may make in a minute wait, and the record says so', async () => {
    const home = homeWithCertificate();
    const alice = await tokenOf(home, 'alice', '1', '--rate', '2');
    const port = await freePort();
    await launch(home, withTls(home, port));
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await ask(port, '/grind', alice, { prompt: 'x' })).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect(home.read('logs', 'api_audit.log')).toMatch(
      /"event":"RATE_LIMITED","user":"alice","role":"lan","model":/,
    );
  });

  it('`start` says where else its grind listens, and for whom', async () => {
    const home = homeWithCertificate();
    await tokenOf(home, 'alice');
    const port = await freePort();
    home.write('.env', `VIVARIUM_LISTEN=127.0.0.1:${port}\n`);
    await home.cli(['add', 'one', 'grind', '--prompt', 'Name one tree.']);
    const { code, out } = await home.cli(['start', '1']);
    expect([code, out]).toEqual([0, expect.stringContaining(`with a token also http://127.0.0.1:${port}`)]);
  });

  it.each<[string, (home: Home, port: number) => Record<string, string>, string]>([
    [
      'unencrypted beyond loopback',
      (_, port) => ({ VIVARIUM_LISTEN: `0.0.0.0:${port}` }),
      'would pass the network unencrypted',
    ],
    [
      'a certificate that is not there',
      (home, port) => ({ ...withTls(home, port), VIVARIUM_TLS_CERT: home.at('gone.pem') }),
      'VIVARIUM_TLS_CERT: there is no',
    ],
    [
      'the key of another certificate',
      (home, port) => ({ ...withTls(home, port), VIVARIUM_TLS_KEY: home.at('other.pem') }),
      'VIVARIUM_TLS_CERT and VIVARIUM_TLS_KEY: ',
    ],
    [
      'a file that is no certificate',
      (home, port) => ({ ...withTls(home, port), VIVARIUM_TLS_CERT: home.at('queue.json') }),
      'VIVARIUM_TLS_CERT and VIVARIUM_TLS_KEY: ',
    ],
    [
      'an address of another machine',
      (_, port) => ({ VIVARIUM_LISTEN: `192.0.2.1:${port}`, VIVARIUM_UNENCRYPTED: 'allow' }),
      'cannot listen on 192.0.2.1',
    ],
  ])('S8: does not begin with a door that is not as it was asked for: %s', async (_what, env, said) => {
    const home = homeWithCertificate();
    await tokenOf(home, 'alice');
    const grind = await launch(home, env(home, await freePort()));
    expect(grind).toMatchObject({ code: 4, said: expect.stringContaining(said) as unknown });
    expect(home.read('run', 'grind.json')).toBe('');
  });

  it('S8: does not begin with a door that nobody could use', async () => {
    const home = homeWithCertificate();
    const port = await freePort();
    const none = await launch(home, withTls(home, port));
    expect(none).toMatchObject({ code: 4, said: expect.stringContaining('there is no token') as unknown });
    await tokenOf(home, 'alice');
    await home.cli(['token', 'revoke', 'alice', '--reason', 'a test']);
    expect(await launch(home, withTls(home, port))).toMatchObject({ code: 4 });
  });

  it('names, amounts and rates that are none are refused, and nothing is made', async () => {
    const home = homeWithCertificate();
    for (const args of [
      ['Alice', '--budget', '1'],
      ['admin', '--budget', '1'],
      ['alice'],
      ['alice', '--budget', '-1'],
      ['alice', '--budget', 'NaN'],
      ['alice', '--budget', '1', '--rate', '0'],
    ])
      expect((await home.cli(['token', 'create', ...args])).code, args.join(' ')).toBe(2);
    expect((await home.cli(['token', 'revoke', 'nobody', '--reason', 'r'])).code).toBe(2);
    expect((await home.cli(['token', 'revoke', 'nobody'])).code).toBe(2);
    expect(home.read('tokens.json')).toBe('');
  });
});
