/**
 * `up [N]`, which `npm start` runs: simulator when there is no key, grind, control panel and N workers on the queue, until Ctrl-C. With `--once` it
 * ends when nothing more can run. A second one on the same home tells what the first has done and where it is, and redoes nothing.
 */
import { countStatuses, type StatusCounts } from '@vivarium/contracts';
import { runId } from '@vivarium/core';
import {
  openHome,
  openQueue,
  readConfig,
  type CommandDeps,
  type OpenHome,
  type RunExitCode,
} from '../deps.ts';
import { grindLines, grindUpLine, isSimulated, planGrind } from '../grind-plan.ts';
import { linkTo, livePanelLink } from '../panel-link.ts';
import { counted } from '../report/counted.ts';
import { fundingLines } from '../report/funding.ts';
import { outputLines } from '../report/output-lines.ts';
import { capLine } from '../report/cap-line.ts';
import { exitCodeOf, countsText, summaryLines, type RunSummary } from '../report/summary.ts';
import type { TaskEnd } from '../report/task-line.ts';
import { nothingLeft, runQueue, type RunPlan } from '../run.ts';
import type { ServiceName } from '../supervisor/state.ts';
import type { Terminal } from '../terminal.ts';
import { controlNote, leaveText, stateText } from './control.ts';
import { createProgress } from '../progress.ts';
import { companyLines, controlLines, liftDrain, tellEnd, tellEnding } from './start.ts';

export interface UpInput {
  readonly home: string | undefined;
  readonly workers: number;
  readonly concurrency: number;
  readonly once: boolean;
  readonly panelPort: number | undefined;
  readonly runCap: string | undefined;
  readonly durability: 'os' | 'fsync' | undefined;
  /** Set when npm started us: leave when npm is gone, also when only npm was told to. */
  readonly startedBy: string | undefined;
}

export async function up(input: UpInput, deps: CommandDeps): Promise<RunExitCode> {
  const home = openHome(input.home, deps, 'prepare');
  const config = readConfig(home, deps, { runCapUsd: input.runCap, durability: input.durability });
  const terminal = config.noColor ? deps.terminal.plain() : deps.terminal;
  const { colours } = terminal;
  const run = runId(deps.machine.ids.next('run'));
  const queue = openQueue(home, deps, run);
  const views = await queue.list();
  const counts = countStatuses(views);
  terminal.line(colours.bold(`Vivarium · ${home.layout.root}`));

  const other = home.runs.liveRuns().find(({ watch }) => watch);
  if (other !== undefined) {
    terminal.line(
      `Already running here: ${other.run_id}, ${counted(other.workers, 'worker')}, pid ${other.pid}. Nothing was started again.`,
    );
    terminal.line(`  ${countsText(counts)}`);
    for (const line of placeLines(home)) terminal.line(line);
    return 0;
  }
  const control = liftDrain(home);
  if (control.kind !== 'running') {
    if (input.once && control.kind !== 'hold') {
      for (const line of controlLines(control)) terminal.line(line);
      return 3;
    }
    terminal.line(
      colours.red(`${stateText(control)}. Nothing is paid for until it is lifted: ${leaveText(control)}`),
    );
  }
  const isDone = nothingLeft(views, run);
  if (isDone) terminal.line(doneText(counts));
  if (isDone && input.once) {
    for (const line of placeLines(home)) terminal.line(line);
    return exitCodeOf({ kind: 'drained' }, counts);
  }

  for (const line of companyLines(home.runs.liveRuns())) terminal.line(line);
  const grind = await planGrind(home, config);
  for (const line of grindLines(grind, config))
    terminal.line(line.startsWith('SIMULATED') ? colours.yellow(line) : line);
  for (const line of fundingLines(views, config.runCap)) terminal.line(colours.yellow(line));
  const needsSimulator = config.upstream.kind === 'simulator';
  const own: readonly ServiceName[] =
    grind.kind !== 'own' ? [] : needsSimulator ? ['simulator', 'grind'] : ['grind'];
  const plan: RunPlan = {
    runId: run,
    workers: input.workers,
    concurrency: input.concurrency,
    // A page that is gone a moment later helps nobody.
    services: input.once ? own : [...own, 'panel'],
    rules: {
      stayWhenDrained: !input.once,
      stayWhenHalted: !input.once,
      grindIsGiven: grind.kind === 'given',
      needsSimulator,
    },
    grindUrl: grind.kind === 'given' ? grind.url : undefined,
    simulated: isSimulated(grind),
    panelPort: input.panelPort,
    startedBy: input.startedBy,
  };
  const progress = await createProgress('facts', terminal, () => deps.machine.clock.monotonic());
  let said = isDone ? doneText(counts) : undefined;
  let isPlaced = false;
  const summary = await runQueue(
    plan,
    home,
    queue,
    config,
    {
      progress,
      onTask: (end) => {
        progress.task(end);
        for (const line of resultLines(end, home, terminal)) progress.note(line);
      },
      onServiceUp: (name, url, foreign) => {
        if (name === 'grind') progress.note(grindUpLine(url, home.runs.liveGrind()));
        if (name === 'panel')
          progress.note(`control panel: ${colours.cyan(foreign ? linkTo(url, home.runs) : url)}`);
      },
      onControl: (before, now) => {
        const isEnd = now.kind === 'draining' || (input.once && now.kind === 'halted');
        const note = isEnd ? undefined : controlNote(before, now);
        if (note !== undefined) progress.note(note);
      },
      onEnding: (end, busy) => tellEnding(end, busy, progress),
      onQuiet: (quiet) => {
        if (input.once) return;
        const text = doneText(countStatuses(quiet));
        if (text !== said) progress.note(text);
        said = undefined;
        const cap = capLine(quiet, run, config.runCap);
        if (cap !== undefined) progress.note(colours.yellow(cap));
        if (isPlaced) return;
        isPlaced = true;
        for (const line of placeLines(home)) progress.note(line);
        progress.note(
          cap === undefined
            ? 'Ctrl-C stops everything. Tasks added meanwhile are worked on at once: orchestrator add …'
            : 'Ctrl-C stops everything.',
        );
      },
    },
    deps,
  );
  if (input.once) return tellEnd(summary, false, terminal);
  for (const line of summaryLines(summary, colours)) terminal.line(line);
  return stoppedCode(summary);
}

/** To be stopped is how it ends when all is well. */
function stoppedCode({ end }: RunSummary): RunExitCode {
  switch (end.kind) {
    case 'signal':
    case 'parent_gone':
    case 'drained':
      return 0;
    case 'halted':
    case 'draining':
      return 3;
    case 'fault':
      return 4;
    case 'crash_loop':
      return 1;
  }
}

export function doneText(counts: StatusCounts): string {
  if (counts.total === 0) return 'The queue is empty.';
  if (counts.completed === counts.total)
    return `${counts.total === 1 ? 'The one task is' : `All ${counts.total} tasks are`} completed; nothing is done twice.`;
  return `Nothing more can run: ${countsText(counts)}.`;
}

function resultLines({ record }: TaskEnd, home: OpenHome, terminal: Terminal): readonly string[] {
  if (record.status !== 'completed' || record.resultSha256 === undefined) return [];
  const text = home.record.getResult(record.resultSha256);
  return text === undefined
    ? []
    : outputLines(text, terminal.isTty ? terminal.columns : 100).map((line) => terminal.colours.dim(line));
}

function placeLines(home: OpenHome): readonly string[] {
  const link = livePanelLink(home.runs);
  return [
    ...(link === undefined ? [] : [`  control panel: ${link}`]),
    `  results: ${home.layout.results}   logs: ${home.layout.logs}`,
  ];
}
