/** Opens tasks again and says so in the action log. Owns nothing: what may be opened is the queue's to decide (Q7). */
import type { RevisionAnswer, TaskQueue } from '@vivarium/contracts';
import type { OpenHome } from './deps.ts';

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
