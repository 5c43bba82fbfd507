/**
 * Puts the overview together: what the record, the beats, the control state and grind say at one moment. Owns the memory of when work last
 * made progress; everything else is asked of its parts.
 */
import type {
  BeatFile,
  ControlOrder,
  ControlState,
  FeedLog,
  FeedPosition,
  MoneyFigures,
  OrchestratorFile,
  Overview,
  Sums,
} from '@vivarium/contracts';
import { type Clock, sumUsd, timestamp } from '@vivarium/core';
import type { GrindSeen } from './grind-probe.ts';
import { BUCKET_MS, type FlowStats } from './flow-stats.ts';
import type { TaskBoard } from '../feed/task-board.ts';
import type { MoneyLines } from '../feed/money-lines.ts';
import { flowVerdict } from './flow-verdict.ts';
import { moneyVerdict } from './money-verdict.ts';
import { runningVerdict } from './running-verdict.ts';
import type { WorkerWatch } from './worker-watch.ts';

/** What the overview is made from. The parts of the feed are asked for anew each time: they change when a file is replaced. */
export interface OverviewSources {
  readonly clock: Clock;
  readonly feed: {
    readonly board: TaskBoard;
    readonly flow: FlowStats;
    readonly money: MoneyLines;
    readonly queueFault: string | undefined;
    unreadable(): Readonly<Record<FeedLog, number>>;
    position(): FeedPosition;
  };
  readonly watch: WorkerWatch;
  beats(): readonly BeatFile[];
  runs(): readonly OrchestratorFile[];
  grind(): GrindSeen | undefined;
  control(): ControlState;
  orders(): readonly ControlOrder[];
  record(): Overview['record'];
}

export function createOverview(sources: OverviewSources): () => Overview {
  const { clock, feed, watch } = sources;
  /** Last time, on the wall, at which nothing could be called stuck yet: the start of a run, the end of a pause. */
  let freedAt = clock.now().getTime();
  let wasRunning = false;

  return () => {
    const now = clock.monotonic();
    const wall = clock.now().getTime();
    const control = sources.control();
    const runs = sources.runs();
    watch.observe(sources.beats(), control, now);
    const workers = watch.rows(now);
    const acknowledgement = watch.acknowledgement(now);
    const fresh = workers.filter((worker) => worker.state === 'fresh').length;

    const isRunning = control.kind === 'running' && fresh > 0;
    if (isRunning && !wasRunning) freedAt = wall;
    wasRunning = isRunning;
    const lastProgress = Math.max(
      feed.flow.lastFinishMs ?? 0,
      freedAt,
      ...runs.map((run) => Date.parse(run.started_at)),
    );

    const { board } = feed;
    const counts = board.counts();
    const grind = sources.grind();
    const runId =
      runs.toSorted((a, b) => a.started_at.localeCompare(b.started_at)).at(-1)?.run_id ?? board.lastRun;
    const books = { real: board.money.book(false), simulated: board.money.book(true) };
    const ofRun = {
      real: figures(runId === undefined ? books.real.total : books.real.of('run', runId)),
      simulated: figures(runId === undefined ? books.simulated.total : books.simulated.of('run', runId)),
    };
    // The book that is being spent from: the one the run has used, and before it has used any, the one grind writes to.
    const isSimulated = isUsed(ofRun.real) ? false : isUsed(ofRun.simulated) || (grind?.simulated ?? false);
    // Announced by the run, or, when it is over, in the record since its first call.
    const cap =
      runs.find(({ run_id }) => run_id === runId)?.run_cap_nano_usd ??
      (runId === undefined ? undefined : books[isSimulated ? 'simulated' : 'real'].capOf('run', runId)) ??
      null;
    const lately = feed.money.charged(runId, isSimulated, wall, LATELY_MS);
    const book = isSimulated ? ofRun.simulated : ofRun.real;
    const holds = board.money.openHolds();
    const held = (simulated: boolean): number =>
      sumUsd(holds.filter((hold) => (hold.line.simulated ?? false) === simulated).map((hold) => hold.amount));

    return {
      as_of: timestamp(clock),
      position: feed.position(),
      verdict: {
        running: runningVerdict({
          control,
          acknowledgement,
          fresh,
          target: runs.reduce((sum, run) => sum + run.workers, 0),
          runs: runs.length,
        }),
        flow: flowVerdict({
          control,
          fresh,
          total: counts.total,
          queued: counts.queued,
          retrying: counts.retrying,
          inProgress: counts.in_progress,
          blocked: counts.blocked,
          deferred: counts.deferred,
          medianMs: feed.flow.medianMs(),
          sinceProgressMs: Math.max(0, wall - lastProgress),
        }),
        money: moneyVerdict({
          figures: isSimulated ? ofRun.simulated : ofRun.real,
          simulated: isSimulated,
          capNanoUsd: cap,
          hasRun: isUsed(ofRun.real) || isUsed(ofRun.simulated),
        }),
      },
      control: {
        kind: control.kind,
        reason: control.kind === 'running' ? null : control.reason,
        actor: control.kind === 'running' ? null : (control.actor ?? null),
        since: control.kind === 'running' ? null : (control.since ?? null),
        workers: acknowledgement.each.map(({ workerId, hasLetGo, afterMs }) => ({
          worker_id: workerId,
          has_let_go: hasLetGo,
          after_ms: afterMs ?? null,
        })),
        effective: control.kind !== 'running' && acknowledgement.effective,
        effective_after_ms: acknowledgement.effectiveAfterMs ?? null,
        scoped: sources
          .orders()
          .flatMap(({ kind, scope, reason }) =>
            scope.kind === 'all' ? [] : [{ kind, scope: `${scope.kind} ${scope.id}`, reason }],
          ),
      },
      counts,
      workers,
      runs: runs.map(({ run_id, workers: asked, concurrency, watch: watching, started_at }) => ({
        run_id,
        workers: asked,
        concurrency,
        watch: watching,
        started_at,
      })),
      grind:
        grind === undefined
          ? null
          : {
              url: grind.url,
              provider: grind.provider,
              simulated: grind.simulated,
              status: grind.status,
              breakers: grind.breakers,
              paces: grind.paces,
            },
      record: sources.record(),
      in_flight: { calls: holds.length, held_real: held(false), held_simulated: held(true) },
      money: {
        run_id: runId ?? null,
        cap_nano_usd: cap,
        ...ofRun,
        total_real: figures(books.real.total),
        total_simulated: figures(books.simulated.total),
        is_simulated: isSimulated,
        refused: feed.money.refused(runId, isSimulated),
        lately_nano_usd: lately,
        cap_lasts_ms:
          cap === null || lately === 0 ? null : (Math.max(0, cap - committedOf(book)) / lately) * LATELY_MS,
      },
      finishes: { bucket_ms: BUCKET_MS, counts: feed.flow.counts(wall) },
      unreadable: feed.unreadable(),
      queue_fault: feed.queueFault ?? null,
    };
  };
}

const LATELY_MS = 600_000;
const committedOf = ({ settled, unknown, held }: MoneyFigures): number => settled + unknown + held;

const figures = (sums: Sums): MoneyFigures => ({
  settled: sums.settled,
  unknown: sums.unknown,
  held: sums.held,
  calls: sums.calls,
  input_tokens: sums.inputTokens,
  output_tokens: sums.outputTokens,
});

const isUsed = (money: MoneyFigures): boolean => money.calls > 0 || money.held > 0;
