/**
 * A page of somebody else, in a real browser on this machine, tries what a page can: forms, fetches of every mode, sockets, frames, images, and names that it
 * made to point here. Against grind and panel at work: nothing happens to either, and the operator is told.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser } from './browser.ts';
import { grindMain } from './grind-process.ts';
import { createPanelHome, startPanel, type PanelHome, type Service } from './panel-process.ts';
import { startSimulator, type SimulatorProcess } from './simulator-process.ts';

const found = await findBrowser();
const EVIL = 'evil.test';
/** A name that looks like an address, and is none. */
const REBOUND = '127.0.0.1.evil.test';

describe.skipIf(found.kind === 'none')('a hostile page', () => {
  let browser: Browser;
  let home: PanelHome;
  let panel: Service;
  let simulator: SimulatorProcess;
  let grind: ChildProcess;
  let grindUrl: string;
  let evil: Server;

  beforeAll(async () => {
    if (found.kind === 'none') return;
    home = createPanelHome([{ id: 'task-1', prompt: 'A task of mine.' }]);
    panel = await startPanel(home);
    simulator = await startSimulator('--latency-ms', '0');
    grind = fork(grindMain, ['--home', home.layout.root, '--port', '0', '--simulator', simulator.url], {
      env: {},
      execArgv: [],
    });
    grindUrl = await new Promise<string>((resolve) =>
      grind.once('message', (message) => resolve((message as { readonly url: string }).url)),
    );
    evil = createServer((_request, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>evil</title><body></body>'),
    );
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath: found.path,
      headless: true,
      chromiumSandbox: process.getuid?.() !== 0,
      args: [
        '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
        // As a name server of the attacker would do it.
        `--host-resolver-rules=MAP *.test 127.0.0.1`,
      ], // prettier-ignore
      env: { ...process.env, ...found.env } as Record<string, string>, // undefined members are left out by the launcher
    });
  });
  afterAll(async () => {
    if (found.kind === 'none') return;
    await browser?.close();
    grind?.kill('SIGKILL');
    await simulator?.stop();
    await panel?.stop();
    evil?.closeAllConnections();
    evil?.close();
    home?.remove();
    found.remove();
  });

  const portOf = (url: string): string => new URL(url).port;
  const actions = (): string =>
    home.exists('logs/action_log.jsonl') ? home.read('logs/action_log.jsonl') : '';

  it('S8: forms, fetches of every mode, sockets, events, frames and images from elsewhere reach nothing, and are told', async () => {
    const page = await browser.newPage();
    const port = (evil.address() as AddressInfo).port;
    await page.goto(`http://${EVIL}:${port}/`);
    const targets = [grindUrl, new URL(panel.url).origin];
    const got = await page.evaluate(async (bases) => {
      const outcomes: string[] = [];
      const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
        try {
          const answer = await Promise.race([
            work(),
            new Promise((resolve) => setTimeout(() => resolve('silence'), 3_000)),
          ]);
          outcomes.push(`${what}: ${String(answer)}`);
        } catch (error) {
          outcomes.push(`${what}: ${error instanceof Error ? error.name : 'refused'}`);
        }
      };
      const body = JSON.stringify({
        prompt: 'Spend my money.',
        task_id: 'evil',
        max_budget: 1,
        verb: 'halt',
        id: 'evil-command-1',
        reason: 'evil',
      });
      for (const base of bases) {
        for (const path of [
          '/grind',
          '/cancel',
          '/breaker/reset',
          '/books',
          '/healthz',
          '/api/session',
          '/api/task?id=task-1',
          '/socket.io/?EIO=4&transport=polling',
        ])
          for (const mode of ['cors', 'no-cors'] as const)
            for (const type of ['application/json', 'text/plain'] as const)
              for (const method of ['GET', 'POST'] as const)
                await attempt(`${method} ${mode} ${type} ${path}`, async () => {
                  const answer = await fetch(base + path, {
                    method, mode, credentials: 'include',
                    ...(method === 'POST' ? { body, headers: { 'content-type': type } } : {}),
                  }); // prettier-ignore
                  return answer.type === 'opaque' ? 'opaque' : answer.text();
                });
        await attempt('beacon', async () =>
          navigator.sendBeacon(`${base}/grind`, new Blob([body], { type: 'text/plain' })),
        );
        await attempt('socket', () => new Promise((resolve, reject) => {
          const socket = new WebSocket(`${base.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
          socket.onopen = () => resolve('OPEN');
          socket.onerror = () => reject(new Error('refused'));
        })); // prettier-ignore
        await attempt('events', () => new Promise((resolve, reject) => {
          const source = new EventSource(`${base}/healthz`);
          source.onopen = () => resolve('OPEN');
          source.onerror = () => (source.close(), reject(new Error('refused')));
        })); // prettier-ignore
        for (const [tag, attribute] of [['img', 'src'], ['script', 'src'], ['iframe', 'src'], ['object', 'data']] as const)
          await attempt(tag, () => new Promise((resolve) => {
            const element = document.createElement(tag);
            element.addEventListener('error', () => resolve('refused'));
            element.addEventListener('load', () => resolve('loaded'));
            element.setAttribute(attribute, `${base}/healthz`);
            document.body.append(element);
          })); // prettier-ignore
        for (const encoding of ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])
          await attempt(`form ${encoding}`, () => new Promise((resolve) => {
            const frame = document.createElement('iframe');
            frame.name = `frame-${Math.random()}`;
            document.body.append(frame);
            const form = Object.assign(document.createElement('form'), { method: 'post', action: `${base}/grind`, enctype: encoding, target: frame.name });
            form.append(Object.assign(document.createElement('input'), { name: '{"prompt":"Spend my money.","x":"', value: '"}' }));
            document.body.append(form);
            frame.addEventListener('load', () => resolve('answered in its frame'));
            form.submit();
          })); // prettier-ignore
      }
      return outcomes;
    }, targets);
    expect(got.length).toBeGreaterThan(140);
    // What a foreign page may read of an answer: nothing.
    for (const outcome of got) expect(outcome).not.toMatch(/OPEN|csrf|"home"|log_bytes|home_/);
    expect(JSON.stringify(got)).not.toContain('A task of mine');
    await page.close();
    await expect.poll(actions).toContain('stranger.refused');
    const told = actions()
      .split('\n')
      .filter((line) => line.includes('stranger.refused'));
    expect(told.some((line) => line.includes('"actor":"grind"'))).toBe(true);
    expect(told.some((line) => line.includes('"actor":"control-panel"'))).toBe(true);
    expect(told.length).toBeLessThan(60);
  }, 120_000);

  it('S8: a name that was made to point here is refused by both, whatever it looks like', async () => {
    for (const name of [EVIL, REBOUND, `localhost.${EVIL}`])
      for (const [port, path] of [
        [portOf(grindUrl), '/healthz'],
        [portOf(grindUrl), '/books'],
        [portOf(panel.url), '/'],
        [portOf(panel.url), '/api/session'],
      ] as const) {
        const page = await browser.newPage();
        const answer = await page.goto(`http://${name}:${port}${path}`);
        expect({ name, path, status: answer?.status() }).toEqual({ name, path, status: 403 });
        // From here the page is of the same origin as what it asks: only the Host tells that it is none of ours.
        const spent = await page.evaluate(async () => {
          const answers = [];
          for (const target of ['/grind', '/breaker/reset', '/api/session'])
            answers.push(
              (
                await fetch(target, {
                  method: 'POST',
                  headers: { 'content-type': 'application/json', 'x-vivarium-panel': '1' },
                  body: '{"prompt":"Spend.","reason":"x","token":"x"}',
                })
              ).status,
            );
          return answers;
        });
        expect(spent).toEqual([403, 403, 403]);
        await page.close();
      }
    await expect.poll(actions).toContain(REBOUND);
  }, 120_000);

  it('S8: after all that nothing was asked, spent, changed or stopped', () => {
    expect(simulator.output()).not.toContain('Spend');
    expect(home.exists('HALT') || home.exists('PAUSE')).toBe(false);
    expect(home.exists('logs/api_audit.log') ? home.read('logs/api_audit.log') : '').toBe('');
    expect(home.exists('logs/safety_audit.log') ? home.read('logs/safety_audit.log') : '').toBe('');
    expect(home.read('queue.json')).toContain('A task of mine.');
    expect(actions()).not.toContain('Spend my money');
  });
});
