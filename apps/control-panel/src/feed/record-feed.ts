/**
 * Reads the record of one home as it grows and says what changed since the last look, in the words of the panel protocol.
 * Owns the tails of three logs, the version of queue.json, and what was folded from them. Writes nothing. Knows no socket.
 *
 * - B4: deltas of one log join without gap or overlap: each begins where the one before ended, in whole lines (the tail keeps half lines).
 * - B5: when a file was replaced or cut, everything folded is void: the feed begins anew under another generation and says so, once.
 */
import {
  readApiAuditLine,
  readExecutionLine,
  type FeedDelta,
  type FeedLog,
  type FeedPosition,
  type RangeAnswer,
  type RangeRequest,
  type RecordBatch,
  type RecordStore,
  type RecordTail,
  type Snapshot,
  type TaskRow,
} from '@vivarium/contracts';
import { createFlowStats, type FlowStats } from '../verdict/flow-stats.ts';
import { createActionStream, lastPage, rowsFromOf, toActionRow } from './action-stream.ts';
import { createMoneyLines, type MoneyLines } from './money-lines.ts';
import { mostWanted } from './most-wanted.ts';
import type { QueueReader } from './queue-reader.ts';
import { createTaskBoard, type TaskBoard } from './task-board.ts';

export interface RecordFeed {
  /** Folds what is new. `anew`: the pages need a snapshot. */
  look(): { readonly kind: 'deltas'; readonly deltas: readonly FeedDelta[] } | { readonly kind: 'anew' };
  position(): FeedPosition;
  snapshot(): Snapshot;
  /** What a page at this position has missed; undefined when only a snapshot helps. */
  since(position: FeedPosition): readonly FeedDelta[] | undefined;
  range(request: RangeRequest): RangeAnswer;
  /** The whole of one action line, for a row that was clipped. */
  wholeLine(generation: string, from: number): string | undefined;
  readonly board: TaskBoard;
  readonly flow: FlowStats;
  readonly money: MoneyLines;
  readonly queueFault: string | undefined;
  unreadable(): Readonly<Record<FeedLog, number>>;
}

interface Folded {
  readonly tails: Readonly<Record<FeedLog, RecordTail>>;
  readonly board: TaskBoard;
  readonly flow: FlowStats;
  readonly actions: ReturnType<typeof createActionStream>;
  readonly money: MoneyLines;
  readonly offsets: Record<FeedLog, number>;
  readonly generations: Record<FeedLog, string>;
  readonly strange: Record<FeedLog, number>;
}

export function createRecordFeed({
  record,
  queue,
}: {
  readonly record: RecordStore;
  readonly queue: QueueReader;
}): RecordFeed {
  let folded = begin(record);
  let restarts = 0;

  const generation = (): string => {
    const { execution, apiAudit, action } = folded.generations;
    return `${execution}|${apiAudit}|${action}${restarts === 0 ? '' : `|${restarts}`}`;
  };
  const position = (): FeedPosition => ({
    generation: generation(),
    queue: queue.version,
    ...folded.offsets,
  });

  /** Reads one log; answers the batch, or undefined when the file is another one now. */
  const read = (log: FeedLog, isFirst: boolean): RecordBatch | undefined => {
    const batch = folded.tails[log].read();
    // A file that did not exist is not a file that was replaced, but its generation is new: pages learn it by a snapshot.
    if (!isFirst && (batch.restarted || batch.cursor.generation !== folded.generations[log]))
      return undefined;
    folded.generations[log] = batch.cursor.generation;
    return batch;
  };

  /** Answers whether there was anything new. */
  const fold = (log: FeedLog, batch: RecordBatch): boolean => {
    const { board, flow, actions, money, strange } = folded;
    for (const entry of batch.entries) {
      if (log === 'action') actions.add(entry);
      if (entry.kind === 'unreadable') continue;
      if (log === 'execution') {
        const line = readExecutionLine(entry.value, record.home);
        if (line === undefined) strange.execution += 1;
        else {
          const { ended, durationMs } = board.applyExecution(line, entry.to);
          if (ended) flow.finished(Date.parse(line.timestamp), durationMs);
        }
      } else if (log === 'apiAudit') {
        const line = readApiAuditLine(entry.value, record.home);
        if (line === undefined) strange.apiAudit += 1;
        else {
          board.applyAudit(line, entry.to);
          money.apply(line, entry.from);
        }
      }
    }
    const isNew = batch.cursor.offset > folded.offsets[log];
    folded.offsets[log] = batch.cursor.offset;
    return isNew;
  };

  /** Folds everything from the beginning: at the start, and after a file was replaced. */
  const readAll = (): void => {
    const before = generation();
    folded = begin(record);
    for (const log of LOGS_IN_ORDER) {
      const batch = read(log, true);
      if (batch !== undefined) fold(log, batch);
    }
    queue.read(folded.board.isRecorded);
    folded.board.setQueue(queue.tasks);
    folded.board.takeTouched();
    // Cut in place, a file keeps its generation and yet is another one.
    if (before !== NOTHING_READ && generation() === before) restarts += 1;
  };
  readAll();

  const actionDelta = (from: number, to: number): FeedDelta => {
    const found = folded.actions.lastRows(from, to) ?? readAgain(from, to);
    return { log: 'action', generation: generation(), from, to, rows_from: found.rowsFrom, rows: found.rows };
  };

  /** Lines that are no longer in memory, from the file. */
  const readAgain = (
    from: number,
    to: number,
  ): { readonly rowsFrom: number; readonly rows: ReturnType<typeof lastPage> } => {
    const start = folded.actions.signpostBefore(from, to);
    const batch = record
      .tail('action', { generation: folded.generations.action, offset: start })
      .read(to - start);
    if (batch.restarted) return { rowsFrom: to, rows: [] };
    const all = batch.entries.filter((entry) => entry.to <= to).map((entry) => toActionRow(entry));
    const rows = lastPage(all, from, to);
    return { rowsFrom: rowsFromOf(rows, Math.max(from, start), to), rows };
  };

  const stateDelta = (log: 'execution' | 'apiAudit', from: number, tasks: readonly TaskRow[]): FeedDelta => ({
    log,
    generation: generation(),
    from,
    to: folded.offsets[log],
    tasks,
  });

  return {
    look() {
      const deltas: FeedDelta[] = [];
      const queueBefore = queue.version;
      if (queue.read(folded.board.isRecorded) === 'changed') {
        const answer = folded.board.setQueue(queue.tasks);
        if (answer === 'too_many') return { kind: 'anew' };
        deltas.push({
          log: 'queue',
          generation: generation(),
          from: queueBefore,
          to: queue.version,
          tasks: folded.board.rows(answer.changed),
          removed: answer.removed,
        });
      }
      const before = { ...folded.offsets };
      const moved: FeedLog[] = [];
      for (const log of LOGS_IN_ORDER) {
        const batch = read(log, false);
        if (batch === undefined) {
          readAll();
          return { kind: 'anew' };
        }
        if (fold(log, batch)) moved.push(log);
      }
      // Rows are made when all logs are folded, so that a task that ended has its cost in the same delta.
      const touched = folded.board.takeTouched();
      for (const log of moved) {
        deltas.push(
          log === 'action'
            ? actionDelta(before.action, folded.offsets.action)
            : stateDelta(log, before[log], folded.board.rows(touched[log])),
        );
      }
      return { kind: 'deltas', deltas };
    },
    position,
    snapshot() {
      const head = folded.offsets.action;
      const last = folded.actions.lastRows(0, head) ?? readAgain(0, head);
      const ids = mostWanted(folded.board);
      return {
        position: position(),
        tasks: folded.board.rows(ids),
        tasks_left_out: folded.board.counts().total - ids.length,
        actions: last.rows,
        actions_from: last.rowsFrom,
      };
    },
    since(there) {
      const here = position();
      if (there.generation !== here.generation || there.queue !== here.queue) return undefined;
      if (LOGS_IN_ORDER.some((log) => there[log] > here[log])) return undefined;
      const deltas: FeedDelta[] = [];
      for (const log of ['execution', 'apiAudit'] as const) {
        if (there[log] < here[log])
          deltas.push(
            stateDelta(log, there[log], folded.board.rows(folded.board.touchedSince(log, there[log]))),
          );
      }
      if (there.action < here.action) deltas.push(actionDelta(there.action, here.action));
      return deltas;
    },
    range({ log, generation: asked, from, to }) {
      const head = folded.offsets[log];
      if (asked !== generation() || from > to || to > head) return { kind: 'gone' };
      if (log === 'action') return { kind: 'range', delta: actionDelta(from, to) };
      // States: the newest rows of all that was touched since, whatever the end of the stretch that was asked for.
      return {
        kind: 'range',
        delta: stateDelta(log, from, folded.board.rows(folded.board.touchedSince(log, from))),
      };
    },
    wholeLine(asked, from) {
      if (asked !== generation()) return undefined;
      // Read from the last signpost before it: a line that stands behind a fragment does not begin where a reader can begin.
      const start = folded.actions.signpostBefore(0, from + 1);
      const { entries } = record
        .tail('action', { generation: folded.generations.action, offset: start })
        .read(from - start + LONGEST_LINE);
      const entry = entries.find((each) => each.from === from);
      const row = entry === undefined ? undefined : toActionRow(entry, Number.MAX_SAFE_INTEGER);
      return row?.kind === 'line' ? row.detail : undefined;
    },
    get board() {
      return folded.board;
    },
    get flow() {
      return folded.flow;
    },
    get money() {
      return folded.money;
    },
    get queueFault() {
      return queue.fault;
    },
    unreadable: () => ({
      execution: folded.tails.execution.unreadable + folded.strange.execution,
      apiAudit: folded.tails.apiAudit.unreadable + folded.strange.apiAudit,
      action: folded.tails.action.unreadable + folded.actions.strange,
    }),
  };
}

/** A settle line is written before the end of the attempt: whoever reads the ends first and the money after finds the money of every end. */
const LOGS_IN_ORDER = ['execution', 'apiAudit', 'action'] as const satisfies readonly FeedLog[];
const NOTHING_READ = '||';
/** Lines are small; of one that is not, the row's beginning is all there is to see. */
const LONGEST_LINE = 1_048_576;

function begin(record: RecordStore): Folded {
  return {
    tails: {
      execution: record.tail('execution'),
      apiAudit: record.tail('apiAudit'),
      action: record.tail('action'),
    },
    board: createTaskBoard(),
    flow: createFlowStats(),
    actions: createActionStream(),
    money: createMoneyLines(),
    offsets: { execution: 0, apiAudit: 0, action: 0 },
    generations: { execution: '', apiAudit: '', action: '' },
    strange: { execution: 0, apiAudit: 0, action: 0 },
  };
}
