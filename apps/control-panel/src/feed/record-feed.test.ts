import {
  homeIdOf,
  homeLayout,
  PANEL_PAGE_LINES,
  type FeedDelta,
  type NewTask,
  type RecordStore,
} from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createQueueReader } from './queue-reader.ts';
import { createRecordFeed, type RecordFeed } from './record-feed.ts';

const layout = homeLayout('/home');
const T = '2026-11-23T10:00:00.000Z';
let machine: ReturnType<typeof createMemoryMachine>;
let record: RecordStore;

beforeEach(() => {
  machine = createMemoryMachine();
  initHome(layout, machine.files);
  record = createRecordStore({ layout, home: homeIdOf('/home'), machine });
});
const setQueue = (...tasks: NewTask[]): void =>
  machine.files.replace(layout.queue, JSON.stringify({ version: '1.0', tasks }));
const task = (id: string, ...depends_on: string[]): NewTask => ({ id, prompt: `do ${id}`, depends_on });
const claim = (task_id: string, attempt = 1): void =>
  record.append('execution', {
    task_id,
    worker_id: 'w1',
    status: 'in_progress',
    timestamp: T,
    started_at: T,
    event: 'task.claimed',
    round: 1,
    attempt,
    run_id: 'r1',
  });
const complete = (task_id: string, attempt = 1): void =>
  record.append('execution', {
    task_id,
    worker_id: 'w1',
    status: 'completed',
    timestamp: '2026-11-23T10:00:02.000Z',
    completed_at: T,
    event: 'task.completed',
    round: 1,
    attempt,
    run_id: 'r1',
    model: 'm-billed',
    requested_model: 'm-asked',
  });
const hold = (task_id: string): void =>
  record.append('apiAudit', {
    timestamp: T,
    event: 'call.held',
    user: 'admin',
    role: 'admin',
    model: 'm',
    held: 1,
    held_nano_usd: 900,
    input_token_bound: 1,
    max_completion_tokens: 1,
    call_id: `c-${task_id}`,
    task_id,
    round: 1,
    simulated: true,
  });
const settle = (task_id: string): void =>
  record.append('apiAudit', {
    timestamp: T,
    event: 'API_CALL_SUCCESS',
    user: 'admin',
    role: 'admin',
    model: 'm',
    cost: 1,
    cost_nano_usd: 400,
    input_tokens: 7,
    output_tokens: 5,
    call_id: `c-${task_id}`,
    task_id,
    round: 1,
    simulated: true,
  });
const act = (detail: string): void =>
  record.act({ actor: 'w1', action_type: 'SYSTEM', action: 'said', detail });

const feedOf = (): RecordFeed =>
  createRecordFeed({ record, queue: createQueueReader(layout, machine.files, machine.clock, record) });
const deltasOf = (feed: RecordFeed): readonly FeedDelta[] => {
  const seen = feed.look();
  if (seen.kind === 'anew') throw new Error('the feed began anew');
  return seen.deltas;
};
const row = (feed: RecordFeed, id: string) => feed.board.row(id);

describe('the feed of the record', () => {
  it('B1: a row is what the folds say: state, model, tokens, money', () => {
    setQueue(task('a'));
    claim('a');
    hold('a');
    const feed = feedOf();
    expect(row(feed, 'a')).toMatchObject({
      status: 'in_progress',
      attempt: 1,
      worker_id: 'w1',
      held_nano_usd: 900,
      cost_nano_usd: 0,
      simulated: true,
    });
    settle('a');
    complete('a');
    deltasOf(feed);
    expect(row(feed, 'a')).toMatchObject({
      status: 'completed',
      requested_model: 'm-asked',
      model: 'm-billed',
      input_tokens: 7,
      output_tokens: 5,
      cost_nano_usd: 400,
      held_nano_usd: 0,
    });
  });

  it('B4: deltas of each log join without gap or overlap', () => {
    setQueue(task('a'), task('b'));
    claim('a');
    act('first');
    const feed = feedOf();
    let { execution, action } = feed.position();
    for (const step of [
      () => complete('a'),
      () => claim('b'),
      () => act('second'),
      () => (act('third'), act('fourth')),
      () => complete('b'),
    ]) {
      step();
      for (const delta of deltasOf(feed)) {
        if (delta.log === 'execution') {
          expect(delta.from).toBe(execution);
          execution = delta.to;
        }
        if (delta.log === 'action') {
          expect(delta.from).toBe(action);
          expect(delta.rows.every((each) => each.from >= delta.from && each.to <= delta.to)).toBe(true);
          action = delta.to;
        }
      }
    }
    expect(feed.position()).toMatchObject({ execution, action });
    expect(deltasOf(feed)).toEqual([]);
  });

  it('Q8: half a line is told when it is whole, and then once', () => {
    act('before');
    const feed = feedOf();
    const whole = JSON.stringify({
      timestamp: T,
      actor: 'w1',
      action_type: 'TOOL',
      action: 'wrote',
      detail: 'grüße 🌱',
    });
    const bytes = whole.length - 4;
    machine.files.append(layout.log('action'), whole.slice(0, bytes));
    expect(deltasOf(feed)).toEqual([]);
    machine.files.append(layout.log('action'), `${whole.slice(bytes)}\n`);
    expect(deltasOf(feed)).toMatchObject([{ log: 'action', rows: [{ kind: 'line', detail: 'grüße 🌱' }] }]);
    expect(deltasOf(feed)).toEqual([]);
  });

  it('Q8: what cannot be read is a row of its own, and so is JSON that is no action', () => {
    act('before');
    const feed = feedOf();
    machine.files.append(layout.log('action'), 'no json at all\n{"timestamp":"yesterday"}\n');
    act('after');
    const [delta] = deltasOf(feed);
    expect(delta?.log === 'action' && delta.rows.map(({ kind }) => kind)).toEqual([
      'unreadable',
      'unreadable',
      'line',
    ]);
    expect(feed.unreadable().action).toBe(2);
  });

  it('B2: a dependency that completes changes the rows that wait for it', () => {
    setQueue(task('a'), task('b', 'a'), task('c'));
    claim('a');
    const feed = feedOf();
    expect(row(feed, 'b')).toMatchObject({ status: 'blocked', waits_for: ['a'] });
    complete('a');
    const [delta] = deltasOf(feed);
    expect(delta?.log === 'execution' && delta.tasks.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'a completed',
      'b queued',
    ]);
  });

  it('counts agree with the rows after any of it', () => {
    setQueue(task('a'), task('b', 'a'), task('c'));
    const feed = feedOf();
    for (const step of [
      () => claim('a'),
      () => complete('a'),
      () => claim('b'),
      () => setQueue(task('b'), task('d')),
    ]) {
      step();
      feed.look();
      const rows = feed.board.rows(feed.board.ids());
      const counts = feed.board.counts();
      expect(counts.total).toBe(rows.length);
      for (const { status } of rows)
        expect(counts[status]).toBe(rows.filter((each) => each.status === status).length);
    }
  });

  it('a change of queue.json is told as what changed and what went', () => {
    setQueue(task('a'), task('b'));
    const feed = feedOf();
    const before = feed.position().queue;
    setQueue(task('a'), task('c', 'a'));
    expect(deltasOf(feed)).toMatchObject([
      {
        log: 'queue',
        from: before,
        to: feed.position().queue,
        tasks: [{ id: 'c', status: 'blocked' }],
        removed: ['b'],
      },
    ]);
  });

  it('a queue.json that is broken leaves the tasks standing and is named with its place', () => {
    setQueue(task('a'));
    const feed = feedOf();
    machine.files.replace(layout.queue, '{"tasks": [\n  {"id": }\n]}');
    expect(deltasOf(feed)).toEqual([]);
    expect(feed.board.ids()).toEqual(['a']);
    // An editor may be in the middle of saving: half a second later it is a fault.
    expect(feed.queueFault).toBeUndefined();
    machine.clock.advance(600);
    feed.look();
    expect(feed.queueFault).toMatch(/queue\.json:2:\d+/);
    setQueue(task('a'), task('b'));
    deltasOf(feed);
    expect(feed.queueFault).toBeUndefined();
  });

  it('B5: a log that comes into being is another generation: pages begin anew and have its lines', () => {
    setQueue(task('a'));
    const feed = feedOf();
    act('one');
    claim('a');
    expect(feed.look().kind).toBe('anew');
    expect(feed.snapshot()).toMatchObject({
      tasks: [{ id: 'a', status: 'in_progress' }],
      actions: [{ kind: 'line', detail: 'one' }],
    });
    expect(deltasOf(feed)).toEqual([]);
  });

  it('B5: a log that was replaced makes the feed begin anew, under another generation, once', () => {
    setQueue(task('a'));
    claim('a');
    act('old');
    const feed = feedOf();
    const old = feed.position();
    machine.files.remove(layout.log('execution'));
    claim('zzz');
    expect(feed.look().kind).toBe('anew');
    expect(feed.position().generation).not.toBe(old.generation);
    expect(row(feed, 'a')?.status).toBe('queued');
    expect(deltasOf(feed)).toEqual([]);
    expect(feed.since(old)).toBeUndefined();
  });

  it('a page that was away is told exactly what it missed', () => {
    setQueue(task('a'), task('b', 'a'), task('c'));
    claim('a');
    hold('a');
    act('one');
    const feed = feedOf();
    const there = feed.position();
    complete('a');
    hold('c');
    act('two');
    deltasOf(feed);
    const missed = feed.since(there) ?? [];
    const touched = missed.flatMap((delta) =>
      delta.log === 'execution' || delta.log === 'apiAudit'
        ? delta.tasks.map(({ id }) => `${delta.log} ${id}`)
        : [],
    );
    expect(touched).toEqual(['execution a', 'execution b', 'apiAudit c']);
    expect(
      missed.flatMap((delta) =>
        delta.log === 'action' ? delta.rows.map((each) => each.kind === 'line' && each.detail) : [],
      ),
    ).toEqual(['two']);
  });

  it('a panel that was started anew tells a page the same, from the same position', () => {
    setQueue(task('a'), task('b', 'a'));
    claim('a');
    act('one');
    const there = feedOf().position();
    complete('a');
    act('two');
    const missed = feedOf().since(there) ?? [];
    expect(missed.map(({ log, from }) => `${log} ${from}`)).toEqual([
      `execution ${there.execution}`,
      `action ${there.action}`,
    ]);
    expect(
      missed.flatMap((delta) => (delta.log === 'execution' ? delta.tasks.map(({ id }) => id) : [])),
    ).toEqual(['a', 'b']);
  });

  it('old lines are found again far back in a log, page by page, each once', () => {
    // More than what is kept in memory, so that the oldest pages have to come from the file.
    for (let index = 0; index < 9_000; index += 1) act(`line ${index}`);
    const feed = feedOf();
    const { generation, action } = feed.position();
    const snapshot = feed.snapshot();
    expect(snapshot.actions).toHaveLength(PANEL_PAGE_LINES);
    const seen: string[] = [];
    let to = action;
    while (to > 0 && seen.length < 9_000) {
      const answer = feed.range({ log: 'action', generation, from: 0, to });
      if (answer.kind === 'gone' || answer.delta.log !== 'action') throw new Error('no range');
      expect(answer.delta.rows.length).toBeGreaterThan(0);
      seen.unshift(...answer.delta.rows.map((each) => (each.kind === 'line' ? each.detail : each.kind)));
      to = answer.delta.rows_from;
    }
    expect(seen).toEqual(Array.from({ length: 9_000 }, (_, index) => `line ${index}`));
  });

  it('a flood is told by its last lines and the place where they begin', () => {
    act('before');
    const feed = feedOf();
    const { action } = feed.position();
    for (let index = 0; index < PANEL_PAGE_LINES + 20; index += 1) act(`line ${index}`);
    const [delta] = deltasOf(feed);
    if (delta?.log !== 'action') throw new Error('no delta');
    expect(delta.rows).toHaveLength(PANEL_PAGE_LINES);
    expect(delta.from).toBe(action);
    expect(delta.rows_from).toBe(delta.rows[0]?.from);
    const left = feed.range({
      log: 'action',
      generation: delta.generation,
      from: delta.from,
      to: delta.rows_from,
    });
    expect(left.kind === 'range' && left.delta.log === 'action' && left.delta.rows).toHaveLength(20);
  });

  it('the whole of a long detail is there for whoever opens it, also behind a fragment', () => {
    act('before');
    const feed = feedOf();
    const long = 'x'.repeat(5_000);
    machine.files.append(layout.log('action'), '{"timestamp":"2026-');
    machine.files.append(
      layout.log('action'),
      `${JSON.stringify({ timestamp: T, actor: 'w', action_type: 'TOOL', action: 'a', detail: long, event_id: 'e1' })}\n`,
    );
    const [delta] = deltasOf(feed);
    const line = delta?.log === 'action' ? delta.rows.find((each) => each.kind === 'line') : undefined;
    expect(line?.kind === 'line' && line.clipped).toBeGreaterThan(4_000);
    expect(feed.wholeLine(feed.position().generation, line?.from ?? 0)).toBe(long);
    expect(feed.wholeLine('another generation', line?.from ?? 0)).toBeUndefined();
  });
});
