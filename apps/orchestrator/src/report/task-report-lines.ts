/** `show` for people: the task, then each round and attempt with its facts and, line by line, what the record says of it. Pure. */
import {
  redact,
  type AttemptReport,
  type HistoryLine,
  type Task,
  type TaskReport,
} from '@vivarium/contracts';
import { formatDuration, formatUsd, nanoUsd, usdToNano } from '@vivarium/core';
import { printable, shorten, type Colours } from '../terminal.ts';
import { counted } from './counted.ts';
import { names, shellWord } from './names.ts';
import { outputLines } from './output-lines.ts';
import { reasonText } from './reasons.ts';
import { CUT_WORDS } from './task-line.ts';

export function taskReportLines(
  report: TaskReport,
  task: Task | undefined,
  colours: Colours,
  width: number,
): readonly string[] {
  const field = (name: string, value: string): string => `  ${name.padEnd(12)}${value}`.trimEnd();
  const usd = (nano: number): string => formatUsd(nanoUsd(nano));
  const lines = [
    `${colours.bold(printable(report.id))}  ${report.status.replace('_', ' ')}, round ${report.round}, attempt ${report.attempt}`,
  ];
  if (task === undefined) lines.push(field('task', 'no longer in the queue; the record keeps what happened'));
  else {
    lines.push(field('task', optionsOf(task)));
    if (task.depends_on.length > 0) lines.push(field('depends on', names(task.depends_on)));
  }
  if (report.waits_for.length > 0) lines.push(field('waits for', names(report.waits_for)));
  if (report.dependants.length > 0) lines.push(field('before', names(report.dependants)));
  if (task?.source !== undefined) {
    const { file, index, line } = task.source;
    lines.push(
      field('from', `${printable(file)}, ${line === undefined ? `entry ${index + 1}` : `line ${line}`}`),
    );
  }
  if (report.digest !== null) lines.push(field('digest', report.digest));
  if (report.edited) lines.push(field('edited', 'after its end: it runs again as new work'));
  lines.push(
    field(
      'cost',
      report.simulated_charged_nano_usd === 0
        ? usd(report.charged_nano_usd)
        : `${usd(report.charged_nano_usd)}, and ${usd(report.simulated_charged_nano_usd)} simulated (no real money moved)`,
    ),
  );
  if (report.result !== null)
    lines.push(
      field('result', report.result),
      colours.dim(`              → orchestrator show ${shellWord(report.id)} --output`),
    );
  if (task !== undefined) lines.push(field('prompt', ''), ...outputLines(redact(task.prompt), width));

  for (const { round, attempts, history } of report.rounds) {
    lines.push('', colours.bold(`Round ${round}`));
    // What was said of the round before its first attempt, and after the last.
    const first = attempts.find(({ started_at }) => started_at !== null)?.started_at;
    const isBefore = ({ timestamp }: HistoryLine): boolean =>
      first !== undefined && first !== null && Date.parse(timestamp) <= Date.parse(first);
    for (const line of history) if (isBefore(line)) lines.push(`  ${historyText(line, colours)}`);
    for (const attempt of attempts) {
      lines.push(`  ${headOf(attempt, colours)}`);
      const facts = factsOf(attempt);
      if (facts !== '') lines.push(`    ${facts}`);
      for (const line of attempt.history) lines.push(`    ${historyText(line, colours)}`);
    }
    for (const line of history) if (!isBefore(line)) lines.push(`  ${historyText(line, colours)}`);
  }
  if (report.rounds.length === 0) lines.push('', 'Nothing is on record of it yet.');
  if (report.unreadable_lines > 0)
    lines.push(
      '',
      colours.yellow(
        `${counted(report.unreadable_lines, 'line')} of the logs could not be read and may belong here`,
      ),
    );
  return lines.map((line) => (line.length > 4 * width ? shorten(line, 4 * width) : line));
}

function optionsOf(task: Task): string {
  const usd = (dollars: number): string => formatUsd(usdToNano(dollars));
  return [
    printable(task.type),
    task.model === null ? 'default model' : printable(task.model),
    `${usd(task.min_budget)}-${usd(task.max_budget)}`,
    `intensity ${task.intensity}`,
    ...(task.max_tokens === undefined ? [] : [`at most ${task.max_tokens} tokens`]),
    ...(task.temperature === undefined ? [] : [`temperature ${task.temperature}`]),
    ...(task.priority === undefined ? [] : [`priority ${task.priority}`]),
    ...(task.not_before === undefined ? [] : [`not before ${task.not_before}`]),
    ...(task.timeout_seconds === undefined ? [] : [`timeout ${task.timeout_seconds} s`]),
    ...(task.attempts === undefined ? [] : [counted(task.attempts, 'attempt')]),
  ].join(' · ');
}

function headOf(attempt: AttemptReport, colours: Colours): string {
  if (attempt.started_at === null) return colours.bold('outside of attempts');
  const head = `${colours.bold(`attempt ${attempt.attempt}`)}  ${attempt.status.replace('_', ' ')}`;
  const seconds =
    attempt.ended_at === null
      ? ''
      : ` after ${formatDuration(Math.max(0, Date.parse(attempt.ended_at) - Date.parse(attempt.started_at)))}`;
  return `${head}${seconds}  ${printable(attempt.worker_id ?? '')}${attempt.run_id === null ? '' : `, ${attempt.run_id}`}`;
}

/** Models, tokens, money, time, and what went wrong, as far as there is something to say. */
function factsOf(attempt: AttemptReport): string {
  const { requested_model: asked, model } = attempt;
  return [
    ...(model === null
      ? []
      : [asked === null || asked === model ? model : `${asked} asked, ${model} billed`]),
    ...(attempt.input_tokens === null
      ? []
      : [`${attempt.input_tokens} + ${attempt.output_tokens ?? 0} tokens`]),
    ...(attempt.cost_nano_usd === null
      ? []
      : [`${formatUsd(nanoUsd(attempt.cost_nano_usd))}${attempt.simulated ? ' simulated' : ''}`]),
    ...(attempt.latency_ms === null ? [] : [formatDuration(attempt.latency_ms)]),
    ...(attempt.finish_reason === 'length' ? [CUT_WORDS[attempt.cut_by ?? 'unknown']] : []),
    ...(attempt.error_code === null ? [] : [attempt.error_code]),
    ...(attempt.fingerprint === null ? [] : [`fingerprint ${attempt.fingerprint}`]),
    ...(attempt.not_before === null ? [] : [`not before ${attempt.not_before}`]),
    ...(attempt.status === 'in_progress' || attempt.reason === null ? [] : [reasonText(attempt.reason)]),
  ].join(', ');
}

function historyText(
  { timestamp, text, nano_usd: nano, counts, line }: HistoryLine,
  colours: Colours,
): string {
  const amount =
    nano === null ? '' : `  ${formatUsd(nanoUsd(nano))}${line['simulated'] === true ? ' simulated' : ''}`;
  const call = typeof line['call_id'] === 'string' ? colours.dim(`  ${line['call_id']}`) : '';
  const late = counts ? '' : colours.yellow('  (too late or twice: it changed nothing)');
  return `${colours.dim(timestamp)}  ${printable(text)}${amount}${call}${late}`;
}
