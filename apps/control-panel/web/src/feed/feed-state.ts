/**
 * What the page knows, and how a message changes it. Pure: messages in, the next state out, with what the page has to ask for.
 *
 * - W3: a delta is applied only when it begins where the page stands. One that ends there or before is a repetition and is dropped; one that
 *   begins later is held, and the stretch between is asked for.
 * - W4: a message of another generation is never applied: the snapshot that follows it is.
 * - W5: what an overview says of the record's end and the page does not have is asked for, so that nothing stays missing in silence.
 */
import type {
  FeedDelta,
  FeedLog,
  FeedPosition,
  Hello,
  Overview,
  RangeAnswer,
  RangeRequest,
  Snapshot,
  TaskRow,
} from '@vivarium/contracts';
import { endOf, type LogItem, placeStretch } from './log-items.ts';

export interface FeedState {
  readonly home: string;
  /** Directory of the home, for people. */
  readonly root: string;
  /** Undefined until the first snapshot. */
  readonly position: FeedPosition | undefined;
  readonly tasks: ReadonlyMap<string, TaskRow>;
  readonly tasksLeftOut: number;
  readonly log: readonly LogItem[];
  readonly overview: Overview | undefined;
  /** Deltas that came before the stretch they follow. */
  readonly held: readonly FeedDelta[];
  /** Logs a missed stretch of which was asked for and not yet answered. */
  readonly asking: ReadonlySet<FeedLog>;
}

export type FeedMessage =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly kind: 'delta'; readonly delta: FeedDelta }
  | { readonly kind: 'overview'; readonly overview: Overview }
  /** The answer to something the page asked for: a missed stretch, or older lines. */
  | { readonly kind: 'range'; readonly log: FeedLog; readonly answer: RangeAnswer };

export interface Step {
  readonly state: FeedState;
  readonly ask: readonly RangeRequest[];
  /** The page has lost its place: only a snapshot helps. */
  readonly resync: boolean;
}

export const NOTHING_KNOWN: FeedState = {
  home: '',
  root: '',
  position: undefined,
  tasks: new Map(),
  tasksLeftOut: 0,
  log: [],
  overview: undefined,
  held: [],
  asking: new Set(),
};

const MOST_HELD = 200;
const LOGS = ['execution', 'apiAudit', 'action'] as const satisfies readonly FeedLog[];

export function receive(state: FeedState, message: FeedMessage): Step {
  switch (message.kind) {
    case 'hello': {
      const { home, root, resumed } = message.hello;
      // What was asked before the connection broke will not be answered any more.
      const state2 = { ...state, home, root, held: [], asking: new Set<FeedLog>() };
      return done(resumed ? state2 : { ...state2, position: undefined });
    }
    case 'snapshot':
      return done(fromSnapshot(state, message.snapshot));
    case 'delta':
      return applyDelta(state, message.delta);
    case 'overview':
      return lookForGaps({ ...state, overview: message.overview }, message.overview.position);
    case 'range': {
      const answered = { ...state, asking: without(state.asking, message.log) };
      return message.answer.kind === 'gone'
        ? done(answered)
        : drain(takeRange(answered, message.answer.delta));
    }
  }
}

const done = (state: FeedState): Step => ({ state, ask: [], resync: false });

function fromSnapshot(state: FeedState, snapshot: Snapshot): FeedState {
  const { position, tasks, tasks_left_out, actions, actions_from } = snapshot;
  return {
    ...state,
    position,
    tasks: new Map(tasks.map((row) => [row.id, row])),
    tasksLeftOut: tasks_left_out,
    log: placeStretch([], { from: 0, to: position.action, rowsFrom: actions_from, rows: actions }),
    held: [],
    asking: new Set(),
  };
}

function applyDelta(state: FeedState, delta: FeedDelta): Step {
  const { position } = state;
  if (position === undefined || delta.generation !== position.generation) return done(state);
  if (delta.log === 'queue') {
    if (delta.from !== position.queue)
      return delta.to === position.queue ? done(state) : { state, ask: [], resync: true };
    const tasks = putTasks(state.tasks, delta.tasks);
    for (const id of delta.removed) tasks.delete(id);
    return done({ ...state, tasks, position: { ...position, queue: delta.to } });
  }
  if (delta.to <= position[delta.log]) return done(state);
  if (delta.from > position[delta.log]) {
    if (state.held.length >= MOST_HELD) return { state: { ...state, held: [] }, ask: [], resync: true };
    return ask({ ...state, held: [...state.held, delta] }, delta.log, delta.from);
  }
  return drain(advance(state, position, delta));
}

/** Takes over a delta that begins at or before where the page stands and ends beyond. */
function advance(
  state: FeedState,
  position: FeedPosition,
  delta: Exclude<FeedDelta, { log: 'queue' }>,
): FeedState {
  const moved = { ...state, position: { ...position, [delta.log]: delta.to } };
  if (delta.log !== 'action') return { ...moved, tasks: putTasks(state.tasks, delta.tasks) };
  // Up to where the page stands everything is known, also where the file holds nothing but an empty line: that is no gap.
  const end = endOf(state.log);
  const rowsFrom = delta.rows_from <= position.action ? Math.min(end, delta.rows_from) : delta.rows_from;
  return {
    ...moved,
    log: placeStretch(state.log, {
      from: Math.min(end, delta.from),
      to: delta.to,
      rowsFrom,
      rows: delta.rows,
    }),
  };
}

/** An answer may cover what was missed, or lines of long ago that change nothing of where the page stands. */
function takeRange(state: FeedState, delta: FeedDelta): FeedState {
  const { position } = state;
  if (position === undefined || delta.generation !== position.generation || delta.log === 'queue')
    return state;
  if (delta.to > position[delta.log] && delta.from <= position[delta.log])
    return advance(state, position, delta);
  if (delta.log !== 'action' || delta.to > position.action) return state;
  return {
    ...state,
    log: placeStretch(state.log, {
      from: delta.from,
      to: delta.to,
      rowsFrom: delta.rows_from,
      rows: delta.rows,
    }),
  };
}

/** Applies what was held and now fits. */
function drain(state: FeedState): Step {
  let current = state;
  for (;;) {
    const { position, held } = current;
    if (position === undefined) return done(current);
    const fits = held.find((delta) => delta.log !== 'queue' && delta.from <= position[delta.log]);
    if (fits === undefined || fits.log === 'queue') return done(current);
    const rest = { ...current, held: held.filter((delta) => delta !== fits) };
    current = fits.to > position[fits.log] ? advance(rest, position, fits) : rest;
  }
}

function lookForGaps(state: FeedState, end: FeedPosition): Step {
  const { position } = state;
  if (position === undefined || end.generation !== position.generation) return done(state);
  if (end.queue !== position.queue) return { state, ask: [], resync: true };
  let step = done(state);
  for (const log of LOGS) {
    if (end[log] <= position[log]) continue;
    const next = ask(step.state, log, end[log]);
    step = { ...next, ask: [...step.ask, ...next.ask] };
  }
  return step;
}

function ask(state: FeedState, log: FeedLog, to: number): Step {
  if (state.position === undefined || state.asking.has(log)) return done(state);
  const request: RangeRequest = { log, generation: state.position.generation, from: state.position[log], to };
  return { state: { ...state, asking: new Set([...state.asking, log]) }, ask: [request], resync: false };
}

function putTasks(tasks: ReadonlyMap<string, TaskRow>, rows: readonly TaskRow[]): Map<string, TaskRow> {
  const next = new Map(tasks);
  for (const row of rows) next.set(row.id, row);
  return next;
}

const without = (logs: ReadonlySet<FeedLog>, log: FeedLog): ReadonlySet<FeedLog> =>
  new Set([...logs].filter((each) => each !== log));
