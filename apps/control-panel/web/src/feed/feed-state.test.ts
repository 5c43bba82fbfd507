import {
  PANEL_PROTOCOL,
  type FeedDelta,
  type FeedPosition,
  type Overview,
  type TaskRow,
} from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { type FeedMessage, type FeedState, NOTHING_KNOWN, receive, type Step } from './feed-state.ts';
import { PROTOCOL } from './protocol.ts';

const at = (offsets: Partial<FeedPosition> = {}): FeedPosition => ({
  generation: 'g1',
  queue: 'q1',
  execution: 0,
  apiAudit: 0,
  action: 0,
  ...offsets,
});
const line = (from: number) => ({ kind: 'unreadable' as const, from, to: from + 10, why: '' });
const lines = (from: number, to: number) =>
  Array.from({ length: (to - from) / 10 }, (_, index) => line(from + index * 10));
const actionDelta = (from: number, to: number, generation = 'g1'): FeedDelta => ({
  log: 'action',
  generation,
  from,
  to,
  rows_from: from,
  rows: lines(from, to),
});
// Only what the reducer looks at; a whole row has thirty fields that mean nothing here.
const task = (id: string, status: TaskRow['status']): TaskRow => ({ id, status }) as TaskRow;
const overviewAt = (position: FeedPosition): Overview => ({ position }) as Overview;

const play = (messages: readonly FeedMessage[], from: FeedState = NOTHING_KNOWN): Step =>
  messages.reduce<Step>((step, message) => receive(step.state, message), {
    state: from,
    ask: [],
    resync: false,
  });
const snapshot = (position: FeedPosition, tasks: readonly TaskRow[] = []): FeedMessage => ({
  kind: 'snapshot',
  snapshot: { position, tasks, tasks_left_out: 0, actions: lines(0, position.action), actions_from: 0 },
});
const delta = (each: FeedDelta): FeedMessage => ({ kind: 'delta', delta: each });
const shown = (state: FeedState): readonly number[] => state.log.map((item) => item.from);

describe('what the page makes of messages', () => {
  it('speaks the protocol of the contracts', () => {
    expect(PROTOCOL).toBe(PANEL_PROTOCOL);
  });

  it('W3: applies a delta that begins where it stands', () => {
    const { state } = play([snapshot(at({ action: 20 })), delta(actionDelta(20, 40))]);
    expect(state.position?.action).toBe(40);
    expect(shown(state)).toEqual([0, 10, 20, 30]);
  });

  it('W3: drops a repetition', () => {
    const { state } = play([
      snapshot(at({ action: 20 })),
      delta(actionDelta(0, 20)),
      delta(actionDelta(10, 20)),
    ]);
    expect(shown(state)).toEqual([0, 10]);
  });

  it('W3: holds a delta that begins later, asks for what lies between, and then applies both in order', () => {
    const held = play([snapshot(at({ action: 20 })), delta(actionDelta(40, 60))]);
    expect(shown(held.state)).toEqual([0, 10]);
    expect(held.ask).toEqual([{ log: 'action', generation: 'g1', from: 20, to: 40 }]);
    const { state } = receive(held.state, {
      kind: 'range',
      log: 'action',
      answer: { kind: 'range', delta: actionDelta(20, 40) },
    });
    expect(shown(state)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(state.held).toEqual([]);
  });

  it('W3: asks once, however many deltas wait for the same stretch', () => {
    const first = play([snapshot(at({ action: 20 })), delta(actionDelta(40, 60))]);
    expect(receive(first.state, delta(actionDelta(60, 80))).ask).toEqual([]);
  });

  it('W3: a delta that begins before and ends beyond brings only what is new', () => {
    const { state } = play([snapshot(at({ action: 20 })), delta(actionDelta(10, 40))]);
    expect(shown(state)).toEqual([0, 10, 20, 30]);
  });

  it('W4: a delta of another generation is not applied', () => {
    const { state } = play([snapshot(at({ action: 20 })), delta(actionDelta(20, 40, 'g2'))]);
    expect(shown(state)).toEqual([0, 10]);
  });

  it('W4: a snapshot replaces everything', () => {
    const { state } = play([
      snapshot(at({ action: 20 }), [task('a', 'queued')]),
      snapshot(at({ generation: 'g2', action: 10 }), [task('b', 'completed')]),
    ]);
    expect([...state.tasks.keys()]).toEqual(['b']);
    expect(shown(state)).toEqual([0]);
  });

  it('W5: an overview that names an end the page has not seen makes it ask, and an answer brings it there', () => {
    const step = play([
      snapshot(at({ action: 20, execution: 5 })),
      { kind: 'overview', overview: overviewAt(at({ action: 40, execution: 9 })) },
    ]);
    expect(step.ask).toEqual([
      { log: 'execution', generation: 'g1', from: 5, to: 9 },
      { log: 'action', generation: 'g1', from: 20, to: 40 },
    ]);
    const answer: FeedDelta = {
      log: 'execution',
      generation: 'g1',
      from: 5,
      to: 9,
      tasks: [task('a', 'completed')],
    };
    const { state } = receive(step.state, {
      kind: 'range',
      log: 'execution',
      answer: { kind: 'range', delta: answer },
    });
    expect(state.tasks.get('a')?.status).toBe('completed');
    expect(state.position?.execution).toBe(9);
  });

  it('W5: an overview of another version of the queue makes it start over', () => {
    expect(
      play([snapshot(at()), { kind: 'overview', overview: overviewAt(at({ queue: 'q2' })) }]).resync,
    ).toBe(true);
  });

  it('older lines fill the gap they were asked for and move nothing else', () => {
    const first: FeedMessage = {
      kind: 'snapshot',
      snapshot: {
        position: at({ action: 40 }),
        tasks: [],
        tasks_left_out: 0,
        actions: lines(20, 40),
        actions_from: 20,
      },
    };
    const { state } = play([
      first,
      { kind: 'range', log: 'action', answer: { kind: 'range', delta: actionDelta(0, 20) } },
    ]);
    expect(shown(state)).toEqual([0, 10, 20, 30]);
    expect(state.position?.action).toBe(40);
  });

  it('an empty line of the file is no gap', () => {
    const { state } = play([
      snapshot(at({ action: 20 })),
      delta({ log: 'action', generation: 'g1', from: 20, to: 21, rows_from: 20, rows: [] }),
      delta({ log: 'action', generation: 'g1', from: 21, to: 31, rows_from: 21, rows: [line(21)] }),
    ]);
    expect(state.log.map((item) => item.kind)).toEqual(['unreadable', 'unreadable', 'unreadable']);
  });

  it('a change of the queue puts, replaces and removes tasks', () => {
    const { state } = play([
      snapshot(at(), [task('a', 'queued'), task('b', 'queued')]),
      delta({
        log: 'queue',
        generation: 'g1',
        from: 'q1',
        to: 'q2',
        tasks: [task('a', 'blocked'), task('c', 'queued')],
        removed: ['b'],
      }),
    ]);
    expect([...state.tasks].map(([id, { status }]) => [id, status])).toEqual([
      ['a', 'blocked'],
      ['c', 'queued'],
    ]);
    expect(state.position?.queue).toBe('q2');
  });

  it('a page that comes back keeps its place when it is resumed, and what it had asked for is forgotten', () => {
    const waiting = play([snapshot(at({ action: 20 })), delta(actionDelta(40, 60))]);
    const back = receive(waiting.state, {
      kind: 'hello',
      hello: {
        protocol: 1,
        home: 'h',
        root: '/h',
        generation: 'g1',
        position: at({ action: 60 }),
        resumed: true,
        as_of: '',
      },
    });
    const { state } = receive(back.state, delta(actionDelta(20, 60)));
    expect(shown(state)).toEqual([0, 10, 20, 30, 40, 50]);
  });
});
