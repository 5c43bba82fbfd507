/** `show <id>`: everything there is about one task. Only reads, and each log once; a home may be read-only. */
import {
  ApiAuditLine,
  createTaskFold,
  digestOf,
  ExecutionLogLine,
  SafetyAuditLine,
  partsOf,
  viewTask,
  readOn,
  type LogName,
  type RecordTail,
  type TaskReport,
} from '@vivarium/contracts';
import { createWantedTasks } from '@vivarium/queue';
import { openHome, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { roundsOf, type TakenLine, type TaskLines } from '../report/task-report.ts';
import { taskReportLines } from '../report/task-report-lines.ts';
import { names } from '../report/names.ts';
import { printable, printableLine } from '../terminal.ts';

export interface ShowInput {
  readonly home: string | undefined;
  readonly id: string;
  /** Nothing but the result, whole. */
  readonly output: boolean;
  readonly json: boolean;
}

export async function show(input: ShowInput, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const { id } = input;
  const home = openHome(input.home, deps, 'look');
  const { fold, lines, unreadable } = readLogs(home, id);
  const { files, clock } = deps.machine;
  const { tasks } = createWantedTasks({ layout: home.layout, files, clock, record: home.record }).read(
    (each) => fold.get(each).since !== undefined,
  );
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const task = byId.get(id);
  const view = task === undefined ? undefined : viewTask(task, fold, (each) => byId.get(each));
  const record = fold.get(id);
  if (view === undefined && record.since === undefined) {
    terminal.complain(`ERROR: there is no task '${printable(id)}', neither in the queue nor on record.`);
    terminal.complain(`  → ${nearestTo(id, [...byId.keys()])}`);
    return 1;
  }
  if (input.output) return printOutput(home, id, record.resultSha256, deps);

  const rounds = roundsOf(lines);
  const calls = rounds.flatMap(({ attempts }) => attempts.flatMap((attempt) => attempt.calls));
  const charged = (simulated: boolean): number =>
    calls.reduce((sum, call) => sum + (call.simulated === simulated ? call.charged_nano_usd : 0), 0);
  const report: TaskReport = {
    id,
    status: view?.status ?? record.status,
    task: task ?? null,
    digest: task === undefined ? (record.digest ?? null) : digestOf(task),
    edited: view?.edited ?? false,
    waits_for: [...(view?.waitsFor ?? [])],
    dependants: tasks.filter((each) => each.depends_on.includes(id)).map((each) => each.id),
    round: record.round,
    attempt: record.attempt,
    charged_nano_usd: charged(false),
    simulated_charged_nano_usd: charged(true),
    result:
      record.resultSha256 === undefined
        ? null
        : home.layout.result(record.resultSha256).slice(home.layout.root.length + 1),
    unreadable_lines: unreadable,
    rounds,
  };
  if (input.json) terminal.line(JSON.stringify(report));
  else
    for (const line of taskReportLines(report, task, terminal.colours, terminal.columns)) terminal.line(line);
  return 0;
}

interface Logs {
  readonly fold: ReturnType<typeof createTaskFold>;
  readonly lines: TaskLines;
  readonly unreadable: number;
}

/**
 * The execution log is folded whole, for what the task waits for; of the others only the lines of the task are looked at. What was set aside of a log is looked at too: there are the
 * rounds of before. Each part is a log for itself, and a line that the next one carries on is told once.
 */
function readLogs({ record }: OpenHome, id: string): Logs {
  let fold = createTaskFold();
  const execution = new Map<string, TakenLine>();
  let unreadable = 0;
  for (const tail of partsOf(record, 'execution')) {
    fold = createTaskFold();
    eachValue(tail, (value) => {
      const line = ExecutionLogLine.safeParse(value).data;
      if (line === undefined) {
        unreadable += 1;
        return;
      }
      const applied = fold.apply(line) === 'applied';
      const key = line.event_id ?? JSON.stringify(line);
      if (line.task_id !== id || execution.has(key)) return;
      const now = fold.get(id);
      const said = { round: line.round ?? now.round, attempt: line.attempt ?? now.attempt };
      execution.set(key, { line, applied, ...(applied ? { round: now.round, attempt: now.attempt } : said) });
    });
  }
  return {
    fold,
    lines: {
      execution: [...execution.values()],
      audit: parsedOf('apiAudit', ApiAuditLine),
      gate: parsedOf('safetyAudit', SafetyAuditLine),
    },
    get unreadable() {
      return unreadable;
    },
  };

  /** In pieces: a log may be longer than what fits into memory. */
  function eachValue(tail: RecordTail, take: (value: unknown) => void): void {
    readOn(tail, ({ entries }) => {
      for (const entry of entries) if (entry.kind === 'line') take(entry.value);
    });
    unreadable += tail.unreadable;
  }

  function parsedOf<T>(
    log: LogName,
    schema: { safeParse(value: unknown): { readonly data?: T | undefined } },
  ): readonly T[] {
    const lines = new Map<unknown, T>();
    for (const tail of partsOf(record, log))
      eachValue(tail, (value) => {
        if (typeof value !== 'object' || value === null || !('task_id' in value) || value.task_id !== id)
          return;
        const line = schema.safeParse(value).data;
        if (line === undefined) unreadable += 1;
        // An archive that died half way leaves a copy beside the log itself.
        else lines.set('event_id' in value ? value.event_id : JSON.stringify(value), line);
      });
    return [...lines.values()];
  }
}

/** Byte for byte into a pipe or a file; a terminal gets no control characters. */
function printOutput(home: OpenHome, id: string, sha256: string | undefined, deps: CommandDeps): ExitCode {
  const { terminal } = deps;
  const text = sha256 === undefined ? undefined : home.record.getResult(sha256);
  if (text === undefined) {
    terminal.complain(
      sha256 === undefined
        ? `ERROR: '${printable(id)}' has no result: it has not completed.`
        : `ERROR: the result of '${printable(id)}' is not there as it was written: ${home.layout.result(sha256)}`,
    );
    return 1;
  }
  if (terminal.isTty) for (const line of text.split('\n')) terminal.line(printableLine(line));
  else terminal.write(text);
  return 0;
}

function nearestTo(id: string, ids: readonly string[]): string {
  const wanted = id.toLowerCase();
  const near = ids.filter((each) => {
    const known = each.toLowerCase();
    return known.includes(wanted) || wanted.includes(known);
  });
  return near.length === 0 ? 'orchestrator status --all lists every task' : `perhaps: ${names(near, 5)}`;
}
