/** Where everything stands: the contract of `status --json`, built from the folds, and the same for people. Pure. */
import {
  countStatuses,
  type BreakerLine,
  type ControlOrder,
  type ControlState,
  type HomeLayout,
  type MoneyFold,
  type OrchestratorFile,
  type PaceView,
  type StatusReport,
  type TaskView,
} from '@vivarium/contracts';
import { formatDuration, formatUsd, nanoUsd } from '@vivarium/core';
import { printable, type Colours } from '../terminal.ts';
import { alikeRemedy, alikeText, groupAlike } from './alike.ts';
import { counted } from './counted.ts';
import { cutShort, cutShortLine } from './cut-short.ts';
import { reasonText } from './reasons.ts';
import { remedyFor } from './remedies.ts';

export interface StatusFacts {
  readonly layout: HomeLayout;
  readonly views: readonly TaskView[];
  readonly money: MoneyFold;
  readonly breakers: readonly BreakerLine[];
  readonly paces: readonly PaceView[];
  readonly control: ControlState;
  readonly orders: readonly ControlOrder[];
  readonly runs: readonly OrchestratorFile[];
  readonly grind:
    | { readonly url: string; readonly provider: string; readonly simulated: boolean }
    | undefined;
  readonly unreadableLines: number;
}

export function statusReport(facts: StatusFacts): StatusReport {
  const real = facts.money.book(false).total;
  const simulated = facts.money.book(true).total;
  const { control } = facts;
  return {
    home: facts.layout.root,
    ...countStatuses(facts.views),
    cost_nano_usd: real.settled + real.unknown,
    simulated_cost_nano_usd: simulated.settled + simulated.unknown,
    held_nano_usd: real.held,
    simulated_held_nano_usd: simulated.held,
    unknown_nano_usd: real.unknown,
    simulated_unknown_nano_usd: simulated.unknown,
    breakers: facts.breakers.map(({ upstream, model, reason, timestamp: since, until }) => ({
      upstream,
      model,
      why: reason,
      since,
      until: until ?? null,
    })),
    paces: [...facts.paces],
    control: control.kind,
    control_reason: control.kind === 'running' ? null : control.reason,
    orders: facts.orders.map(({ kind, scope, reason, actor }) => ({
      kind,
      scope: scope.kind === 'all' ? 'all' : `${scope.kind} ${scope.id}`,
      reason,
      actor: actor ?? null,
    })),
    runs: facts.runs.map(({ run_id, pid, workers }) => ({ run_id, pid, workers })),
    grind: facts.grind ?? null,
    unreadable_lines: facts.unreadableLines,
    // Made when they are asked for: of a long queue most who look want the counters.
    get tasks() {
      return facts.views.map((view) => taskRow(view, facts.layout));
    },
    cut_short: [...cutShort(facts.views)],
  };
}

function taskRow(
  { task, status, record, waitsFor }: TaskView,
  layout: HomeLayout,
): StatusReport['tasks'][number] {
  const isHeld = status === 'in_progress';
  return {
    id: task.id,
    type: task.type,
    status,
    round: record.round,
    attempt: record.attempt,
    worker_id: isHeld ? (record.workerId ?? null) : null,
    model: record.model ?? task.model,
    cost_nano_usd: record.cost,
    simulated: record.simulated,
    waits_for: [...waitsFor],
    reason: record.reason ?? null,
    error_code: record.errorCode ?? null,
    fingerprint: record.fingerprint ?? null,
    finish_reason: record.finishReason ?? null,
    cut_by: record.cutBy ?? null,
    priority: task.priority ?? 0,
    not_before: laterOf(task.not_before, record.notBefore),
    depends_on: [...task.depends_on],
    result:
      record.resultSha256 === undefined
        ? null
        : layout.result(record.resultSha256).slice(layout.root.length + 1),
  };
}

/** The task's own date, or the one that its last attempt left. */
function laterOf(wanted: string | undefined, recorded: string | null | undefined): string | null {
  if (wanted === undefined || recorded === undefined || recorded === null) return wanted ?? recorded ?? null;
  return Date.parse(wanted) > Date.parse(recorded) ? wanted : recorded;
}

const MOST_SHOWN = 20;
const NUMBER_WIDTH = 5;

/** For people. The seed's five counters come first, at fixed places; the rest when there is something to say. `all`: every task, one line each. */
export function statusLines(
  report: StatusReport,
  views: readonly TaskView[],
  colours: Colours,
  all = false,
): readonly string[] {
  const percent = report.total === 0 ? 0 : Math.floor((100 * report.completed) / report.total);
  const counter = (name: string, value: number, note = ''): string =>
    `  ${name.padEnd(14)}${String(value).padStart(NUMBER_WIDTH)}${note}`;
  const lines = [
    colours.bold(`Vivarium · ${printable(report.home)}`),
    counter('Total tasks', report.total),
    counter('Completed', report.completed, ` (${percent}%)`),
    counter('In progress', report.in_progress),
    counter(
      'Pending',
      report.queued + report.blocked + report.deferred + report.retrying,
      pendingNote(report),
    ),
    counter('Failed', report.failed),
  ];
  if (report.refused > 0) lines.push(counter('Refused', report.refused));
  if (report.skipped > 0) lines.push(counter('Skipped', report.skipped));
  if (report.cancelled > 0) lines.push(counter('Cancelled', report.cancelled));
  lines.push('', `  control   ${controlText(report, colours)}`);
  for (const { kind, scope, reason } of report.orders)
    if (scope !== 'all')
      lines.push(`            ${colours.yellow(`${printable(scope)}: ${kind}: ${printable(reason)}`)}`);
  const grind = report.grind;
  lines.push(
    `  grind     ${grind === null ? 'none is up' : `${grind.url} (${grind.provider}${grind.simulated ? ', SIMULATED: no real money moves' : ''})`}`,
  );
  for (const { model, upstream, why, until } of report.breakers)
    lines.push(
      `  breaker   ${colours.yellow(`${printable(model)} at ${printable(upstream)} is open: ${printable(why)}${until === null ? '' : `; tried again after ${until}`}`)}  (orchestrator breaker)`,
    );
  for (const pace of report.paces)
    if (pace.waiting > 0 || pace.blocked_for_ms > 0) lines.push(`  pace      ${paceText(pace)}`);
  for (const run of report.runs)
    lines.push(`  run       ${run.run_id}, ${counted(run.workers, 'worker')}, pid ${run.pid}`);
  lines.push(`  cost      ${moneyText(report, false)}`);
  if (report.simulated_cost_nano_usd > 0 || report.simulated_held_nano_usd > 0)
    lines.push(`  simulated ${moneyText(report, true)}`);
  if (report.unreadable_lines > 0)
    lines.push(
      colours.yellow(
        `  ${counted(report.unreadable_lines, 'line')} of the record could not be read and ${report.unreadable_lines === 1 ? 'was' : 'were'} passed over`,
      ),
    );
  const cut = cutShortLine(report.cut_short);
  if (cut !== undefined) lines.push(colours.yellow(`  ${cut}`));
  if (all) return [...lines, '', ...report.tasks.map((row) => rowText(row, colours))];
  const those = (...statuses: readonly TaskView['status'][]): readonly TaskView[] =>
    views.filter(({ status }) => statuses.includes(status));
  lines.push(
    ...listLines('In progress', those('in_progress'), colours, workerText),
    ...openLines(those('failed', 'refused', 'skipped', 'cancelled', 'deferred', 'retrying'), colours),
  );
  return lines;
}

/** Of a model whose callers have to wait. */
function paceText(pace: PaceView): string {
  const { model, waiting, under_way, tokens, requests, requests_a_minute: minute, blocked_for_ms } = pace;
  const left = (of: PaceView['tokens'], what: string): readonly string[] =>
    of === null ? [] : [`${of.left} of ${of.limit} ${what} left`];
  return [
    `${printable(model)}: ${counted(waiting, 'call')} waiting for its rate limits, ${under_way} under way`,
    ...left(tokens, 'tokens'),
    ...left(requests, 'requests'),
    ...left(minute, 'requests a minute'),
    ...(blocked_for_ms > 0 ? [`none before ${formatDuration(blocked_for_ms)} have passed`] : []),
  ].join('; ');
}

function pendingNote({ queued, blocked, deferred, retrying }: StatusReport): string {
  const parts = Object.entries({ queued, blocked, deferred, retrying }).flatMap(([name, number]) =>
    number > 0 ? [`${number} ${name}`] : [],
  );
  return parts.length > 1 || (parts.length === 1 && queued === 0) ? ` (${parts.join(', ')})` : '';
}

function controlText({ control, control_reason }: StatusReport, colours: Colours): string {
  const reason = printable(control_reason ?? '');
  switch (control) {
    case 'running':
      return 'running';
    case 'hold':
      return colours.yellow(`ON HOLD: ${reason}  (orchestrator resume)`);
    case 'paused':
      return colours.yellow(`PAUSED: ${reason}  (orchestrator resume)`);
    case 'draining':
      return colours.yellow(`DRAINING: ${reason}  (orchestrator resume)`);
    case 'halted':
      return colours.red(`HALTED: ${reason}  (orchestrator clear-halt --reason "…")`);
  }
}

function moneyText(report: StatusReport, simulated: boolean): string {
  const spent = nanoUsd(simulated ? report.simulated_cost_nano_usd : report.cost_nano_usd);
  const held = nanoUsd(simulated ? report.simulated_held_nano_usd : report.held_nano_usd);
  const unknown = nanoUsd(simulated ? report.simulated_unknown_nano_usd : report.unknown_nano_usd);
  const parts = [formatUsd(spent)];
  if (unknown > 0) parts.push(`${formatUsd(unknown)} of it unknown, charged at worst case`);
  if (held > 0) parts.push(`${formatUsd(held)} held besides`);
  return parts.join(', ') + (simulated ? ' (no real money moved)' : '');
}

/** `a  blocked  waits for b` */
function rowText({ id, status, waits_for }: StatusReport['tasks'][number], colours: Colours): string {
  const waits = waits_for.length > 0 ? `  waits for ${waits_for.map(printable).join(', ')}` : '';
  return `  ${colours.bold(printable(id))}  ${status.replace('_', ' ')}${waits}`;
}

const workerText = ({ record }: TaskView): string =>
  `${record.workerId ?? 'somebody'}, attempt ${record.attempt}, since ${record.since ?? 'unknown'}`;
const MORE = 'more; --all lists every task';

function listLines(
  title: string,
  found: readonly TaskView[],
  colours: Colours,
  text: (view: TaskView) => string,
): readonly string[] {
  if (found.length === 0) return [];
  const shown = found
    .slice(0, MOST_SHOWN)
    .map((view) => `    ${colours.bold(printable(view.task.id))}  ${text(view)}`);
  const more = found.length > MOST_SHOWN ? [`    and ${found.length - MOST_SHOWN} ${MORE}`] : [];
  return ['', `  ${title} (${found.length})`, ...shown, ...more];
}

/** What did not complete, each with its remedy; failures that are alike as one. */
function openLines(found: readonly TaskView[], colours: Colours): readonly string[] {
  if (found.length === 0) return [];
  const groups = groupAlike(found);
  const shown = groups.slice(0, MOST_SHOWN);
  const rest = found.length - shown.reduce((sum, { all }) => sum + all.length, 0);
  return [
    '',
    `  Did not complete (${found.length})`,
    ...shown.map((group) => {
      const { first, all } = group;
      const reason = reasonText(first.record.reason ?? 'no reason on record');
      return all.length === 1
        ? `    ${colours.bold(printable(first.task.id))}  ${first.status}: ${reason}\n      → ${remedyFor(first)}`
        : `    ${colours.bold(first.status)}  ${alikeText(group, reason)}\n      → ${alikeRemedy(group)}`;
    }),
    ...(rest > 0 ? [`    and ${rest} ${MORE}`] : []),
  ];
}
