/** Opens tasks again and says so in the action log. Owns nothing: what may be opened is the queue's to decide (Q7). */
import type { RevisionAnswer, TaskQueue, TaskView } from '@vivarium/contracts';
import { openQueue, type CommandDeps, type OpenHome } from './deps.ts';

export async function reopen(
  { record }: Pick<OpenHome, 'record'>,
  queue: Pick<TaskQueue, 'retry'>,
  ids: readonly string[],
  reason: string,
): Promise<RevisionAnswer> {
  if (ids.length === 0) return { changed: [], rejected: [] };
  const answer = await queue.retry(ids, reason);
  for (const id of answer.changed)
    record.act({
      actor: 'operator',
      action_type: 'SYSTEM',
      action: 'retry',
      detail: `${id} (${reason})`,
      event: 'task.reopened',
      task_id: id,
    });
  return answer;
}

/** Opens what was deferred for one reason, which is gone now. Answers the tasks that are open again; one that was taken up meanwhile is none of them. */
export async function reopenDeferred(
  home: OpenHome,
  deps: CommandDeps,
  waits: (view: TaskView) => boolean,
  reason: string,
): Promise<readonly string[]> {
  // A call that was refused a moment before: its worker writes that down now.
  if (home.runs.liveRuns().length > 0) await deps.machine.clock.sleep(LAST_REFUSALS_MS);
  const queue = openQueue(home, deps);
  const waiting = (await queue.list())
    .filter((view) => view.status === 'deferred' && waits(view))
    .map(({ task }) => task.id);
  return (await reopen(home, queue, waiting, reason)).changed;
}
const LAST_REFUSALS_MS = 250;
