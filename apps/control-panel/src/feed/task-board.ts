/**
 * The tasks of the queue as the record makes them, one row each. Runs the shared folds (contracts) over the lines it is given, and remembers
 * for every task up to which byte of each log it was touched: that is what a page that was away is told.
 *
 * Owns the task fold, the money fold and the queue last read. Reads nothing itself.
 * - B1: a row handed out is what the folds say of all lines applied so far (Q1); nothing is carried along beside them.
 * - B2: every task whose row may have changed by the lines since an offset is stamped beyond that offset: itself, and the tasks that depend on it.
 */
import {
  type ApiAuditLine,
  createMoneyFold,
  createTaskFold,
  type ExecutionLogLine,
  isFinal,
  type MoneyFold,
  PANEL_PROMPT_CHARACTERS,
  type Sums,
  type Task,
  type TaskRow,
  type TaskStatus,
  type TaskView,
  viewTask,
  redact,
} from '@vivarium/contracts';
import { createTaskHistory, type TaskHistory } from './task-history.ts';

export interface TaskBoard {
  readonly money: MoneyFold;
  readonly history: TaskHistory;
  /** Answers whether a task came to its end by this line, with how long its attempt took. */
  applyExecution(
    line: ExecutionLogLine,
    to: number,
  ): { readonly ended: boolean; readonly durationMs: number | undefined };
  applyAudit(line: ApiAuditLine, to: number): void;
  /** Takes over a new content of queue.json; answers what changed by it, unless comparing would hold everything up. */
  setQueue(
    tasks: readonly Task[],
  ): { readonly changed: readonly string[]; readonly removed: readonly string[] } | 'too_many';
  /** True when the record knows the task, whether or not it is in the queue now. */
  isRecorded(id: string): boolean;
  task(id: string): Task | undefined;
  digest(id: string): string | undefined;
  row(id: string): TaskRow | undefined;
  rows(ids: Iterable<string>): readonly TaskRow[];
  ids(): readonly string[];
  /** Tasks touched since this was last asked, per log. */
  takeTouched(): Readonly<Record<'execution' | 'apiAudit', ReadonlySet<string>>>;
  /** Tasks touched by lines that end beyond `offset`. */
  touchedSince(log: 'execution' | 'apiAudit', offset: number): readonly string[];
  counts(): Readonly<Record<TaskStatus | 'total', number>>;
  /** Run named by the last line that named one. */
  readonly lastRun: string | undefined;
}

/** Comparing the rows of so many tasks takes about 50 ms; beyond, a change of the queue is told as a snapshot. */
const COMPARED_TASKS = 5_000;

interface Place {
  readonly task: Task;
  readonly order: number;
}

export function createTaskBoard(): TaskBoard {
  const fold = createTaskFold();
  const money = createMoneyFold({ replies: false });
  const history = createTaskHistory();
  const requested = new Map<string, string>();
  const stamps = { execution: new Map<string, number>(), apiAudit: new Map<string, number>() };
  let touched = { execution: new Set<string>(), apiAudit: new Set<string>() };
  let places = new Map<string, Place>();
  let dependants = new Map<string, readonly string[]>();
  let statuses = new Map<string, TaskStatus>();
  let counts = noCounts();
  let lastRun: string | undefined;

  const lookUp = (id: string): Task | undefined => places.get(id)?.task;
  const view = ({ task }: Place): TaskView => viewTask(task, fold, lookUp);

  /** Keeps the counts in step with one task, so that they never need a walk over the whole queue. */
  const recount = (id: string): void => {
    const place = places.get(id);
    if (place === undefined) return;
    const before = statuses.get(id);
    const status = view(place).status;
    if (before !== undefined) counts[before] -= 1;
    counts[status] += 1;
    statuses.set(id, status);
  };

  const row = (id: string): TaskRow | undefined => {
    const place = places.get(id);
    if (place === undefined) return undefined;
    const seen = view(place);
    const { record } = seen;
    // Which book a task is in is known once it was asked for; a task never asked for has no sums in either.
    const sums = sumsOf(money, id, record.round);
    return {
      id,
      order: place.order,
      type: place.task.type,
      status: seen.status,
      round: record.round,
      attempt: record.attempt,
      worker_id: record.workerId ?? null,
      requested_model: place.task.requested_model ?? requested.get(id) ?? place.task.model,
      model: record.model ?? null,
      input_tokens: sums.inputTokens,
      output_tokens: sums.outputTokens,
      latency_ms: record.latencyMs ?? null,
      // api_audit is the authority on money; a record of the seed has its cost in the execution log alone.
      cost_nano_usd: sums.calls > 0 ? sums.settled + sums.unknown : record.cost,
      unknown_nano_usd: sums.unknown,
      held_nano_usd: sums.held,
      simulated: sums.simulated || record.simulated,
      since: record.since ?? null,
      not_before: record.notBefore ?? null,
      reason: clip(record.reason ?? null, 400),
      error_code: record.errorCode ?? null,
      finish_reason: record.finishReason ?? null,
      result_sha256: record.resultSha256 ?? null,
      prompt: clip(redact(place.task.prompt), PANEL_PROMPT_CHARACTERS),
      depends_on: place.task.depends_on,
      waits_for: seen.waitsFor,
      edited: seen.edited,
    };
  };

  return {
    money,
    history,
    row,
    isRecorded: (id) => fold.get(id).since !== undefined,
    task: lookUp,
    digest: (id) => {
      const place = places.get(id);
      return place === undefined ? undefined : view(place).digest;
    },
    applyExecution(line, to) {
      const before = fold.get(line.task_id);
      if (fold.apply(line) === 'ignored') return { ended: false, durationMs: undefined };
      history.execution(line);
      if (line.run_id !== undefined) lastRun = line.run_id;
      if ('requested_model' in line && line.requested_model !== undefined)
        requested.set(line.task_id, line.requested_model);
      for (const id of [line.task_id, ...(dependants.get(line.task_id) ?? [])]) {
        stamps.execution.set(id, to);
        touched.execution.add(id);
        recount(id);
      }
      const ended = isFinal(line.status) && line.status !== 'skipped' && line.status !== 'cancelled';
      return {
        ended,
        durationMs: ended
          ? (('latency_ms' in line ? line.latency_ms : undefined) ?? elapsed(before.since, line.timestamp))
          : undefined,
      };
    },
    applyAudit(line, to) {
      money.apply(line);
      history.audit(line);
      if (line.run_id !== undefined) lastRun = line.run_id;
      if (line.task_id === undefined) return;
      stamps.apiAudit.set(line.task_id, to);
      touched.apiAudit.add(line.task_id);
    },
    setQueue(tasks) {
      const before = places;
      const isLong = Math.max(tasks.length, before.size) > COMPARED_TASKS;
      const rowsBefore = new Map(isLong ? [] : [...before.keys()].map((id) => [id, JSON.stringify(row(id))]));
      places = new Map(tasks.map((task, order) => [task.id, { task, order }]));
      dependants = dependantsOf(tasks);
      // What happened to a dependency before it was one has changed this row too (B2).
      for (const [id, dependent] of dependants) {
        const to = stamps.execution.get(id) ?? 0;
        for (const each of dependent)
          if ((stamps.execution.get(each) ?? 0) < to) stamps.execution.set(each, to);
      }
      statuses = new Map();
      counts = { ...noCounts(), total: places.size };
      for (const id of places.keys()) recount(id);
      if (isLong) return 'too_many';
      return {
        changed: [...places.keys()].filter((id) => rowsBefore.get(id) !== JSON.stringify(row(id))),
        removed: [...before.keys()].filter((id) => !places.has(id)),
      };
    },
    rows: (ids) => [...ids].map(row).filter((each) => each !== undefined),
    ids: () => [...places.keys()],
    takeTouched() {
      const taken = touched;
      touched = { execution: new Set(), apiAudit: new Set() };
      return taken;
    },
    touchedSince: (log, offset) =>
      [...stamps[log]].filter(([id, to]) => to > offset && places.has(id)).map(([id]) => id),
    counts: () => ({ ...counts }),
    get lastRun() {
      return lastRun;
    },
  };
}

const noCounts = (): Record<TaskStatus | 'total', number> => ({
  total: 0,
  queued: 0,
  blocked: 0,
  deferred: 0,
  in_progress: 0,
  retrying: 0,
  completed: 0,
  failed: 0,
  refused: 0,
  cancelled: 0,
  skipped: 0,
});

const clip = <T extends string | null>(text: T, most: number): T | string =>
  text !== null && text.length > most ? `${text.slice(0, most)}…` : text;

function elapsed(since: string | undefined, until: string): number | undefined {
  const duration = since === undefined ? Number.NaN : Date.parse(until) - Date.parse(since);
  return Number.isFinite(duration) ? duration : undefined;
}

function sumsOf(money: MoneyFold, id: string, round: number): Sums & { readonly simulated: boolean } {
  const simulated = money.book(true).task(id, round);
  const real = money.book(false).task(id, round);
  const used = ({ calls, held }: Sums): boolean => calls > 0 || held > 0;
  // A round is worked for in one book; should both have it, the real one is the one that must not be hidden.
  return used(simulated) && !used(real) ? { ...simulated, simulated: true } : { ...real, simulated: false };
}

function dependantsOf(tasks: readonly Task[]): Map<string, readonly string[]> {
  const dependants = new Map<string, string[]>();
  for (const task of tasks) {
    for (const dependency of task.depends_on) {
      const known = dependants.get(dependency);
      if (known === undefined) dependants.set(dependency, [task.id]);
      else known.push(task.id);
    }
  }
  return dependants;
}
