/** The process of the control panel: how it starts, what it says, and that it never outlives whoever started it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ServiceMessage } from '@vivarium/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPanelHome, panelMain, startPanel, type PanelHome } from './panel-process.ts';

let home: PanelHome;
beforeEach(() => {
  home = createPanelHome();
});
afterEach(() => home.remove());

const env = { PATH: process.env['PATH'] ?? '' };
const run = (...args: string[]) =>
  spawnSync(process.execPath, [panelMain, ...args], { env, encoding: 'utf8', timeout: 20_000 });
const linkIn = (text: string): string | undefined =>
  /http:\/\/127\.0\.0\.1:\d+\/open#token=[0-9a-f]{64}/.exec(text)?.[0];
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the process of the control panel', () => {
  it('by hand prints one line with its link, and leaves at Ctrl-C without a trace', async () => {
    const child = spawn(process.execPath, [panelMain, '--home', home.layout.root, '--port', '0'], { env });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await expect.poll(() => linkIn(said), { timeout: 15_000 }).toBeDefined();
    expect(said.trim().split('\n')).toHaveLength(1);
    expect((await fetch(new URL('/', linkIn(said)))).status).toBe(401);
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    for (const name of ['run/panel.json', 'run/panel.token', 'run/panel.key'])
      expect(home.exists(name), name).toBe(false);
  });

  it('S5: says that what is kept outside the home cannot be read, and how far the record is verified then', async () => {
    const keys = `${home.layout.root}-keys`;
    mkdirSync(keys);
    writeFileSync(join(keys, 'seal.key'), 'no key');
    const child = spawn(process.execPath, [panelMain, '--home', home.layout.root, '--port', '0'], {
      env: { ...env, VIVARIUM_SEAL_DIR: keys },
    });
    try {
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
      await expect.poll(() => said).toMatch(/verified only as far as it vouches for itself: .*seal\.key/);
    } finally {
      child.kill('SIGINT');
      await once(child, 'exit');
      rmSync(keys, { recursive: true });
    }
  });

  it('leaves when whoever forked it is killed', async () => {
    const script = `const child = require('node:child_process').fork(${JSON.stringify(panelMain)}, ['--home', ${JSON.stringify(home.layout.root)}, '--port', '0']);
      child.on('message', (message) => console.log(JSON.stringify(message)));`;
    const parent = spawn(process.execPath, ['-e', script], { env });
    let said = '';
    parent.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await expect.poll(() => said.includes('\n'), { timeout: 15_000 }).toBe(true);
    const ready = ServiceMessage.parse(JSON.parse(said));
    if (ready.kind !== 'ready') throw new Error(said);
    expect(isAlive(ready.pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(ready.pid), { timeout: 10_000 }).toBe(false);
    expect(home.exists('run/panel.json')).toBe(false);
  });

  it('takes another port when its own is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const panel = await startPanel(home, port);
    expect(new URL(panel.url).port).not.toBe(String(port));
    await panel.stop();
    taken.close();
  });

  it('P6: a second one says where the first is, and ends with 4', async () => {
    const panel = await startPanel(home);
    const second = run('--home', home.layout.root);
    expect(second.status).toBe(4);
    expect(second.stderr).toContain(`already running at ${new URL(panel.url).origin}`);
    expect(second.stderr).not.toContain('token');
    await panel.stop();
  });

  it('says what is wrong with its flags and its home', () => {
    expect(run('--port', 'x')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--port x') as string,
    });
    expect(run('--home', `${home.layout.root}/nowhere`)).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('home_missing') as string,
    });
    expect(run('--help')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--home DIR') as string,
    });
  });
});
