/**
 * S6 on real processes: a provider that is not what it says echoes the key in everything it answers, tasks hold other keys, and the environment is full of them.
 * Afterwards none of them is in any file of the home, in anything that was said or answered, or in the environment of any process but grind.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createHome, taskNamed, until, type Home } from './orchestrator-process.ts';

/** None of these was ever issued. The first has no shape that anybody could know. */
const SHAPELESS = 'n0-sHape:at/all+0123456789=planted';
const GROQ = ['gsk', 'Pl4ntedPl4ntedPl4ntedPl4ntedPl4ntedPl4nted'].join('_');
const OTHERS = [
  ['ghp', 'Pl4ntedPl4ntedPl4ntedPl4ntedPl4nted01'].join('_'),
  ['AKIA', 'PLANTEDPLANTED01'].join(''),
];

const homes: Home[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const home of homes.splice(0)) await home.remove();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Speaks the wire format, and puts the key it was sent, and others, wherever a text can stand. */
async function hostileProvider(): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const key = String(request.headers.authorization).replace('Bearer ', '');
      asked.push(body);
      const text = `your key is ${key}, in Base64 ${Buffer.from(key).toString('base64')}, in an address ${encodeURIComponent(key)}; others are ${OTHERS.join(' and ')}`;
      const headers = { 'content-type': 'application/json', 'x-request-id': key, 'x-note': text };
      if (body.includes('fail')) {
        response.writeHead(400, headers);
        response.end(
          JSON.stringify({ error: { message: text, type: key, code: key, failed_generation: text } }),
        );
        return;
      }
      response.writeHead(200, headers);
      response.end(
        JSON.stringify({
          id: key,
          object: 'chat.completion',
          created: 1,
          model: 'llama-3.1-8b-instant',
          choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: key }],
          usage: { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 },
          x_groq: { id: key },
        }),
      );
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/openai/v1/chat/completions`,
    asked,
  };
}

const formsOf = (secret: string): readonly string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
];
function expectNowhere(
  home: Home,
  secrets: readonly string[],
  said: readonly string[],
  except: readonly string[] = [],
): void {
  const forms = secrets.flatMap(formsOf);
  const files = readdirSync(home.path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(home.at(name)).isFile(),
  );
  expect(files.length).toBeGreaterThan(6);
  for (const name of files) {
    if (except.includes(name)) continue;
    const text = readFileSync(home.at(name), 'latin1');
    for (const form of forms) expect({ name, holds: text.includes(form) }).toEqual({ name, holds: false });
    for (const form of forms) expect(name).not.toContain(form);
  }
  for (const text of said) for (const form of forms) expect(text).not.toContain(form);
}

describe('secrets', () => {
  it.each([
    ['of a known shape', GROQ],
    ['of no shape', SHAPELESS],
  ])(
    'S6: a key %s that the provider echoes everywhere is in no file, no answer, no error and no other process',
    async (_what, key) => {
      const provider = await hostileProvider();
      const home = createHome([taskNamed('good'), taskNamed('bad', { prompt: 'fail, please' })]);
      homes.push(home);
      const env = {
        GROQ_API_KEY: key,
        GROQ_API_URL: provider.url,
        MY_OTHER_SECRET: key,
        VIVARIUM_NOTE: `it is ${key}`,
      };
      const run = home.launch(['up', '1'], { env });
      await until(
        async () => {
          const { completed, failed } = await home.status();
          return completed === 1 && failed === 1;
        },
        40_000,
        'both ends',
      );
      expect(provider.asked).toHaveLength(2);
      const said: string[] = [];
      const { url } = JSON.parse(home.read('run/grind.json')) as { url: string };
      for (const path of ['/healthz', '/models', '/nothing'])
        said.push(JSON.stringify(await (await fetch(url + path)).json()));
      for (const prompt of ['Write a line.', 'fail now', `use ${OTHERS.join(' ')}`]) {
        const answer = await fetch(`${url}/grind`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ prompt, max_budget: 0.01 }),
        });
        said.push(await answer.text(), JSON.stringify([...answer.headers]));
      }
      await until(() => home.read('run/panel.json') !== '', 20_000, 'the panel');
      const panel = JSON.parse(home.read('run/panel.json')) as { url: string };
      for (const path of ['/', '/api/session', '/api/task?id=good'])
        said.push(await (await fetch(new URL(path, panel.url))).text());
      for (const pid of home.processes().map((line) => line.split(' ')[0] ?? '')) {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (words.includes('/grind/') || words.includes('/orchestrator/')) continue;
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
        expect({ words, holds: environment.includes(key) }).toEqual({ words, holds: false });
      }
      for (const words of [
        ['status', '--all'],
        ['show', 'good'],
        ['show', 'good', '--output'],
        ['show', 'bad'],
        ['logs', '-n', '500'],
        ['audit', 'verify'],
      ])
        said.push(...Object.values(await home.cli(words, { env })).map(String));
      run.child.kill('SIGINT');
      const ended = await run.ended;
      said.push(ended.out, ended.err);
      expectNowhere(home, [key, ...OTHERS], said);
      // The answer is there, without them.
      const good = (await home.cli(['show', 'good', '--output'])).out;
      expect(good).toMatch(
        /^your key is \[secret removed\], in Base64 \[secret removed\]=*, in an address \[secret removed\]; others are \[secret removed\] and \[secret removed\]/,
      );
    },
  );

  it('S6: a run warns, and records, when others could read the key or change the home', async () => {
    const home = createHome([taskNamed('a')]);
    homes.push(home);
    home.write('.env', 'WORKER_TIMEOUT_SECONDS=60\n');
    chmodSync(home.at('.env'), 0o644);
    const open = await home.cli(['start', '1']);
    expect(open.out + open.err).toContain(`chmod 600 ${home.at('.env')}`);
    expect(home.read('logs/action_log.jsonl')).toContain('"event":"home.open-to-others"');
    chmodSync(home.at('.env'), 0o600);
    home.queue([taskNamed('b')]);
    const closed = await home.cli(['start', '1']);
    expect(closed.out + closed.err).not.toContain('chmod');
  });

  it('S6: a task that holds a secret is refused when it is added, imported and run; it is named, never repeated, and goes nowhere', async () => {
    const home = createHome([
      taskNamed('by-hand', { prompt: `Log in with ${GROQ} and look around.` }),
      taskNamed('clean'),
    ]);
    homes.push(home);
    const said: string[] = [];
    const added = await home.cli(['add', 'x', 'grind', '--prompt', `use ${GROQ}`]);
    expect(added).toMatchObject({
      code: 1,
      err: expect.stringContaining('the task holds a Groq key; take it out') as unknown,
    });
    const imported = await home.cli(['add', '--file', '-'], {
      input: `${JSON.stringify({ id: 'y', prompt: `use ${OTHERS[0]}` })}\n`,
    });
    expect(imported.out + imported.err).toContain('a GitHub token');
    const run = await home.cli(['start', '1']);
    expect(await home.status()).toMatchObject({ completed: 1, refused: 1 });
    said.push(
      added.err,
      imported.out,
      imported.err,
      run.out,
      run.err,
      (await home.cli(['show', 'by-hand'])).out,
      (await home.cli(['status', '--all'])).out,
    );
    expect(said.join('')).toContain('secret-in-text');
    // Where a person put it by hand it stays: that file is theirs.
    expectNowhere(home, [GROQ, ...OTHERS], said, ['queue.json']);
    expect(existsSync(join(home.path, 'queue.json'))).toBe(true);
  });
});
