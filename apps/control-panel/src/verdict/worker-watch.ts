/**
 * Which workers are at hand, judged by their beats, and which of them have let go of their work since the control state changed.
 * Owns nothing on disk: it is handed beat files and the time, and remembers when each counter last moved.
 *
 * - A beat is fresh while its counter moves, on this process's monotonic clock (Q5): the time written in a file is never trusted.
 * - Requested is not effective: a worker has acknowledged PAUSE or HALT only by a beat that came after the change and says that it holds
 *   nothing. What it wrote before the change says nothing about the change.
 */
import { orderOf, type BeatFile, type ControlState, type WorkerRow } from '@vivarium/contracts';
import type { Milliseconds, ProcessIdentity } from '@vivarium/core';

/** Several beats of a healthy worker fit into it. */
export const STILL_AFTER_MS = 5_000;

export interface Acknowledgement {
  readonly workers: number;
  readonly acknowledged: number;
  readonly effective: boolean;
  readonly effectiveAfterMs: number | undefined;
  /** Each of the workers. `afterMs`: from the change to the look that found it had let go. */
  readonly each: readonly {
    readonly workerId: string;
    readonly hasLetGo: boolean;
    readonly afterMs: number | undefined;
  }[];
}

export interface WorkerWatch {
  /** To be called at every look: with all beat files there are, and the control state in force. */
  observe(beats: readonly BeatFile[], control: ControlState, now: Milliseconds): void;
  /** All workers seen, those that have ended without taking their beat along included. */
  rows(now: Milliseconds): readonly WorkerRow[];
  acknowledgement(now: Milliseconds): Acknowledgement;
}

interface Seen {
  readonly beat: BeatFile;
  readonly movedAt: Milliseconds;
  /** Counter at the last change of the control state; undefined for one that came later. */
  readonly counterAtChange: number | undefined;
}

export function createWorkerWatch(isGone: (process: ProcessIdentity) => boolean): WorkerWatch {
  let seen = new Map<string, Seen>();
  /** In force at the last look. */
  let order: string | undefined;
  let isHold = false;
  let change:
    | {
        readonly key: string;
        /** Undefined for the state that was found at the start: nobody here has seen it begin. */
        readonly at: Milliseconds | undefined;
        effectiveAfterMs: number | undefined;
        readonly letGoAfterMs: Map<string, number>;
      }
    | undefined;

  const stateOf = ({ beat, movedAt }: Seen, now: Milliseconds): WorkerRow['state'] =>
    isGone(beat) ? 'gone' : now - movedAt > STILL_AFTER_MS ? 'still' : 'fresh';
  /** It says that it obeys; where work must end too, it holds none any more. A hold lets it keep what it has. */
  const hasLetGo = ({ beat, counterAtChange }: Seen): boolean => {
    const moved = counterAtChange === undefined || beat.counter !== counterAtChange;
    const obeys = beat.obeys === undefined ? moved : order === undefined || beat.obeys.orders.includes(order);
    return obeys && (isHold || (beat.busy === 0 && moved));
  };

  const acknowledgement = (now: Milliseconds): Acknowledgement => {
    const each = [...seen.values()]
      .filter((worker) => stateOf(worker, now) !== 'gone')
      .map((worker) => ({
        workerId: worker.beat.worker_id,
        hasLetGo: hasLetGo(worker),
        afterMs: hasLetGo(worker) ? change?.letGoAfterMs.get(worker.beat.worker_id) : undefined,
      }));
    const acknowledged = each.filter((worker) => worker.hasLetGo).length;
    return {
      workers: each.length,
      acknowledged,
      effective: acknowledged === each.length,
      effectiveAfterMs: change?.effectiveAfterMs,
      each,
    };
  };

  return {
    observe(beats, control, now) {
      order = control.kind === 'running' ? undefined : orderOf(control);
      isHold = control.kind === 'hold';
      const key = order ?? 'running';
      const changed = change !== undefined && change.key !== key;
      const next = new Map<string, Seen>();
      for (const beat of beats) {
        const before = seen.get(beat.worker_id);
        const moved =
          before === undefined || before.beat.counter !== beat.counter || before.beat.pid !== beat.pid;
        next.set(beat.worker_id, {
          beat,
          movedAt: moved ? now : before.movedAt,
          counterAtChange: changed ? beat.counter : before?.counterAtChange,
        });
      }
      seen = next;
      // The state found at the start is not a change: its beats are taken as they are, and how long it took nobody here has seen.
      if (change === undefined || changed)
        change = {
          key,
          at: change === undefined ? undefined : now,
          effectiveAfterMs: undefined,
          letGoAfterMs: new Map(),
        };
      if (change.at === undefined || control.kind === 'running') return;
      const { each, effective } = acknowledgement(now);
      for (const { workerId, hasLetGo: has } of each)
        if (has && !change.letGoAfterMs.has(workerId)) change.letGoAfterMs.set(workerId, now - change.at);
      if (effective) change.effectiveAfterMs ??= now - change.at;
    },
    rows: (now) =>
      [...seen.values()].map((worker) => ({
        worker_id: worker.beat.worker_id,
        run_id: worker.beat.run_id,
        pid: worker.beat.pid,
        state: stateOf(worker, now),
        slots: worker.beat.slots,
        busy: worker.beat.busy,
        quiet_ms: Math.round(now - worker.movedAt),
      })),
    acknowledgement,
  };
}
