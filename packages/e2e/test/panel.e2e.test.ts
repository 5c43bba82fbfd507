/** The control panel as somebody uses it: the built server, the built page, a real browser, and workers that really work. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { panelLink } from '@vivarium/contracts';
import { createSealer } from '@vivarium/home';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findBrowser, launch } from './browser.ts';
import { ask, isUp, launchGrind } from './grind-process.ts';
import { contrast, logTexts, openContext, openPanel } from './panel-pages.ts';
import { startSimulator } from './simulator-process.ts';
import { createPanelHome, startPanel, startWork, type PanelHome, type Service } from './panel-process.ts';

const found = await findBrowser();
if (found.kind === 'none')
  process.stderr.write(`\nThe control panel is NOT tested in a browser: ${found.reason}\n\n`);

/** Where to keep pictures of the page, for people to look at; none are kept unless this is set. */
const pictures = process.env['VIVARIUM_PICTURES'];
const picture = async (page: Page, name: string): Promise<void> => {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
};

describe.skipIf(found.kind === 'none')('the control panel in a browser', () => {
  let browser: Browser;
  let home: PanelHome;
  let panel: Service;
  let context: BrowserContext;
  const address = (): string => new URL('/', panel.url).href;

  beforeAll(async () => {
    if (found.kind === 'found') browser = await launch(found);
  });
  afterAll(async () => {
    await browser.close();
    if (found.kind === 'found') found.remove();
  });
  beforeEach(async () => {
    home = createPanelHome();
    panel = await startPanel(home);
    context = await openContext(browser);
  });
  afterEach(async () => {
    await context.close();
    await panel.stop('SIGKILL');
    home.remove();
  });

  const T = '2026-11-23T10:00:00.000Z';
  const act = (detail: string, type: 'TOOL' | 'ERROR' = 'TOOL', actor = 'w1'): void =>
    home.record.act({ actor, action_type: type, action: 'said', detail });
  const claim = (task_id: string): void =>
    home.record.append('execution', {
      task_id,
      worker_id: 'worker_1',
      status: 'in_progress',
      timestamp: T,
      started_at: T,
      event: 'task.claimed',
      round: 1,
      attempt: 1,
    });
  const complete = (task_id: string, result: string): void =>
    home.record.append('execution', {
      task_id,
      worker_id: 'worker_1',
      status: 'completed',
      timestamp: T,
      completed_at: T,
      event: 'task.completed',
      round: 1,
      attempt: 1,
      model: 'model-billed',
      result_sha256: home.record.putResult(result),
    });
  const statusOf = (page: Page, id: string) =>
    page.locator('.task-row', { has: page.getByText(id, { exact: true }) }).locator('.c-status');

  it('opens by its link without a complaint of the browser, and the token does not stay in the address', async () => {
    const { page, complaints } = await openPanel(context, panel.url);
    await page.getByText('Nothing is queued yet').waitFor();
    await page.getByText('Nothing started').waitFor();
    expect(page.url()).toBe(address());
    await page.goBack().catch(() => undefined);
    expect(page.url()).not.toContain('token=');
    expect(complaints).toEqual([]);
    await picture(page, 'empty');
  });

  it('S8: without its link shows a door that says what to do, with 401', async () => {
    const page = await context.newPage();
    expect((await page.goto(address()))?.status()).toBe(401);
    expect(await page.getByRole('heading').innerText()).toBe('This panel opens with its link');
    await page.getByText('orchestrator panel').waitFor();
    await page.goto(panelLink(new URL(panel.url).origin, 'f'.repeat(64)));
    await page.getByText('This link no longer opens').waitFor();
    await page.goto(panel.url);
    await page.getByText('Nothing is queued yet').waitFor();
  });

  it('says that a circuit breaker is open, why, and until when; and no more once it was reset', async () => {
    const simulator = await startSimulator(
      '--latency-ms', '1', '--faults', JSON.stringify([{ fault: { kind: 'status', status: 500 }, times: 5 }]),
    ); // prettier-ignore
    const grind = await launchGrind([
      '--home',
      home.layout.root,
      '--port',
      '0',
      '--simulator',
      simulator.url,
    ]);
    if (!isUp(grind)) throw new Error(grind.said);
    try {
      const { page, complaints } = await openPanel(context, panel.url);
      await Promise.all([1, 2].map(() => ask(`${grind.url}/grind`, { prompt: 'Anybody there?' })));
      const notice = page.getByText('The circuit of llama-3.1-8b-instant at simulator is');
      await notice.waitFor();
      const text = (await page.locator('.notices li', { has: notice }).innerText()).replaceAll(/\s+/g, ' ');
      expect(text).toMatch(
        /is (open|half-open)\. Consecutive failure threshold exceeded: 5 failures\. Its tasks wait; one call is let through after \d\d:\d\d:\d\d\./,
      );
      await picture(page, 'breaker');
      await page.getByRole('button', { name: 'Reset…' }).click();
      const sheet = page.getByRole('dialog', { name: 'Reset the circuit breaker?' });
      await sheet.getByText('orchestrator breaker reset llama-3.1-8b-instant --reason').waitFor();
      const button = sheet.getByRole('button', { name: 'Reset breaker' });
      expect(await button.isDisabled()).toBe(true);
      await sheet.getByLabel('Reason').fill('it is well again');
      await picture(page, 'breaker-reset');
      await button.click();
      await page
        .getByText('Reset breaker: closed for llama-3.1-8b-instant; calls go through again')
        .waitFor();
      await notice.waitFor({ state: 'detached' });
      const audit = readFileSync(home.layout.log('apiAudit'), 'utf8');
      expect(audit).toMatch(/"event":"breaker\.reset","user":"operator".*it is well again/);
      expect(complaints).toEqual([]);
    } finally {
      grind.kill('SIGTERM');
      await grind.ended;
      await simulator.stop();
    }
  });

  it('shows tasks as they are added and what becomes of them, with their results', async () => {
    const { page, complaints } = await openPanel(context, panel.url);
    home.setQueue([
      { id: 'first', prompt: 'Say hello.' },
      { id: 'second', prompt: 'Say it again.', depends_on: ['first'] },
    ]);
    await expect.poll(() => statusOf(page, 'first').innerText()).toContain('queued');
    await expect.poll(() => statusOf(page, 'second').innerText()).toContain('blocked');
    claim('first');
    await expect.poll(() => statusOf(page, 'first').innerText()).toContain('in progress');
    complete('first', 'Hello, whole result.');
    await expect.poll(() => statusOf(page, 'first').innerText()).toContain('completed');
    await expect.poll(() => statusOf(page, 'second').innerText()).toContain('queued');
    await page.getByRole('button', { name: 'first' }).click();
    await page.getByLabel('Result', { exact: true }).getByText('Hello, whole result.').waitFor();
    await page.getByLabel('Prompt').getByText('Say hello.').waitFor();
    await page.getByText('claimed').first().waitFor();
    expect(complaints).toEqual([]);
  });

  it('Q8: shows a line when it is whole, and a fragment as what it is', async () => {
    const { page } = await openPanel(context, panel.url);
    act('before');
    await page.getByText('before').waitFor();
    const whole = `${JSON.stringify({ timestamp: T, actor: 'w1', action_type: 'TOOL', action: 'said', detail: 'in two halves' })}\n`;
    home.appendRaw('action', whole.slice(0, 50));
    await page.waitForTimeout(600);
    expect((await logTexts(page)).join()).not.toContain('halves');
    home.appendRaw('action', whole.slice(50));
    await page.getByText('in two halves').waitFor();
    home.appendRaw('action', '{"timestamp":"2026-11-23T10:0\n');
    await page.getByText(/^unreadable line, bytes/).waitFor();
    await page.getByText(/1 line of the record could not be read/).waitFor();
    expect((await logTexts(page)).filter((text) => text.includes('halves'))).toHaveLength(1);
  });

  it('R5: whatever a model, a person or a worker wrote stays text', async () => {
    const { page, complaints } = await openPanel(context, panel.url);
    await page.evaluate(() =>
      Object.assign(window, { owned: 0, own: () => ((window as unknown as { owned: number }).owned += 1) }),
    ); // what a payload would call
    const payloads = [
      '<img src=x onerror=own()>',
      '<script>own()</script>',
      '"><svg onload=own()>',
      'javascript:own()//\'"',
      '<iframe srcdoc="<script>parent.own()</script>">',
      '{{constructor.constructor("own()")()}}',
      '</pre><a href=javascript:own()>x</a>',
    ];
    home.setQueue(
      payloads.map((prompt, index) => ({ id: `${prompt.slice(0, 90)} ${index}`, type: prompt, prompt })),
    );
    for (const [index, payload] of payloads.entries()) {
      const id = `${payload.slice(0, 90)} ${index}`;
      claim(id);
      complete(id, payload);
      act(payload, 'ERROR', payload);
    }
    await expect.poll(() => page.locator('.task-row').count()).toBe(payloads.length);
    for (let index = 0; index < payloads.length; index += 1) {
      const button = page.locator('.task-row .row-button').nth(index);
      await button.click();
      await expect
        .poll(() => page.getByLabel('Result', { exact: true }).first().innerText())
        .toBe(payloads[index]);
      await page
        .locator('.log-row', { hasText: payloads[index] ?? '' })
        .first()
        .click();
      await button.click();
    }
    expect(await page.evaluate(() => (window as unknown as { owned: number }).owned)).toBe(0);
    expect(await page.locator('#root :is(script, iframe, a[href^="javascript"])').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('finds tasks by status and words, and lines by several types and words', async () => {
    home.setQueue([
      { id: 'poem', prompt: 'Write a haiku.' },
      { id: 'sums', prompt: 'Add numbers.' },
    ]);
    claim('sums');
    act('a quiet line');
    act('a loud line', 'ERROR');
    const { page } = await openPanel(context, panel.url);
    await page.getByRole('button', { name: /in progress 1/ }).click();
    await expect.poll(() => page.locator('.task-id').allInnerTexts()).toEqual(['sums']);
    await page.getByRole('button', { name: /in progress 1/ }).click();
    await page.getByLabel('Filter tasks by text').fill('haiku');
    await expect.poll(() => page.locator('.task-id').allInnerTexts()).toEqual(['poem']);
    await page.getByRole('button', { name: 'ERROR', exact: true }).click();
    await expect.poll(() => logTexts(page)).toEqual(['said a loud line']);
    await page.getByRole('button', { name: 'TOOL', exact: true }).click();
    await page.getByLabel('Search the action log').fill('quiet');
    await expect.poll(() => logTexts(page)).toEqual(['said a quiet line']);
  });

  it('does not move the line somebody reads, counts the new ones, and loads older ones on demand', async () => {
    for (let index = 0; index < 700; index += 1) act(`line ${index}`);
    const { page } = await openPanel(context, panel.url);
    await page.getByText('said line 699', { exact: true }).waitFor();
    const list = page.locator('.log .scroller');
    await list.hover();
    await page.mouse.wheel(0, -1_000);
    await page.getByRole('button', { name: /Follow the end/ }).waitFor();
    const placeOf = async (text: string) => (await page.getByText(text, { exact: true }).boundingBox())?.y;
    const read = (await logTexts(page))[12] ?? '';
    const before = await placeOf(read);
    for (let index = 700; index < 730; index += 1) act(`line ${index}`);
    await page.getByRole('button', { name: /30 new lines, follow/ }).waitFor();
    expect(await placeOf(read)).toBe(before);
    await list.evaluate((element) => element.scrollTo(0, 0));
    await page.getByRole('button', { name: /Older lines/ }).click();
    await expect.poll(async () => (await page.locator('.log-gap').count()) === 0).toBe(true);
    await list.evaluate((element) => element.scrollTo(0, 0));
    await page.getByText('said line 0', { exact: true }).waitFor();
    await page.getByRole('button', { name: /follow/i }).click();
    await page.getByText('said line 729', { exact: true }).waitFor();
  });

  it('pauses, resumes and halts work that really runs, and tells what was asked from what is in effect', async () => {
    home.setQueue(
      Array.from({ length: 60 }, (_, index) => ({ id: `t${index}`, prompt: `Name ${index + 1} trees.` })),
    );
    const work = await startWork(home, { workers: 2, concurrency: 2, latencyMs: 400 });
    try {
      const { page, complaints } = await openPanel(context, panel.url);
      await page.getByText('Running 2/2').waitFor();
      await page.getByText('Flowing').waitFor();
      // The first call of a grind goes ahead alone: a pause that came at once would find only that one settled.
      const settled = () => home.read('logs/api_audit.log').split('"API_CALL_SUCCESS"').length - 1;
      await expect.poll(settled).toBeGreaterThan(3);
      await page.locator('.simulated').getByText('Simulated').waitFor();
      await picture(page, 'light');

      await page.getByRole('button', { name: 'Pause…' }).click();
      await page.getByText(/which will finish/).waitFor();
      await page.getByLabel(/Reason/).fill('a day break');
      await page.getByRole('button', { name: 'Pause', exact: true }).click();
      await page.getByText(/Receipt .* Pause: running → paused/).waitFor();
      expect(JSON.parse(home.read('PAUSE'))).toMatchObject({
        paused: true,
        reason: 'a day break',
        actor: 'operator',
      });
      await page.getByText('2 of 2', { exact: true }).waitFor();
      await page.getByText('each', { exact: true }).click();
      await expect
        .poll(() => page.locator('.strip-each li').allInnerTexts())
        .toEqual([
          expect.stringMatching(/^worker_\S+ after \d+ ms$/),
          expect.stringMatching(/^worker_\S+ after \d+ ms$/),
        ]);
      await picture(page, 'each-worker');

      // What was spent, line by line: each stands in the file at the byte it names, and together they are the figure.
      await page.getByText(/in ten minutes: at that pace the cap lasts/).waitFor();
      const figure = page.locator('.money-parts [data-part=settled] button');
      const spent = await figure.innerText();
      await figure.click();
      const behind = page.getByRole('dialog', { name: /^Spent/ });
      await behind.getByText(`${spent} together`).waitFor();
      const rows = await behind.locator('tbody tr').allInnerTexts();
      expect(rows.length).toBeGreaterThan(1);
      const audit = readFileSync(home.layout.log('apiAudit'));
      for (const row of rows) {
        const [byte = '', , task = ''] = row.split('\t');
        expect(audit.subarray(Number(byte)).toString().split('\n')[0]).toMatch(
          new RegExp(`"event":"API_CALL_SUCCESS".*"task_id":"${task}"`),
        );
      }
      await picture(page, 'money-lines');
      await behind.getByRole('button', { name: 'Close' }).click();
      await page.getByText(/^after \d+\.\d s$/).waitFor();
      expect(await page.locator('.cell[data-cell=running] .figure').innerText()).toBe('Paused');
      const claims = () => home.read('logs/execution_log.jsonl').split('"task.claimed"').length;
      const atPause = claims();
      await page.waitForTimeout(1_000);
      expect(claims()).toBe(atPause);

      await page.getByRole('button', { name: 'Resume…' }).click();
      await page.getByRole('button', { name: 'Resume', exact: true }).click();
      await page.getByText('Running 2/2').waitFor();
      expect(home.exists('PAUSE')).toBe(false);
      await expect.poll(claims).toBeGreaterThan(atPause);

      await page.getByRole('button', { name: 'Halt…' }).click();
      await picture(page, 'halt-sheet');
      await page.getByLabel(/Reason/).fill('smoke');
      const hold = page.getByRole('button', { name: 'Hold to halt' });
      // A click is not a hold.
      await hold.click();
      expect(home.exists('HALT')).toBe(false);
      await hold.hover();
      await page.mouse.down();
      await page.getByText('Keep holding…').waitFor();
      await page.getByText(/Receipt .* Halt: running → halted/).waitFor();
      await page.mouse.up();
      await page.getByText(/^after \d+\.\d s$/).waitFor();
      expect(await page.locator('.cell[data-cell=running] .figure').innerText()).toBe('Halted');
      expect(JSON.parse(home.read('HALT'))).toMatchObject({ halted: true, reason: 'smoke' });
      await picture(page, 'halted');

      await page.getByRole('button', { name: 'Clear halt…' }).click();
      expect(await page.getByRole('button', { name: 'Clear halt', exact: true }).isDisabled()).toBe(true);
      await page.getByLabel(/Reason/).fill('it was toast');
      await page.getByLabel(/Reason/).press('Enter');
      await page.getByText('Running 2/2').waitFor();
      expect(home.exists('HALT')).toBe(false);

      await page.getByRole('button', { name: 'Hold…' }).click();
      await page.getByText('go on, and their calls wait', { exact: false }).waitFor();
      await page.getByRole('button', { name: 'Hold', exact: true }).click();
      await page.getByText(/Receipt .* Hold: running → hold/).waitFor();
      await page.getByText('On hold', { exact: true }).first().waitFor();
      expect(home.exists('control/hold')).toBe(true);
      await picture(page, 'hold');
      await page.getByRole('button', { name: 'Drain…' }).click();
      await page.getByRole('button', { name: 'Drain', exact: true }).click();
      await page.getByText(/Receipt .* Drain: hold → draining/).waitFor();
      await expect.poll(() => home.exists('control/hold')).toBe(false);
      expect(complaints).toEqual([]);
    } finally {
      await work.stop();
    }
  });

  it('S5: says up to when the record is verified, and where it was broken', async () => {
    const sealer = createSealer({ ...home, record: home.record, keyring: undefined });
    for (const id of ['a', 'b', 'c']) claim(id);
    await sealer.pass();
    const { page } = await openPanel(context, panel.url);
    await page.getByText(/verified up to \d\d:\d\d:\d\d/).waitFor();
    await panel.stop();
    const path = home.layout.log('execution');
    home.machine.files.replace(path, home.read('logs/execution_log.jsonl').replace('"b"', '"z"'));
    panel = await startPanel(home);
    const { page: anew } = await openPanel(context, panel.url);
    await anew.getByText('BROKEN').waitFor();
    await anew.getByText('The record is not what it was when it was sealed.').waitFor();
    await anew.getByText('logs/execution_log.jsonl, record 2, byte', { exact: false }).waitFor();
    await picture(anew, 'broken');
  });

  it('comes back by itself after its panel was killed and started anew: nothing lost, nothing twice', async () => {
    for (let index = 0; index < 5; index += 1) act(`line ${index}`);
    home.setQueue([{ id: 'a', prompt: 'p' }]);
    const { page } = await openPanel(context, panel.url);
    await page.getByText('said line 4', { exact: true }).waitFor();
    await page.evaluate(() => Object.assign(window, { notReloaded: true }));
    const port = Number(new URL(panel.url).port);
    await panel.stop('SIGKILL');
    await page.getByText('The panel does not answer.').waitFor();
    await expect.poll(() => page.locator('.app').getAttribute('data-freshness')).toBe('stale');
    for (let index = 5; index < 12; index += 1) act(`line ${index}`);
    claim('a');
    panel = await startPanel(home, port);
    await page.getByText('said line 11', { exact: true }).waitFor();
    await expect.poll(() => statusOf(page, 'a').innerText()).toContain('in progress');
    expect((await logTexts(page)).filter((text) => text.startsWith('said line'))).toEqual(
      Array.from({ length: 12 }, (_, index) => `said line ${index}`),
    );
    expect(await page.evaluate(() => 'notReloaded' in window)).toBe(true);
    await expect.poll(() => page.locator('.app').getAttribute('data-freshness')).toBe('live');
  });

  it('D6: after a panel was stopped properly its sessions are over; a page left open goes on when the new link is opened', async () => {
    act('line 0');
    const { page } = await openPanel(context, panel.url);
    await page.getByText('said line 0', { exact: true }).waitFor();
    const port = Number(new URL(panel.url).port);
    await panel.stop();
    panel = await startPanel(home, port);
    act('line 1');
    await page.getByText('The panel was started anew.').waitFor();
    expect((await logTexts(page)).join()).not.toContain('line 1');
    const other = await context.newPage();
    await other.goto(panel.url);
    await page.getByText('said line 1', { exact: true }).waitFor();
    expect((await logTexts(page)).filter((text) => text === 'said line 0')).toHaveLength(1);
  });

  it('says that it is late when its panel hangs', async () => {
    const { page } = await openPanel(context, panel.url);
    await page.getByText('Nothing started').waitFor();
    panel.child.kill('SIGSTOP');
    await expect
      .poll(() => page.locator('.app').getAttribute('data-freshness'), { timeout: 7_000 })
      .toBe('late');
    panel.child.kill('SIGCONT');
    await expect.poll(() => page.locator('.app').getAttribute('data-freshness')).toBe('live');
  });

  it('is worked by keyboard alone', async () => {
    home.setQueue(Array.from({ length: 80 }, (_, index) => ({ id: `t${index}`, prompt: 'p' })));
    const { page } = await openPanel(context, panel.url);
    await page.getByText('t0', { exact: true }).waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    const tabTo = async (what: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        if (what.test(await focused())) return;
      }
      throw new Error(`no way to ${what.source} by Tab`);
    };
    await page.keyboard.press('Tab');
    expect(await focused()).toContain('Skip to the tasks');
    await tabTo(/^t0$/);
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('t1');
    await page.keyboard.press('End');
    await expect.poll(focused).toBe('t79');
    await page.keyboard.press('Enter');
    await page.getByLabel('Prompt').waitFor();
    await page.keyboard.press('Home');
    await expect.poll(focused).toBe('t0');
    await page.keyboard.press('Shift+Tab');
    expect(await focused()).not.toBe('t1');

    await page.getByRole('button', { name: 'Halt…' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.type('by keyboard');
    await tabTo(/Hold to halt/);
    await page.keyboard.down('Enter');
    await page.waitForTimeout(1_200);
    await page.keyboard.up('Enter');
    await page.getByText(/Receipt .* Halt/).waitFor();
    expect(home.read('HALT')).toContain('by keyboard');
    expect(await page.locator('dialog').count()).toBe(0);
  });

  it('fits 360 pixels, in the dark too, without scrolling sideways', async () => {
    home.setQueue(
      Array.from({ length: 20 }, (_, index) => ({
        id: `a task with a rather long name number ${index}`,
        prompt: 'p',
      })),
    );
    act('x'.repeat(300));
    await openPanel(context, panel.url);
    for (const colorScheme of ['light', 'dark'] as const) {
      const phone = await openContext(browser, {
        viewport: { width: 360, height: 740 },
        colorScheme,
        hasTouch: true,
        isMobile: true,
        storageState: await context.storageState(),
      });
      const { page, complaints } = await openPanel(phone, address());
      for (const tab of ['Tasks', 'Action log']) {
        await page.getByRole('navigation').getByText(tab).tap();
        await page
          .locator(tab === 'Tasks' ? '.task-row' : '.log-row')
          .first()
          .tap();
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
        await picture(page, `phone-${colorScheme}-${tab === 'Tasks' ? 'tasks' : 'log'}`);
      }
      await page.getByRole('button', { name: 'Halt…' }).tap();
      const box = await page.getByRole('button', { name: 'Hold to halt' }).boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(44);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      expect(complaints).toEqual([]);
      await phone.close();
    }
  });

  it('text stands out from its ground in both themes, by WCAG', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const themed = await openContext(browser, { colorScheme });
      const { page } = await openPanel(themed, panel.url);
      await page.getByText('Nothing started').waitFor();
      const tokens = await page.evaluate(() => {
        const style = getComputedStyle(document.documentElement);
        const names = [
          'paper',
          'surface',
          'sunken',
          'hover',
          'ink',
          'ink-2',
          'ink-3',
          'accent',
          'good',
          'quiet',
          'attention',
          'bad',
          'blue',
          'teal',
          'violet',
          'lilac',
          'orange',
          'olive',
          'plum',
          'slate',
        ];
        return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
      });
      const { paper, surface, sunken, hover, ...inks } = tokens;
      for (const [name, ink] of Object.entries(inks)) {
        for (const ground of [paper, surface, sunken, hover])
          expect(
            contrast(ink, ground ?? ''),
            `${colorScheme}: ${name} ${ink} on ${ground}`,
          ).toBeGreaterThanOrEqual(4.5);
      }
      expect(contrast(tokens['ink'] ?? '', surface ?? '')).toBeGreaterThanOrEqual(7);
      await themed.close();
      await panel.stop();
      panel = await startPanel(home);
    }
  });

  it('moves nothing for whoever asked for stillness', async () => {
    const still = await openContext(browser, { reducedMotion: 'reduce' });
    const { page } = await openPanel(still, panel.url);
    await page.getByText('Nothing started').waitFor();
    act('something new');
    await page.getByText('something new').waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.getByRole('button', { name: 'Halt…' }).click();
    await page.getByRole('button', { name: 'Hold to halt' }).hover();
    await page.mouse.down();
    await page.getByText('Keep holding…').waitFor();
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    await page.mouse.up();
    await still.close();
  });

  it('a broken queue.json is named with its place, and the tasks stay', async () => {
    home.setQueue([{ id: 'kept', prompt: 'p' }]);
    const { page } = await openPanel(context, panel.url);
    await page.getByText('kept', { exact: true }).waitFor();
    home.machine.files.replace(home.layout.queue, '{"tasks": [\n  {"id": }\n]}');
    await page.getByText('queue.json cannot be read.').waitFor();
    await page.getByText(/queue\.json:2:/).waitFor();
    await page.getByText('kept', { exact: true }).waitFor();
  });
});
