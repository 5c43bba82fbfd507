/**
 * How a run looks while it goes on: a bar with finished tasks scrolling above it for a person, plain lines when piped, JSON lines for programs.
 * Each is an engine of one small port; what is told is decided by the caller.
 */
import type { StatusCounts } from '@vivarium/contracts';
import type { Milliseconds } from '@vivarium/core';
import { formatDuration } from '@vivarium/core';
import { isFinal } from '@vivarium/contracts';
import { inWords } from './report/reasons.ts';
import { taskLine, type TaskEnd } from './report/task-line.ts';
import { printable, type Terminal } from './terminal.ts';

export interface Progress {
  /** A task reached another state worth telling. */
  task(end: TaskEnd): void;
  /** Something the reader should know, on a line of its own. */
  note(text: string): void;
  warn(text: string, hint: string | undefined): void;
  /** How far the run is. `spent` is ready for reading. */
  counts(counts: StatusCounts, spent: string): void;
  /** Takes the bar away. Idempotent. */
  end(): void;
}

/** The engine that suits who reads. */
export async function createProgress(
  look: LineDetail | 'json',
  terminal: Terminal,
  now: () => Milliseconds,
): Promise<Progress> {
  if (look === 'json') return createJsonProgress(terminal, now);
  return terminal.isTty ? createBarProgress(terminal, now, look) : createPlainProgress(terminal, now, look);
}

const FINISHED_WIDTH = 118;
/** Several workers tell the same thing at once; once is enough. */
const REPEAT_MS: Milliseconds = 5_000;

export const finishedCount = (counts: StatusCounts): number =>
  counts.completed + counts.failed + counts.refused + counts.skipped + counts.cancelled;

/** `facts`: the output is shown elsewhere, its beginning need not stand in the line. */
export type LineDetail = 'beginning' | 'facts';

function createPlainProgress(terminal: Terminal, now: () => Milliseconds, detail: LineDetail): Progress {
  const isNews = onceInAWhile(now);
  const width = detail === 'facts' ? 0 : FINISHED_WIDTH;
  return {
    task: (end) => terminal.line(lineOf(end, terminal, width)),
    note: (text) => terminal.line(text),
    warn(text, hint) {
      if (isNews(text)) for (const line of warningLines(text, hint, terminal)) terminal.line(line);
    },
    counts: () => undefined,
    end: () => undefined,
  };
}

const lineOf = ({ id, record }: TaskEnd, { colours }: Terminal, width: number): string =>
  taskLine({ id, record: inWords(record) }, colours, width);

function createJsonProgress(terminal: Terminal, now: () => Milliseconds): Progress {
  const isNews = onceInAWhile(now);
  const write = (line: Readonly<Record<string, unknown>>): void => terminal.line(JSON.stringify(line));
  return {
    task: ({ id, record }) =>
      write({
        event: isFinal(record.status) ? 'task.ended' : 'task.changed',
        task_id: id,
        status: record.status,
        round: record.round,
        attempt: record.attempt,
        model: record.model ?? null,
        cost_nano_usd: record.cost,
        simulated: record.simulated,
        latency_ms: record.latencyMs ?? null,
        result_sha256: record.resultSha256 ?? null,
        reason: record.reason ?? null,
      }),
    note: () => undefined,
    warn(text, hint) {
      if (isNews(text)) write({ event: 'warning', text, hint: hint ?? null });
    },
    counts: () => undefined,
    end: () => undefined,
  };
}

/** cli-progress costs 60 ms to load: only who watches a bar pays it. */
async function createBarProgress(
  terminal: Terminal,
  now: () => Milliseconds,
  detail: LineDetail,
): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const began = now();
  const bars = new cliProgress.MultiBar({
    format: '{bar} {value}/{total} · {busy} in progress · {spent} · {elapsed}',
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    gracefulExit: false,
    barsize: Math.max(10, Math.min(30, terminal.columns - 60)),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    fps: 8,
  });
  // Drawn when there is something to show, not as a row of noughts before.
  let bar: ReturnType<typeof bars.create> | undefined;
  const isNews = onceInAWhile(now);
  let isOver = false;
  const say = (text: string): void =>
    isOver || bar === undefined ? terminal.line(text) : bars.log(`${text}\n`);
  return {
    task: (end) => say(lineOf(end, terminal, detail === 'facts' ? 0 : terminal.columns)),
    note: say,
    warn(text, hint) {
      if (isNews(text)) for (const line of warningLines(text, hint, terminal)) say(line);
    },
    counts(counts, spent) {
      if (isOver) return;
      const facts = { busy: counts.in_progress, spent, elapsed: formatDuration(now() - began) };
      const total = Math.max(1, counts.total);
      bar ??= bars.create(total, finishedCount(counts), facts);
      bar.setTotal(total);
      bar.update(finishedCount(counts), facts);
    },
    end() {
      if (isOver) return;
      isOver = true;
      bars.stop();
    },
  };
}

function warningLines(text: string, hint: string | undefined, { colours }: Terminal): readonly string[] {
  const lines = text
    .split('\n')
    .map((line, at) => colours.yellow(`${at === 0 ? '! ' : '  '}${printable(line)}`));
  return hint === undefined ? lines : [...lines, colours.dim(`  → ${printable(hint)}`)];
}

function onceInAWhile(now: () => Milliseconds): (text: string) => boolean {
  const told = new Map<string, Milliseconds>();
  return (text) => {
    const at = now();
    const isNews = at - (told.get(text) ?? -Infinity) >= REPEAT_MS;
    if (isNews) told.set(text, at);
    return isNews;
  };
}
