/** Which tasks are shown, and in what order. Pure. */
import type { TaskRow, TaskStatus } from '@vivarium/contracts';

export const SORTS = ['task', 'status', 'tokens', 'latency', 'cost', 'age'] as const;
export type SortKey = (typeof SORTS)[number];
export interface Sort {
  readonly key: SortKey;
  readonly isDescending: boolean;
}
/** The order of queue.json: the one that does not move while one looks. */
export const QUEUE_ORDER: Sort = { key: 'task', isDescending: false };

/** In the order of somebody's interest: at work, in trouble, waiting, done. */
export const STATUS_ORDER = [
  'in_progress',
  'retrying',
  'failed',
  'refused',
  'deferred',
  'queued',
  'blocked',
  'skipped',
  'cancelled',
  'completed',
] as const satisfies readonly TaskStatus[];

export function listTasks(
  tasks: Iterable<TaskRow>,
  statuses: ReadonlySet<TaskStatus>,
  search: string,
  sort: Sort,
): readonly TaskRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = [...tasks].filter(
    (task) =>
      (statuses.size === 0 || statuses.has(task.status)) &&
      words.every((word) => textOf(task).includes(word)),
  );
  const value = valueOf[sort.key];
  const sign = sort.isDescending ? -1 : 1;
  return shown.sort((a, b) => sign * (value(a) - value(b)) || a.order - b.order);
}

const textOf = (task: TaskRow): string =>
  [
    task.id,
    task.type,
    task.status,
    task.worker_id,
    task.requested_model,
    task.model,
    task.error_code,
    task.reason,
    task.prompt,
  ]
    .join(' ')
    .toLowerCase();

/** Age grows as the moment of the change recedes; what never changed is oldest of all. */
const valueOf: Readonly<Record<SortKey, (task: TaskRow) => number>> = {
  task: (task) => task.order,
  status: (task) => STATUS_ORDER.indexOf(task.status),
  tokens: (task) => task.input_tokens + task.output_tokens,
  latency: (task) => task.latency_ms ?? -1,
  cost: (task) => task.cost_nano_usd + task.held_nano_usd,
  age: (task) => -(task.since === null ? 0 : Date.parse(task.since) || 0),
};

/** A click on a heading: the most of it first, then the least, then the order of the queue again. */
export function nextSort(sort: Sort, key: SortKey): Sort {
  if (key === 'task') return QUEUE_ORDER;
  const first = key === 'status' ? false : true;
  if (sort.key !== key) return { key, isDescending: first };
  return sort.isDescending === first ? { key, isDescending: !first } : QUEUE_ORDER;
}
