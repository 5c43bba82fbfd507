/**
 * One run on one home, from the first fork to the summary: what `start` and `up` share. Owns the progress and the two files that announce the run;
 * the processes are the supervisor's, the tasks the workers'.
 *
 * - Q9: it ends 50 ms after the last finish; whether something is left is asked of the record, not of memory.
 * - What it shows is folded from the record: a task that another run finishes shows here too.
 */
import {
  countStatuses,
  isFinal,
  isLeftBy,
  type ControlState,
  type StatusCounts,
  type TaskQueue,
  type TaskView,
} from '@vivarium/contracts';
import {
  isVivariumError,
  messageOf,
  nanoUsd,
  timestamp,
  type Milliseconds,
  type NanoUsd,
  type RunId,
} from '@vivarium/core';
import type { Config } from '@vivarium/config';
import { accessFaults, keepSealing, sweepHome, type Sealing } from '@vivarium/home';
import type { CommandDeps, OpenHome } from './deps.ts';
import { keepLooking, sparingly } from './looking.ts';
import type { Progress } from './progress.ts';
import type { TaskEnd } from './report/task-line.ts';
import { counted } from './report/counted.ts';
import { spent, spentText, type RunSummary } from './report/summary.ts';
import { cutShort } from './report/cut-short.ts';
import { keyringOf, sealerOf } from './sealing.ts';
import { createRunLedger } from './run-ledger.ts';
import { createSnapshotFile } from './snapshot.ts';
import { createRunWatch, type RunWatch } from './run-watch.ts';
import { createChildren } from './supervisor/children.ts';
import { createServices } from './supervisor/services.ts';
import type { RunEnd, ServiceName, SupervisorRules } from './supervisor/state.ts';
import { supervise } from './supervisor/supervise.ts';

export interface RunPlan {
  readonly runId: RunId;
  readonly workers: number;
  readonly concurrency: number;
  readonly services: readonly ServiceName[];
  readonly rules: SupervisorRules;
  /** Named by the operator: workers ask this one and no other. */
  readonly grindUrl: string | undefined;
  /** Book of the run (M5). */
  readonly simulated: boolean;
  readonly panelPort: number | undefined;
  readonly startedBy: string | undefined;
}

export interface RunHooks {
  readonly progress: Progress;
  /** A task reached another state. */
  readonly onTask: (end: TaskEnd) => void;
  readonly onServiceUp: (name: ServiceName, url: string, foreign: boolean) => void;
  readonly onEnding: (end: RunEnd, busy: number) => void;
  /** Called whenever nothing more can run for now; once per quiet time. */
  readonly onQuiet?: (views: readonly TaskView[]) => void;
  /** Somebody paused, halted or resumed. */
  readonly onControl: (before: ControlState, now: ControlState) => void;
}

const LOCK_WAIT_MS: Milliseconds = 30_000;
const LOOK_EVERY_MS: Milliseconds = 250;
/** Of the time: what counting all tasks for the eyes may take. */
const COUNTING_SHARE = 0.05;

export async function runQueue(
  plan: RunPlan,
  home: OpenHome,
  queue: TaskQueue,
  config: Config,
  hooks: RunHooks,
  deps: CommandDeps,
): Promise<RunSummary> {
  const { machine } = deps;
  const { clock, processes } = machine;
  const began = clock.monotonic();
  const watch = createRunWatch(home.record, createSnapshotFile(home.layout, machine.files));
  watch.read();
  const before = { real: totalOf(watch, false), simulated: totalOf(watch, true) };
  const ledger = createRunLedger(plan.runId, watch.tasks.entries());
  let control = home.control.read();
  const children = createChildren({
    repository: deps.repository,
    env: deps.env,
    diagnostics: home.layout.diagnostics,
    cwd: home.layout.root,
  });

  let views: readonly TaskView[] = [];
  let wasQuiet = false;
  const changesOf = (): readonly TaskEnd[] => {
    try {
      return watch.read();
    } catch (error) {
      if (!isVivariumError(error)) throw error;
      hooks.progress.warn(error.message, error.hint);
      return [];
    }
  };
  /** A queue.json that is being edited keeps its last good version; the workers tell what is wrong with it. */
  const takeStock = async (): Promise<StatusCounts> => {
    views = await queue.list().catch(() => views);
    const counts = countStatuses(views);
    const { money } = watch.money;
    hooks.progress.counts(
      counts,
      spentText(
        money.book(false).of('run', plan.runId),
        money.book(true).of('run', plan.runId),
        plan.simulated,
      ),
    );
    const isQuiet = nothingLeft(views, plan.runId);
    if (isQuiet && !wasQuiet) hooks.onQuiet?.(views);
    wasQuiet = isQuiet;
    return counts;
  };
  const tellNews = (): void => {
    for (const end of changesOf()) {
      ledger.see(end);
      if (end.record.status !== 'in_progress') hooks.onTask(end);
    }
    const now = home.control.read();
    hooks.onControl(control, now);
    control = now;
  };
  const takeStockSparingly = sparingly(clock, COUNTING_SHARE, takeStock);
  const look = async (): Promise<void> => {
    tellNews();
    await takeStockSparingly();
  };
  const looking = keepLooking(clock, look, (error) => hooks.progress.warn(messageOf(error), undefined));
  const unwatch = home.record.watch(looking.soon);
  const every = setInterval(looking.soon, LOOK_EVERY_MS);

  /** What befell the processes of this run: for whoever reads the log without having seen the terminal. */
  const tellRecord = (action: string, detail: string, event: string): void =>
    home.record.act({
      actor: 'orchestrator',
      action_type: 'SYSTEM',
      action,
      detail,
      event,
      run_id: plan.runId,
    });
  const beginSealing = (): Sealing => {
    const warn = (text: string): void => hooks.progress.warn(text, undefined);
    return keepSealing({
      sealer: sealerOf(home, deps, keyringOf(home, deps, warn), config.durability),
      clock,
      record: home.record,
      actor: 'orchestrator',
      onFault: warn,
    });
  };
  const announce = async (): Promise<void> => {
    sweepHome(home.layout, machine);
    for (const { message, hint } of accessFaults(home.layout, machine.files)) {
      hooks.progress.warn(message, hint);
      home.record.act({
        actor: 'orchestrator',
        action_type: 'SAFETY',
        action: 'WARNING',
        detail: `permissions: ${message}`,
        event: 'home.open-to-others',
        run_id: plan.runId,
      });
    }
    // Under the lock of queue.json: `clear` looks for runs while it holds it, so that none begins between its look and its deed.
    await machine.fileLock.withLock(home.layout.queue, LOCK_WAIT_MS, () =>
      home.runs.announceRun({
        run_id: plan.runId,
        ...processes.self,
        workers: plan.workers,
        concurrency: plan.concurrency,
        watch: plan.rules.stayWhenDrained,
        started_at: timestamp(clock),
        run_cap_nano_usd: config.runCap,
        simulated: plan.simulated,
      }),
    );
    home.record.act({
      actor: 'orchestrator',
      action_type: 'SYSTEM',
      action: 'started',
      detail: `${counted(plan.workers, 'worker')}, ${counted(plan.concurrency, 'task')} each`,
      event: 'run.started',
      run_id: plan.runId,
    });
  };
  const sealing = config.sealing === 'on' ? beginSealing() : undefined;
  let end: RunEnd;
  try {
    await announce();
    end = await supervise({
      workers: plan.workers,
      services: plan.services,
      rules: plan.rules,
      children,
      workerArguments: [
        '--home',
        home.layout.root,
        '--run',
        plan.runId,
        '--concurrency',
        String(plan.concurrency),
        '--timeout-seconds',
        String(config.workerTimeoutMs / 1_000),
        '--durability',
        config.durability,
        ...(plan.rules.stayWhenDrained ? ['--stays'] : []),
        ...(plan.grindUrl === undefined ? [] : ['--grind', plan.grindUrl]),
      ],
      createServices: (tell) =>
        createServices({
          children,
          layout: home.layout,
          homeId: home.id,
          runs: home.runs,
          clock,
          needsSimulator: plan.rules.needsSimulator,
          durability: config.durability,
          panelPort: plan.panelPort,
          tell,
          onForeign: (name, url) => hooks.onServiceUp(name, url, true),
        }),
      control: home.control,
      clock,
      startedBy: plan.startedBy,
      nothingLeft: () =>
        queue.list().then(
          (listed) => nothingLeft(listed, plan.runId),
          () => false,
        ),
      onWarning(text, hint) {
        hooks.progress.warn(text, hint);
        tellRecord('warning', text, 'run.warned');
      },
      onServiceUp(name, url) {
        hooks.onServiceUp(name, url, false);
        // The address alone: the panel's link holds its token.
        tellRecord('service', `${name} at ${new URL(url).origin}`, 'service.started');
      },
      onEnding: hooks.onEnding,
    });
  } finally {
    clearInterval(every);
    unwatch();
    await looking.stop();
    children.close();
    home.runs.endRun(plan.runId);
  }
  tellNews();
  const counts = await takeStock();
  watch.remember();
  hooks.progress.end();
  home.record.act({
    actor: 'orchestrator',
    action_type: 'SYSTEM',
    action: 'ended',
    detail: `${end.kind}: ${counts.completed} of ${counts.total} completed`,
    event: 'run.ended',
    run_id: plan.runId,
  });
  await sealing?.stop();
  const { money } = watch.money;
  const besides = (simulated: boolean, at: NanoUsd): NanoUsd =>
    nanoUsd(Math.max(0, totalOf(watch, simulated) - at - spent(money.book(simulated).of('run', plan.runId))));
  return {
    runId: plan.runId,
    durationMs: clock.monotonic() - began,
    end,
    counts,
    open: views.filter(({ status }) => status !== 'completed'),
    real: money.book(false).of('run', plan.runId),
    simulated: money.book(true).of('run', plan.runId),
    cap: config.runCap,
    besides: { real: besides(false, before.real), simulated: besides(true, before.simulated) },
    waves: ledger.waves(views),
    cutShort: cutShort(views.filter(({ record }) => record.runId === plan.runId)),
    logs: home.layout.logs,
    results: home.layout.results,
  };
}

const totalOf = ({ money }: RunWatch, simulated: boolean): NanoUsd =>
  spent(money.money.book(simulated).total);

/** Every task is final, or waits for another run, or for one that does. One whose dependency will never complete is still to be skipped (Q10). */
export function nothingLeft(views: readonly TaskView[], runId: RunId): boolean {
  const byId = new Map(views.map((view) => [view.task.id, view]));
  const willComplete = (id: string): boolean => {
    const status = byId.get(id)?.status;
    return status !== undefined && (status === 'completed' || !isFinalStatus(status));
  };
  return views.every(({ status, record, waitsFor }) => {
    if (isFinalStatus(status)) return true;
    if (status === 'blocked') return waitsFor.every(willComplete);
    return status !== 'in_progress' && isLeftBy(record, runId);
  });
}

const isFinalStatus = (status: TaskView['status']): boolean => status !== 'blocked' && isFinal(status);
