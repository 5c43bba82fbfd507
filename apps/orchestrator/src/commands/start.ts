/** `start [N]`: works the queue off with N processes, and ends when nothing more can run. */
import {
  committed,
  countStatuses,
  isFinal,
  type ControlState,
  type OrchestratorFile,
  type Stopped,
  type TaskView,
} from '@vivarium/contracts';
import { nanoUsd, runId, timestamp, zeroUsd, type NanoUsd } from '@vivarium/core';
import {
  modelsOf,
  openHome,
  openQueue,
  readConfig,
  type CommandDeps,
  type OpenHome,
  type RunExitCode,
} from '../deps.ts';
import { grindLines, grindUpLine, isSimulated, planGrind } from '../grind-plan.ts';
import { createProgress, type Progress } from '../progress.ts';
import { capLine } from '../report/cap-line.ts';
import { counted } from '../report/counted.ts';
import { exitCodeOf, factLines, summaryLines, summaryRecord, type RunSummary } from '../report/summary.ts';
import { cutShort } from '../report/cut-short.ts';
import { fundingLines, worstCaseLines } from '../report/funding.ts';
import { createMoneyReader } from '../report/money.ts';
import { previewLines, previewOf, previewRecord } from '../report/run-preview.ts';
import { nothingLeft, runQueue, type RunPlan } from '../run.ts';
import { createSnapshotFile } from '../snapshot.ts';
import type { RunEnd } from '../supervisor/state.ts';
import type { Terminal } from '../terminal.ts';
import { controlNote, leaveText, stateText } from './control.ts';
import { dryRunLines, planDryRun, worstCaseOf } from './dry-run.ts';

export interface StartInput {
  readonly home: string | undefined;
  readonly workers: number;
  readonly concurrency: number;
  readonly watch: boolean;
  readonly dryRun: boolean;
  readonly runCap: string | undefined;
  readonly durability: 'os' | 'fsync' | undefined;
  readonly json: boolean;
}

export async function start(input: StartInput, deps: CommandDeps): Promise<RunExitCode> {
  const home = openHome(input.home, deps, 'prepare');
  const config = readConfig(home, deps, { runCapUsd: input.runCap, durability: input.durability });
  const terminal = config.noColor ? deps.terminal.plain() : deps.terminal;
  const say = (line: string): void => (input.json ? undefined : terminal.line(line));

  const control = liftDrain(home);
  if (control.kind === 'paused' || control.kind === 'halted') {
    if (input.json)
      terminal.line(JSON.stringify({ event: 'run.refused', control: control.kind, reason: control.reason }));
    for (const line of controlLines(control)) say(line);
    return 3;
  }
  const run = runId(deps.machine.ids.next('run'));
  const faults: string[] = [];
  const queue = openQueue(home, deps, run, (problem) => faults.push(problem.message));
  const views = await queue.list();
  const preview = previewOf(views, [...faults]);
  if (input.dryRun) {
    const plan = planDryRun(views, config.defaultModel, modelsOf(home.layout, deps));
    if (input.json)
      terminal.line(
        JSON.stringify({
          event: 'run.planned',
          tasks: plan.views.map(({ task }) => task.id),
          waves: plan.waves.map(({ ids, worstCase }) => ({ ids, worst_case_nano_usd: worstCase })),
          worst_case_nano_usd: plan.worstCase,
          run_cap_nano_usd: config.runCap,
          workers: input.workers,
          concurrency: input.concurrency,
        }),
      );
    else {
      for (const line of dryRunLines(plan, input.workers, input.concurrency, config.runCap)) say(line);
      for (const line of fundingLines(views, config.runCap)) say(line);
    }
    return 0;
  }
  if (views.length === 0 && !input.watch) {
    say(`No tasks in queue: ${home.layout.queue}`);
    say(
      '  Add one: orchestrator add task-1 grind --prompt "…"   or many: orchestrator add --file tasks.json',
    );
    if (input.json)
      terminal.line(
        JSON.stringify({ event: 'run.ended', end: 'drained', exit_code: 0, ...countStatuses(views) }),
      );
    return 0;
  }
  if (nothingLeft(views, run) && !input.watch) {
    say('Nothing is left that could run; nothing was started.');
    const money = createMoneyReader(home.record).money;
    const summary: RunSummary = {
      runId: run,
      durationMs: 0,
      end: { kind: 'drained' },
      counts: countStatuses(views),
      open: views.filter(({ status }) => status !== 'completed'),
      real: money.book(false).of('run', run),
      simulated: money.book(true).of('run', run),
      cap: config.runCap,
      besides: { real: zeroUsd, simulated: zeroUsd },
      waves: [],
      cutShort: cutShort(views),
      logs: home.layout.logs,
      results: home.layout.results,
    };
    if (input.json) return tellEnd(summary, true, terminal);
    for (const line of factLines(summary, terminal.colours)) say(line);
    return exitCodeOf(summary.end, summary.counts);
  }

  const grind = await planGrind(home, config);
  say(
    terminal.colours.bold(
      `Vivarium · ${counted(input.workers, 'worker')} × ${input.concurrency} · ${leftText(views)} · ${home.layout.root}`,
    ),
  );
  for (const line of previewLines(preview)) say(line);
  for (const line of companyLines(home.runs.liveRuns())) say(line);
  for (const line of grindLines(grind, config))
    say(line.startsWith('SIMULATED') ? terminal.colours.yellow(line) : line);
  const most = worstCaseOf(views, config.defaultModel, modelsOf(home.layout, deps));
  const dayLeft = leftOfDay(home, isSimulated(grind), config.dayCap, deps);
  for (const line of worstCaseLines(most, config.runCap, { cap: config.dayCap, left: dayLeft })) say(line);
  for (const line of fundingLines(views, config.runCap)) say(terminal.colours.yellow(line));
  const progress = await createProgress(input.json ? 'json' : 'beginning', terminal, () =>
    deps.machine.clock.monotonic(),
  );
  if (input.json)
    terminal.line(
      JSON.stringify({
        event: 'run.started',
        run_id: run,
        workers: input.workers,
        concurrency: input.concurrency,
        tasks: views.length,
        simulated: isSimulated(grind),
        worst_case_nano_usd: most,
        run_cap_nano_usd: config.runCap,
        day_cap_nano_usd: config.dayCap,
        day_left_nano_usd: dayLeft,
        ...previewRecord(preview),
      }),
    );

  const needsSimulator = config.upstream.kind === 'simulator';
  const plan: RunPlan = {
    runId: run,
    workers: input.workers,
    concurrency: input.concurrency,
    services: grind.kind !== 'own' ? [] : needsSimulator ? ['simulator', 'grind'] : ['grind'],
    rules: {
      stayWhenDrained: input.watch,
      stayWhenHalted: input.watch,
      grindIsGiven: grind.kind === 'given',
      needsSimulator,
    },
    grindUrl: grind.kind === 'given' ? grind.url : undefined,
    simulated: isSimulated(grind),
    panelPort: undefined,
    startedBy: undefined,
  };
  const summary = await runQueue(
    plan,
    home,
    queue,
    config,
    {
      progress,
      onTask: (end) => progress.task(end),
      onServiceUp: (name, url) => {
        if (name === 'grind') progress.note(grindUpLine(url, home.runs.liveGrind()));
      },
      onControl: (before, now) => {
        // A run that ends by HALT says so as its end.
        const isEnd = now.kind === 'draining' || (now.kind === 'halted' && !input.watch);
        const note = isEnd ? undefined : controlNote(before, now);
        if (note !== undefined) progress.note(note);
      },
      onQuiet: (quiet) => {
        const cap = input.watch ? capLine(quiet, run, config.runCap) : undefined;
        if (cap !== undefined) progress.note(terminal.colours.yellow(cap));
      },
      onEnding: (end, busy) => tellEnding(end, busy, progress),
    },
    deps,
  );
  return tellEnd(summary, input.json, terminal);
}

/** How much there is to do: all tasks, or those that others have left. */
export function leftText(views: readonly TaskView[]): string {
  const left = views.filter(({ status }) => status === 'blocked' || !isFinal(status)).length;
  return left === views.length ? counted(left, 'task') : `${left} of ${counted(views.length, 'task')} left`;
}

export const companyLines = (runs: readonly OrchestratorFile[]): readonly string[] =>
  runs.map(
    ({ run_id, pid }) =>
      `another run (${run_id}, pid ${pid}) is at work here too: what it completes shows here as well, what it spends does not`,
  );

/** What a signal means is said at once: the next one means something else. */
export function tellEnding(end: RunEnd, busy: number, progress: Progress): void {
  if (end.kind === 'signal' && busy > 0)
    progress.note(
      `${end.signal}: finishing what runs, claiming nothing new. Once more to give it back and leave now.`,
    );
  if (end.kind === 'draining') progress.note('DRAIN: what runs is finished, nothing new is claimed.');
  if (end.kind === 'halted') progress.note('HALT: calls are aborted and their tasks given back.');
}

export function tellEnd(summary: RunSummary, json: boolean, terminal: Terminal): RunExitCode {
  const code = exitCodeOf(summary.end, summary.counts);
  if (json) terminal.line(JSON.stringify(summaryRecord(summary, code)));
  else for (const line of summaryLines(summary, terminal.colours)) terminal.line(line);
  return code;
}

export const controlLines = (control: Stopped): readonly string[] => [
  `${stateText(control)}. Nothing is started.`,
  `  To go on: ${leaveText(control)}`,
];

/** A drain ended the runs that were; whoever starts another one wants it to run. */
export function liftDrain({ control }: OpenHome): ControlState {
  const state = control.read();
  if (state.kind !== 'draining') return state;
  control.change({ verb: 'resume', actor: 'orchestrator', reason: 'started again' });
  return control.read();
}

/** By the record: a grind that is up may hold another cap than this command's settings say, and says so itself when it defers. */
function leftOfDay(home: OpenHome, simulated: boolean, cap: NanoUsd, deps: CommandDeps): NanoUsd {
  const reader = createMoneyReader(
    home.record,
    createSnapshotFile(home.layout, deps.machine.files).read()?.money,
  );
  reader.refresh();
  const today = timestamp(deps.machine.clock).slice(0, 10);
  return nanoUsd(Math.max(0, cap - committed(reader.money.book(simulated).of('day', today))));
}
