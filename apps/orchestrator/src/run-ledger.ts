/**
 * What each task took of a run: seconds from claim to end, and money, all attempts of the run together. Owns its sums; told of every change of state in
 * the order of the log. Times are those of the record: they are told, nothing is decided by them.
 */
import { isFinal, type TaskRecord, type TaskView } from '@vivarium/contracts';
import { addUsd, nanoUsd, zeroUsd, type NanoUsd } from '@vivarium/core';
import { wavesOf } from './graph/levels.ts';
import type { TaskEnd } from './report/task-line.ts';

export interface WaveSums {
  /** Tasks that came to their end in this run. */
  readonly tasks: number;
  /** Of all tasks together, from claim to end. */
  readonly taskMs: number;
  readonly real: NanoUsd;
  readonly simulated: NanoUsd;
}

export interface RunLedger {
  see(end: TaskEnd): void;
  /** Sums of the waves in which this run worked: who waited for another stands below it. */
  waves(views: readonly TaskView[]): readonly WaveSums[];
}

export const NOTHING_DONE: WaveSums = { tasks: 0, taskMs: 0, real: zeroUsd, simulated: zeroUsd };

/** `before`: the records as they stood when the run began; what they cost is not its own. */
export function createRunLedger(runId: string, before: Iterable<readonly [string, TaskRecord]>): RunLedger {
  const known = new Map<string, { readonly round: number; readonly cost: NanoUsd }>();
  for (const [id, { round, cost }] of before) if (cost > 0) known.set(id, { round, cost });
  const begun = new Map<string, number>();
  const sums = new Map<string, WaveSums>();
  return {
    see({ id, record }) {
      const last = known.get(id);
      const more = nanoUsd(record.cost - (last?.round === record.round ? last.cost : 0));
      known.set(id, record);
      if (record.runId !== runId) {
        begun.delete(id);
        return;
      }
      const at = Date.parse(record.since ?? '');
      const from = begun.get(id);
      if (record.status === 'in_progress') {
        begun.set(id, at);
        return;
      }
      if (from === undefined) return;
      begun.delete(id);
      const sum = sums.get(id) ?? NOTHING_DONE;
      sums.set(id, {
        tasks: sum.tasks + (isFinal(record.status) ? 1 : 0),
        taskMs: sum.taskMs + Math.max(0, at - from),
        real: record.simulated ? sum.real : addUsd(sum.real, more),
        simulated: record.simulated ? addUsd(sum.simulated, more) : sum.simulated,
      });
    },
    waves: (views) =>
      wavesOf(
        views.flatMap(({ task }) => (sums.has(task.id) ? [{ id: task.id, dependsOn: task.depends_on }] : [])),
      ).map((ids) => sumOf(ids.map((id) => sums.get(id) ?? NOTHING_DONE))),
  };
}

export const sumOf = (sums: readonly WaveSums[]): WaveSums =>
  sums.reduce(
    (all, one) => ({
      tasks: all.tasks + one.tasks,
      taskMs: all.taskMs + one.taskMs,
      real: addUsd(all.real, one.real),
      simulated: addUsd(all.simulated, one.simulated),
    }),
    NOTHING_DONE,
  );
