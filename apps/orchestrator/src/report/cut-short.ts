/** Answers that are results, and not whole ones. Pure. */
import type { TaskView } from '@vivarium/contracts';
import { names, shellWord } from './names.ts';

const MOST_NAMED = 5;

/** Ids of completed tasks whose answer was cut at a limit, in the order of the queue. */
export const cutShort = (views: readonly TaskView[]): readonly string[] =>
  views.flatMap(({ task, status, record }) =>
    status === 'completed' && record.finishReason === 'length' ? [task.id] : [],
  );

/** Nothing when there is none. */
export function cutShortLine(ids: readonly string[]): string | undefined {
  const [first] = ids;
  if (first === undefined) return undefined;
  const what =
    ids.length === 1 ? '1 completed answer was cut short' : `${ids.length} completed answers were cut short`;
  return `${what}: ${names(ids, MOST_NAMED)}  → orchestrator show ${shellWord(first)}`;
}
