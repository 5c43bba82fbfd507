/**
 * R5 by the hundred: texts that are made to become script, through every text the panel shows, in a real Chromium. None may run, none may fetch anything, and each must be
 * shown as the text it is. The payloads are put together here, from the ways a text can break out of where it stands.
 */
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launch } from './browser.ts';
import { openContext, openPanel } from './panel-pages.ts';
import { createPanelHome, startPanel, type PanelHome, type Service } from './panel-process.ts';

const found = await findBrowser();
const T = '2026-11-27T08:00:00.000Z';

/** What would show that it ran, or that it reached out. */
const ACTS = ['owned()', 'fetch(`//steal.test`)', 'parent.owned()', 'top[`owned`]()', 'window[`own`+`ed`]()'];
const BREAKS = [
  '',
  '"',
  "'",
  '">',
  "'>",
  '`',
  '</script>',
  '</style>',
  '</textarea>',
  '</title>',
  '-->',
  ']]>',
  '}}',
  '${',
  '\u2028',
];
const carriers = (act: string): readonly string[] => [
  `<script>${act}</script>`,
  `<ScRiPt>${act}</sCrIpT>`,
  `<img src=x onerror=${act}>`,
  `<svg/onload=${act}>`,
  `<svg><animate onbegin=${act} attributeName=x dur=1s>`,
  `<math><mtext><img src onerror=${act}></mtext></math>`,
  `<iframe srcdoc="<script>${act}</script>">`,
  `<a href="javascript:${act}" autofocus onfocus=${act}>x</a>`,
  `<details open ontoggle=${act}>`,
  `<template><script>${act}</script></template>`,
  `<form action=javascript:${act}><input type=image src onerror=${act}>`,
  `&lt;img src=x onerror=${act}&gt;`,
];
const payloads = [
  ...new Set(
    BREAKS.flatMap((broken) => ACTS.flatMap((act) => carriers(act).map((carrier) => broken + carrier))),
  ),
  'javascript:owned()',
  'data:text/html,<script>owned()</script>',
  '\u001b]8;;javascript:owned()\u0007link\u001b]8;;\u0007',
  '\u202eowned()\u202c',
  '{{constructor.constructor("owned()")()}}',
];

describe.skipIf(found.kind === 'none')('stored script', () => {
  let browser: Browser;
  let context: BrowserContext;
  let home: PanelHome;
  let panel: Service;
  beforeAll(async () => {
    if (found.kind === 'none') return;
    browser = await launch(found);
    context = await openContext(browser);
    home = createPanelHome();
    panel = await startPanel(home);
  });
  afterAll(async () => {
    if (found.kind === 'none') return;
    await browser?.close();
    await panel?.stop();
    home?.remove();
    found.remove();
  });

  it(`R5, S8: of ${payloads.length} texts in ids, prompts, results, errors, reasons, actors, details, models and paths none runs and none reaches out`, async () => {
    expect(payloads.length).toBeGreaterThan(500);
    const { page, complaints } = await openPanel(context, panel.url);
    await page.evaluate(() =>
      Object.assign(window, { ran: 0, owned: () => ((window as unknown as { ran: number }).ran += 1) }),
    ); // what a payload would call
    // An id holds no control characters: those are refused before.
    const idOf = (index: number): string =>
      `t${(payloads[index] ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 60)} ${index}`;
    // Some hundred at a time: as many as a page shows, and all of them opened.
    const SIZE = 150;
    let shown = 0;
    for (let from = 0; from < payloads.length; from += SIZE) {
      const batch = payloads.slice(from, from + SIZE);
      home.setQueue(
        batch.map((prompt, n) => ({
          id: idOf(from + n),
          type: prompt.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 60),
          prompt,
          depends_on: [],
        })),
      );
      for (const [n, payload] of batch.entries()) {
        const task_id = idOf(from + n);
        const worker_id = payload.slice(0, 80);
        home.record.append('execution', {
          task_id,
          worker_id,
          status: 'in_progress',
          timestamp: T,
          started_at: T,
          event: 'task.claimed',
          round: 1,
          attempt: 1,
          run_id: payload,
        });
        home.record.append(
          'execution',
          n % 2 === 0
            ? {
                task_id,
                worker_id,
                status: 'completed',
                timestamp: T,
                completed_at: T,
                event: 'task.completed',
                round: 1,
                attempt: 1,
                model: payload,
                result_summary: payload,
                finish_reason: payload,
                result_sha256: home.record.putResult(payload),
              }
            : {
                task_id,
                worker_id,
                status: 'failed',
                timestamp: T,
                completed_at: T,
                event: 'task.failed',
                round: 1,
                attempt: 1,
                errors: payload,
                error_code: payload,
                model: payload,
              },
        );
        home.record.append('action', {
          timestamp: T,
          actor: payload,
          action_type: 'ERROR',
          action: payload,
          detail: `${payload} in ./src/${payload}.ts`,
          session_id: null,
          metadata: { [payload]: payload },
          task_id,
          worker_id,
        });
      }
      home.machine.files.replace(
        home.layout.halt,
        JSON.stringify({ halted: true, timestamp: T, reason: batch[0], actor: batch[1] }),
      );
      await expect
        .poll(
          async () => {
            await page.evaluate(() => document.querySelector('.tasks .scroller')?.scrollTo(0, 0));
            const ids = await page.locator('.task-row .row-button').allInnerTexts();
            return ids.some((id) => Number(/ (\d+)\s*$/.exec(id)?.[1] ?? -1) >= from);
          },
          { timeout: 15_000 },
        )
        .toBe(true);
      // A list shows the rows in sight: each of its parts comes to sight once, and the first row there is opened.
      for (const list of ['.tasks .scroller', '.log .scroller'])
        for (let part = 0; part < 12; part += 1) {
          const isThere = await page.evaluate(
            async ([selector, share]) => {
              const element = document.querySelector(String(selector));
              if (element === null) return false;
              element.scrollTo(0, (Number(share) * element.scrollHeight) / 12);
              await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
              return true;
            },
            [list, part] as const,
          );
          if (isThere && part === 1 && list.startsWith('.tasks')) {
            const row = page.locator('.task-row .row-button').nth(3);
            await row.click();
            await page.getByLabel('Prompt').first().waitFor();
            // Closed again: a row that is open when its task leaves the queue asks for what is not there any more.
            await page.locator('.task-row .row-button[aria-expanded="true"]').click();
          }
        }
      await page.locator('.log-row').last().click();
      shown += await page.locator('.log-row').count();
    }
    expect(shown).toBeGreaterThan(50);
    expect(await page.evaluate(() => (window as unknown as { ran: number }).ran)).toBe(0);
    expect(
      await page
        .locator(
          '#root :is(script, iframe, object, embed, form[action^="javascript"], a[href^="javascript"], template)',
        )
        .count(),
    ).toBe(0);
    expect(complaints).toEqual([]);
  }, 180_000);
});
