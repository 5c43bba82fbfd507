/**
 * What the next execution log begins with when one is set aside, so that no task is done again, paid for under a key of before, or held for new. Pure. By the rules of the
 * fold alone: the next log is read by everybody as if the earlier one had never been.
 *
 * - Q7: `clear` lets every task begin its next round. `archive` hands on the round a task is in, line by line as they stand: its state is the same, byte for byte.
 */
import { createTaskFold, type ExecutionLogLine, type TaskFold } from '@vivarium/contracts';
import type { IdSource } from '@vivarium/core';

export type CarriedLine = Readonly<Record<string, unknown>>;

/** Whose log is set aside, and when: what is carried over is of that moment. */
export interface Aside {
  readonly home: string;
  readonly at: string;
  readonly ids: IdSource;
}

/** One line for every task that was: it stands at the beginning of the round after its last. */
export const nextRounds = (tasks: TaskFold, aside: Aside): readonly CarriedLine[] =>
  [...tasks.entries()].map(([taskId, { round }]) => lineAt(taskId, round + 1, 'cleared', aside));

/** `carried`: the line stands in the next log too, behind `before` when that is given. `left`: it is in the archive alone. */
export type Kept = { readonly kind: 'left' } | { readonly kind: 'carried'; readonly before?: CarriedLine };

/** Asked for each line of a log in its order. `last`: what all of its lines come to. */
export function createRoundKeeper(last: TaskFold, aside: Aside): (line: ExecutionLogLine) => Kept {
  const fold = createTaskFold();
  const begun = new Set<string>();
  return (line) => {
    const id = line.task_id;
    const { round } = last.get(id);
    if (fold.apply(line) === 'ignored' || fold.get(id).round !== round) return { kind: 'left' };
    const isFirst = !begun.has(id);
    begun.add(id);
    if (!isFirst || round === 1 || line.event === 'task.carried-over') return { kind: 'carried' };
    return { kind: 'carried', before: lineAt(id, round, 'archived', aside) };
  };
}

const lineAt = (taskId: string, round: number, reason: string, { home, at, ids }: Aside): CarriedLine => ({
  task_id: taskId,
  worker_id: 'orchestrator',
  status: 'queued',
  timestamp: at,
  reason,
  event: 'task.carried-over',
  event_id: ids.next('evt'),
  home,
  round,
  attempt: 0,
});
