/** The chain of unfinished tasks that takes longest: no number of workers is done before it. Pure. */
import type { TaskView } from '@vivarium/contracts';
import { isOpen } from '../choice.ts';
import { levelsOf } from './levels.ts';

export interface CriticalPath {
  /** Each waits for the one before it. */
  readonly ids: readonly string[];
  /** What it will take, by what tasks of its types took; undefined while no task has completed. */
  readonly expectedMs: number | undefined;
}

/**
 * Longest by the median latency of completed tasks of the same type (of all completed ones for a type without any), by number of tasks while nothing
 * has completed. Of chains that are alike the one that ends first in the order of the queue, and of its dependencies again the first.
 */
export function criticalPath(views: readonly TaskView[]): CriticalPath {
  const expected = expectedMs(views);
  const open = views.filter(isOpen);
  const weights = new Map(open.map(({ task }) => [task.id, expected?.(task.type) ?? 1]));
  const nodes = open.map(({ task }) => ({ id: task.id, dependsOn: task.depends_on }));
  const levels = levelsOf(nodes);
  const order = new Map(nodes.map(({ id }, place) => [id, place]));
  const best = new Map<string, { readonly length: number; readonly before: string | undefined }>();
  for (const { id, dependsOn } of nodes.toSorted(
    (a, b) => (levels.get(a.id) ?? 0) - (levels.get(b.id) ?? 0),
  )) {
    if (!levels.has(id)) continue;
    const before = longest(dependsOn, best, order);
    best.set(id, { before, length: (best.get(before ?? '')?.length ?? 0) + (weights.get(id) ?? 1) });
  }
  const ids: string[] = [];
  const end = longest([...best.keys()], best, order);
  for (let id = end; id !== undefined; id = best.get(id)?.before) ids.unshift(id);
  return {
    ids,
    expectedMs: expected === undefined || end === undefined ? undefined : (best.get(end)?.length ?? 0),
  };
}

function longest(
  ids: readonly string[],
  best: ReadonlyMap<string, { readonly length: number }>,
  order: ReadonlyMap<string, number>,
): string | undefined {
  let found: string | undefined;
  for (const id of ids) {
    const length = best.get(id)?.length;
    if (length === undefined) continue;
    const most = found === undefined ? -1 : (best.get(found)?.length ?? 0);
    const isFirst = (order.get(id) ?? 0) < (order.get(found ?? '') ?? Number.POSITIVE_INFINITY);
    if (length > most || (length === most && isFirst)) found = id;
  }
  return found;
}

/** Undefined when nothing has completed with a known latency. */
function expectedMs(views: readonly TaskView[]): ((type: string) => number) | undefined {
  const byType = new Map<string, number[]>();
  const all: number[] = [];
  for (const { status, task, record } of views) {
    if (status !== 'completed' || record.latencyMs === undefined) continue;
    all.push(record.latencyMs);
    const known = byType.get(task.type);
    if (known === undefined) byType.set(task.type, [record.latencyMs]);
    else known.push(record.latencyMs);
  }
  if (all.length === 0) return undefined;
  const medians = new Map([...byType].map(([type, latencies]) => [type, median(latencies)]));
  const ofAll = median(all);
  return (type) => medians.get(type) ?? ofAll;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
