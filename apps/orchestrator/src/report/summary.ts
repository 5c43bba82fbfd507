/** How a run ended: the facts, the exit code they mean, and the block that people read. Pure. */
import { committed, type StatusCounts, type Sums, type TaskView } from '@vivarium/contracts';
import { addUsd, formatDuration, formatUsd, type Milliseconds, type NanoUsd } from '@vivarium/core';
import type { RunExitCode } from '../deps.ts';
import type { RunEnd } from '../supervisor/state.ts';
import { printable, type Colours } from '../terminal.ts';
import { sumOf, type WaveSums } from '../run-ledger.ts';
import { alikeRemedy, alikeText, groupAlike, type Alike } from './alike.ts';
import { cutShortLine } from './cut-short.ts';
import { hasSums, sumsText } from './money.ts';
import { counted } from './counted.ts';
import { names } from './names.ts';
import { reasonText } from './reasons.ts';
import { remedyFor, type RunMoney } from './remedies.ts';
import { waveLines, waveRecords } from './wave-lines.ts';

export interface RunSummary {
  readonly runId: string;
  readonly durationMs: Milliseconds;
  readonly end: RunEnd;
  readonly counts: StatusCounts;
  /** Tasks that did not complete, in the order of the queue. */
  readonly open: readonly TaskView[];
  /** Of this run. */
  readonly real: Sums;
  readonly simulated: Sums;
  readonly cap: NanoUsd;
  /** What other runs and direct requests spent on this home meanwhile. */
  readonly besides: { readonly real: NanoUsd; readonly simulated: NanoUsd };
  /** What the run did, wave by wave. */
  readonly waves: readonly WaveSums[];
  /** Ids of what completed with an answer that was cut. */
  readonly cutShort: readonly string[];
  readonly logs: string;
  readonly results: string;
}

const SIGNAL_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** What the state of the whole queue means, when nothing cut the run short. */
export function exitCodeOf(end: RunEnd, counts: StatusCounts): RunExitCode {
  switch (end.kind) {
    case 'halted':
    case 'draining':
      return 3;
    case 'fault':
      return 4;
    case 'crash_loop':
      return 1;
    case 'signal':
      return isAllFinal(counts) ? outcomeCode(counts) : SIGNAL_CODES[end.signal];
    case 'parent_gone':
      return isAllFinal(counts) ? outcomeCode(counts) : SIGNAL_CODES.SIGTERM;
    case 'drained':
      return outcomeCode(counts);
  }
}

const isAllFinal = ({ queued, blocked, in_progress, retrying, deferred }: StatusCounts): boolean =>
  queued + blocked + in_progress + retrying + deferred === 0;

function outcomeCode({ failed, refused, skipped, completed, total, cancelled }: StatusCounts): 0 | 1 | 5 {
  if (failed + refused + skipped > 0) return 1;
  return completed + cancelled < total ? 5 : 0;
}

const MOST_OPEN_SHOWN = 12;

export function summaryLines(summary: RunSummary, colours: Colours): readonly string[] {
  const { counts, end } = summary;
  const head = `${headline(end, counts)} ${end.kind === 'drained' ? 'in' : 'after'} ${formatDuration(summary.durationMs)}`;
  const hint = endHint(end);
  return [
    '',
    colours.bold(exitCodeOf(end, counts) === 0 ? colours.green(head) : colours.yellow(head)),
    ...factLines(summary, colours),
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ];
}

/** Counts, money, places and what is open: also where nothing was started, and so nothing ended. */
export function factLines(summary: RunSummary, colours: Colours): readonly string[] {
  const { counts, open, besides } = summary;
  const lines = [`  ${countsText(counts)}`];
  if (hasSums(summary.real)) lines.push(`  cost: ${sumsText(summary.real)}`);
  if (hasSums(summary.simulated))
    lines.push(`  cost, simulated: ${sumsText(summary.simulated)} (no real money moved)`);
  if (!hasSums(summary.real) && !hasSums(summary.simulated))
    lines.push('  cost: nothing was spent in this run');
  const others = [
    ...(besides.real > 0 ? [formatUsd(besides.real)] : []),
    ...(besides.simulated > 0 ? [`${formatUsd(besides.simulated)} simulated`] : []),
  ];
  if (others.length > 0) lines.push(`  besides: ${others.join(' + ')} by other runs and direct requests`);
  for (const line of waveLines(summary.waves, summary.durationMs)) lines.push(`  ${line}`);
  const cut = cutShortLine(summary.cutShort);
  if (cut !== undefined) lines.push(colours.yellow(`  ${cut}`));
  lines.push(`  results: ${summary.results}   logs: ${summary.logs}`);
  if (counts.completed > 0)
    lines.push(colours.dim('    → `orchestrator results DIR` writes each to a file named after its task'));
  // Nothing is wrong with these, and there may be hundreds.
  const idsOf = (wanted: TaskView['status']): readonly string[] =>
    open.filter(({ status }) => status === wanted).map(({ task }) => task.id);
  const told = groupAlike(open.filter(({ status }) => status !== 'queued' && status !== 'blocked'));
  const run = { cap: summary.cap, committed: addUsd(committed(summary.real), committed(summary.simulated)) };
  for (const group of told.slice(0, MOST_OPEN_SHOWN)) lines.push(...openLines(group, run, colours));
  const untold = sumOfAll(told.slice(MOST_OPEN_SHOWN));
  if (untold > 0) lines.push(`  and ${untold} more; \`orchestrator status --all\` lists every task`);
  const blocked = idsOf('blocked');
  if (blocked.length > 0)
    lines.push(`  ${counted(blocked.length, 'task')} blocked, for want of others: ${names(blocked)}`);
  const queued = idsOf('queued').length;
  if (queued > 0)
    lines.push(
      `  ${counted(queued, 'task')} ${queued === 1 ? 'is' : 'are'} still queued: start again to go on.`,
    );
  return lines;
}

/** `3 completed, 1 failed of 4`: what is nought is not said. */
export function countsText(counts: StatusCounts): string {
  const { total, ...statuses } = counts;
  const told = Object.entries(statuses).flatMap(([status, number]) =>
    number > 0 ? [`${number} ${status.replace('_', ' ')}`] : [],
  );
  return total === 0 ? 'no tasks' : `${told.join(', ')} of ${total}`;
}

const sumOfAll = (groups: readonly Alike[]): number => groups.reduce((sum, { all }) => sum + all.length, 0);

function openLines(group: Alike, run: RunMoney, colours: Colours): readonly string[] {
  const { first, all } = group;
  const status = first.status.replace('_', ' ');
  const reason = first.record.reason === undefined ? undefined : reasonText(first.record.reason);
  return all.length === 1
    ? [
        `  ${colours.bold(printable(first.task.id))} ${status}${reason === undefined ? '' : `: ${reason}`}`,
        colours.dim(`    → ${remedyFor(first, run)}`),
      ]
    : [
        `  ${colours.bold(status)} ${alikeText(group, reason ?? 'no reason on record')}`,
        colours.dim(`    → ${alikeRemedy(group)}`),
      ];
}

function headline(end: RunEnd, counts: StatusCounts): string {
  switch (end.kind) {
    case 'drained':
      if (counts.total === 0) return 'Nothing to do: the queue is empty';
      switch (outcomeCode(counts)) {
        case 0:
          return counts.cancelled === 0 ? 'All completed' : 'Worked off';
        case 5:
          return 'Ended with work deferred';
        default:
          return 'Ended, not all completed';
      }
    case 'signal':
      return `Stopped by ${end.signal}`;
    case 'parent_gone':
      return 'Stopped: the process that started this is gone';
    case 'halted':
      return `HALTED: ${printable(end.reason)}`;
    case 'draining':
      return `Drained: ${printable(end.reason)}`;
    case 'fault':
      return `Stopped: ${printable(end.message)}`;
    case 'crash_loop':
      return `Given up: ${printable(end.who)} ended 5 times within a minute`;
  }
}

function endHint(end: RunEnd): string | undefined {
  switch (end.kind) {
    case 'halted':
      return 'To leave HALT: orchestrator clear-halt --reason "…"';
    case 'draining':
      return 'To go on: orchestrator start';
    case 'fault':
      return end.hint;
    case 'crash_loop':
      return 'What they said last is in run/diagnostics.log of the home.';
    case 'drained':
    case 'signal':
    case 'parent_gone':
      return undefined;
  }
}

/** The same for programs. */
export const summaryRecord = (
  summary: RunSummary,
  exitCode: RunExitCode,
): Readonly<Record<string, unknown>> => ({
  event: 'run.ended',
  run_id: summary.runId,
  end: summary.end.kind,
  exit_code: exitCode,
  duration_ms: Math.round(summary.durationMs),
  ...summary.counts,
  cost_nano_usd: committed(summary.real),
  simulated_cost_nano_usd: committed(summary.simulated),
  unknown_nano_usd: summary.real.unknown,
  simulated_unknown_nano_usd: summary.simulated.unknown,
  besides_nano_usd: summary.besides.real,
  simulated_besides_nano_usd: summary.besides.simulated,
  held_nano_usd: summary.real.held,
  simulated_held_nano_usd: summary.simulated.held,
  task_ms: sumOf(summary.waves).taskMs,
  waves: waveRecords(summary.waves),
  cut_short: summary.cutShort,
  open: summary.open.map(({ task, status, record }) => ({
    id: task.id,
    status,
    reason: record.reason ?? null,
    error_code: record.errorCode ?? null,
    fingerprint: record.fingerprint ?? null,
  })),
});

export const spent = ({ settled, unknown }: Sums): NanoUsd => addUsd(settled, unknown);

/** `$0.0012 simulated` for a line of progress; both books when both moved, and the run's own before any did. What is only held is not spent. */
export function spentText(real: Sums, simulated: Sums, isSimulated: boolean): string {
  const parts = [
    ...(hasSums(real) || (!hasSums(simulated) && !isSimulated) ? [formatUsd(spent(real))] : []),
    ...(hasSums(simulated) || (!hasSums(real) && isSimulated)
      ? [`${formatUsd(spent(simulated))} simulated`]
      : []),
  ];
  return parts.join(' + ');
}
