import { appendFileSync } from 'node:fs';
import { homeIdOf, type ActionRow, type FeedDelta, type FeedPosition } from '@vivarium/contracts';
import { runFiles } from '@vivarium/home';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Panel } from '../src/create-panel.ts';
import { comeIn, createLiveHome, openPage, type LiveHome, type Page, type Session } from './live-panel.ts';

let home: LiveHome;
let panel: Panel;
let session: Session;
beforeEach(async () => {
  home = createLiveHome();
  home.setQueue({ id: 'a', prompt: 'do a' }, { id: 'b', prompt: 'do b', depends_on: ['a'] });
  act('the first line');
  claim('seen before');
  panel = await home.panel();
  session = await comeIn(panel);
});
afterEach(() => home.remove());

const T = '2026-11-23T10:00:00.000Z';
const act = (detail: string): void =>
  home.record.act({ actor: 'w1', action_type: 'TOOL', action: 'said', detail });
const claim = (task_id: string): void =>
  home.record.append('execution', {
    task_id,
    worker_id: 'w1',
    status: 'in_progress',
    timestamp: T,
    started_at: T,
    event: 'task.claimed',
    round: 1,
    attempt: 1,
    event_id: `claim ${task_id}`,
  });
const complete = (task_id: string): void =>
  home.record.append('execution', {
    task_id,
    worker_id: 'w1',
    status: 'completed',
    timestamp: T,
    completed_at: T,
    event: 'task.completed',
    round: 1,
    attempt: 1,
    event_id: `end ${task_id}`,
  });

const textOf = (row: ActionRow): string => (row.kind === 'line' ? row.detail : row.kind);
const told = (page: Page): readonly string[] => [
  ...(page.snapshots.at(-1)?.actions ?? []).map(textOf),
  ...page.deltas.flatMap((delta) => (delta.log === 'action' ? delta.rows.map(textOf) : [])),
];
const saidLines = (page: Page): readonly string[] => told(page).filter((text) => text.startsWith('line '));
const endOf = (page: Page): FeedPosition => {
  const start = page.snapshots.at(-1)?.position;
  if (start === undefined) throw new Error('no snapshot');
  return page.deltas.reduce<FeedPosition>(
    (position, delta) => ({ ...position, [delta.log]: delta.to }),
    start,
  );
};
const isJoined = (deltas: readonly FeedDelta[], from: FeedPosition): boolean => {
  const at: Record<string, unknown> = { ...from };
  return deltas.every((delta) => {
    const fits = at[delta.log] === delta.from;
    at[delta.log] = delta.to;
    return fits;
  });
};

describe('the live feed', () => {
  it('P3: tells hello, a snapshot, and then what changes, without gap or overlap', async () => {
    const page = await openPage(panel, session);
    expect(page.hellos).toMatchObject([{ resumed: false, home: homeIdOf(home.layout.root) }]);
    expect(page.snapshots[0]?.tasks.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'a queued',
      'b blocked',
    ]);
    expect(told(page)).toContain('the first line');
    claim('a');
    act('line 1');
    act('line 2');
    complete('a');
    await page.until(
      () =>
        saidLines(page).length === 2 &&
        page.deltas.some(
          (delta) =>
            delta.log === 'execution' &&
            delta.tasks.some(({ id, status }) => id === 'b' && status === 'queued'),
        ),
    );
    expect(saidLines(page)).toEqual(['line 1', 'line 2']);
    expect(isJoined(page.deltas, page.snapshots[0]?.position ?? endOf(page))).toBe(true);
    page.close();
  });

  it('Q8: half a line is not told; the whole of it is, once', async () => {
    const page = await openPage(panel, session);
    const whole = `${JSON.stringify({ timestamp: T, actor: 'w1', action_type: 'TOOL', action: 'said', detail: 'line in two halves' })}\n`;
    appendFileSync(home.layout.log('action'), whole.slice(0, 60));
    await page.until(() => page.overviews.length > 2);
    expect(saidLines(page)).toEqual([]);
    appendFileSync(home.layout.log('action'), whole.slice(60));
    await page.until(() => saidLines(page).length > 0);
    act('line after it');
    await page.until(() => saidLines(page).length > 1);
    expect(saidLines(page)).toEqual(['line in two halves', 'line after it']);
    page.close();
  });

  it('P3: a page that comes back is told what it missed, and nothing twice', async () => {
    const first = await openPage(panel, session);
    act('line 1');
    await first.until(() => saidLines(first).length === 1);
    const there = endOf(first);
    first.close();
    for (let index = 2; index <= 40; index += 1) act(`line ${index}`);
    complete('seen before');
    const second = await openPage(panel, session, { position: there });
    expect(second.hellos[0]?.resumed).toBe(true);
    act('line 41');
    await second.until(() => saidLines(second).length === 40);
    expect(second.snapshots).toEqual([]);
    expect(saidLines(second)).toEqual(Array.from({ length: 40 }, (_, index) => `line ${index + 2}`));
    expect(isJoined(second.deltas, there)).toBe(true);
    second.close();
  });

  it('P3: the same from a panel that was started anew', async () => {
    const first = await openPage(panel, session);
    act('line 1');
    await first.until(() => saidLines(first).length === 1);
    const there = endOf(first);
    first.close();
    await panel.stop();
    act('line 2');
    const next = await home.panel();
    const second = await openPage(next, await comeIn(next), { position: there });
    expect(second.hellos[0]?.resumed).toBe(true);
    await second.until(() => saidLines(second).length === 1);
    expect(saidLines(second)).toEqual(['line 2']);
    second.close();
  });

  it('P3: a log that was replaced while a page looked on gives it a snapshot', async () => {
    const page = await openPage(panel, session);
    home.machine.files.remove(home.layout.log('execution'));
    claim('a');
    await page.until(() => page.snapshots.length > 1);
    expect(page.snapshots.at(-1)?.tasks[0]).toMatchObject({ id: 'a', status: 'in_progress' });
    expect(page.snapshots.at(-1)?.position.generation).not.toBe(page.snapshots[0]?.position.generation);
    page.close();
  });

  it('a position that cannot be is answered with a snapshot', async () => {
    const page = await openPage(panel, session);
    const there = endOf(page);
    for (const position of [
      { ...there, action: there.action + 1 },
      { ...there, generation: 'x' },
      { ...there, queue: 'x' },
    ]) {
      const other = await openPage(panel, session, { position });
      expect(other.hellos[0]?.resumed).toBe(false);
      expect(other.snapshots).toHaveLength(1);
      other.close();
    }
    page.close();
  });

  it('P4: a page that does not read is left out, and finds by the overview and a range what it missed', async () => {
    const page = await openPage(panel, session);
    // Answers nothing it is told: to the server it has read nothing.
    const lazy = await openPage(panel, session);
    lazy.socket.off('delta');
    const received: FeedDelta[] = [];
    lazy.socket.on('delta', (delta: FeedDelta) => received.push(delta));
    for (let index = 0; index < 60; index += 1) {
      act(`line ${index}`);
      await page.until(() => saidLines(page).length === index + 1);
    }
    expect(saidLines(page)).toHaveLength(60);
    const got = received.flatMap((delta) => (delta.log === 'action' ? delta.rows.map(textOf) : []));
    expect(got.length).toBeLessThan(45);
    const from = received.at(-1)?.to;
    const { generation, action } = endOf(page);
    const answer: unknown = await lazy.socket.emitWithAck('range', {
      log: 'action',
      generation,
      from,
      to: action,
    });
    const missed = (answer as { readonly delta: Extract<FeedDelta, { log: 'action' }> }).delta.rows.map(
      textOf,
    ); // typed by the server
    expect([...got, ...missed]).toEqual(saidLines(page));
    page.close();
    lazy.close();
  });

  it('twenty frames a second at most, whatever is written', async () => {
    const page = await openPage(panel, session);
    const start = performance.now();
    let written = 0;
    while (performance.now() - start < 1_000) {
      act(`line ${(written += 1)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await page.until(() =>
      page.deltas.some(
        (each) => each.log === 'action' && each.rows.some((row) => textOf(row) === `line ${written}`),
      ),
    );
    const seconds = (performance.now() - start) / 1_000;
    expect(page.deltas.filter(({ log }) => log === 'action').length).toBeLessThanOrEqual(20 * seconds + 2);
    page.close();
  });
});

describe('the buttons', () => {
  it('a command gets a receipt, then the state it caused; the state of the whole home is the same', async () => {
    const page = await openPage(panel, session);
    const receipt = await page.command('pause', 'lunch');
    expect(receipt).toMatchObject({
      kind: 'changed',
      before: { kind: 'running' },
      after: { kind: 'paused', reason: 'lunch' },
    });
    expect(home.machine.files.stat(home.layout.pause)).toBeDefined();
    await page.until(() => page.overviews.at(-1)?.control.kind === 'paused');
    expect(page.overviews.at(-1)?.verdict.running).toMatchObject({
      kind: 'paused',
      detail: 'lunch · by operator',
    });
    expect(await page.command('halt', 'smoke')).toMatchObject({ kind: 'changed', after: { kind: 'halted' } });
    expect(await page.command('resume', 'mended')).toMatchObject({ kind: 'needs_clear_halt' });
    expect(await page.command('clear-halt', null)).toMatchObject({ kind: 'needs_reason' });
    expect(await page.command('clear-halt', 'mended')).toMatchObject({
      kind: 'changed',
      after: { kind: 'running' },
    });
    expect(home.machine.files.stat(home.layout.halt)).toBeUndefined();
    page.close();
  });

  it('P1: the same command twice, also over another socket, acts once', async () => {
    const page = await openPage(panel, session);
    const first = await page.command('pause', null, 'command-twice');
    await page.command('resume', null);
    const other = await openPage(panel, session);
    expect(await other.command('pause', null, 'command-twice')).toEqual(first);
    await other.until(() => other.overviews.at(-1)?.control.kind === 'running');
    page.close();
    other.close();
  });

  it('what somebody does elsewhere shows here', async () => {
    const page = await openPage(panel, session);
    home.machine.files.append(home.layout.halt, '');
    await page.until(() => page.overviews.at(-1)?.control.kind === 'halted');
    expect(page.overviews.at(-1)?.control).toMatchObject({
      reason: 'HALT file exists',
      actor: null,
      since: null,
    });
    page.close();
  });
});

describe('one panel for a home', () => {
  it('P6: a second is refused and told where the first is', async () => {
    await expect(home.panel()).rejects.toMatchObject({
      code: 'panel_running',
      message: expect.stringContaining(panel.url) as string,
    });
    const page = await openPage(panel, session);
    page.close();
  });

  it('stops without leaving anything behind, however often it is told to', async () => {
    const page = await openPage(panel, session);
    const closed = new Promise((resolve) => page.socket.once('disconnect', resolve));
    await Promise.all([panel.stop(), panel.stop()]);
    await closed;
    const { files } = home.machine;
    for (const path of [home.layout.panel, home.layout.panelToken, home.layout.panelKey])
      expect(files.stat(path), path).toBeUndefined();
    expect(runFiles(home.layout, home.machine).livePanel()).toBeUndefined();
    await expect(fetch(panel.url)).rejects.toThrow('fetch failed');
  });
});
