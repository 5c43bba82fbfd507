/**
 * Where each task of the queue stands, kept up to date line by line: what may be claimed, what waits for a time, for a dependency or for a
 * holder, what must be skipped. Owns no truth: every place is an answer of readiness.ts, asked again when a line may have changed it.
 *
 * - Q6: a claim costs the same at any length of queue and log. A blocked task watches one dependency at a time, so that a completion is
 *   told only to tasks it may free: a task that waits for ten thousand others is visited once for each, not looked through for each.
 * - Q10: an end other than completed is told to all dependants at once; there is one such visit per edge and round.
 */
import type { Task, TaskFold } from '@vivarium/contracts';
import {
  dependencyState,
  firstUnmet,
  ownReadiness,
  readinessOf,
  type DependencyState,
  type PlanCounts,
  type PlanView,
  type Readiness,
} from './readiness.ts';
import { createDues, type Times } from './dues.ts';
import { createReadyList, type ReadyLink } from './ready-list.ts';
import { createTimeHeap } from './time-heap.ts';

export interface ReadyIndex {
  readonly counts: PlanCounts;
  lookUp(id: string): Task | undefined;
  /** Ids of the tasks that depend on it. */
  dependantsOf(id: string): readonly string[];
  /** The first task that may be claimed; its `next` lead to the others. */
  readonly firstReady: ReadyLink | undefined;
  isReady(id: string): boolean;
  /** Tasks to be skipped, with the dependency and the reason. */
  readonly toSkip: ReadonlyMap<string, Extract<Readiness, { kind: 'to_skip' }>>;
  /** Tasks in progress by worker. */
  readonly heldBy: ReadonlyMap<string, ReadonlySet<string>>;
  /** When the next task falls due, in monotonic milliseconds. */
  readonly earliest: number | undefined;
  /** A line about this task was applied to the fold. */
  recordChanged(id: string): void;
  /** Takes in tasks that were added behind the others. */
  append(added: readonly Task[]): void;
  /** Moves what has fallen due to the tasks that may be claimed. */
  ripen(): void;
}

interface Node {
  readonly task: Task;
  place: Readiness;
  link: ReadyLink | undefined;
}

export function createReadyIndex(
  tasks: readonly Task[],
  fold: TaskFold,
  runId: string,
  times: Times,
): ReadyIndex {
  const nodes = new Map<string, Node>();
  const dependants = new Map<string, string[]>();
  const watchers = new Map<string, Set<string>>();
  const states = new Map<string, DependencyState>();
  const ready = createReadyList();
  const later = createTimeHeap();
  const toSkip = new Map<string, Extract<Readiness, { kind: 'to_skip' }>>();
  const heldBy = new Map<string, Set<string>>();
  const counts = { claimable: 0, later: 0, blocked: 0, to_skip: 0, held: 0, another_run: 0, final: 0 };
  const lookUp = (id: string): Task | undefined => nodes.get(id)?.task;
  const dueAt = createDues(times);
  const view: PlanView = {
    fold,
    lookUp,
    runId,
    dueAt,
    get nowMs() {
      return times.nowMs();
    },
  };

  append(tasks);

  return {
    counts,
    append,
    lookUp,
    dependantsOf: (id) => dependants.get(id) ?? [],
    get firstReady() {
      return ready.first;
    },
    isReady: (id) => nodes.get(id)?.place.kind === 'claimable',
    toSkip,
    heldBy,
    get earliest() {
      dropOutdated();
      return later.earliest?.at;
    },
    recordChanged(id) {
      const node = nodes.get(id);
      if (node !== undefined) move(node, readinessOf(node.task, view));
      const before = states.get(id);
      if (before === undefined) return;
      const after = dependencyState(id, view);
      if (after === before) return;
      states.set(id, after);
      if (before === 'open' && after === 'completed') {
        for (const watcher of watchers.get(id) ?? []) advance(watcher);
      } else {
        for (const dependant of dependants.get(id) ?? []) reconsider(dependant);
      }
    },
    ripen() {
      if (later.earliest === undefined) return;
      const { nowMs } = view;
      for (dropOutdated(); (later.earliest?.at ?? Number.POSITIVE_INFINITY) <= nowMs; dropOutdated()) {
        const due = later.pop();
        if (due !== undefined) reconsider(due.id, 'waited');
      }
    },
  };

  function append(added: readonly Task[]): void {
    const isFirst = nodes.size === 0;
    for (const task of added) {
      nodes.set(task.id, { task, place: { kind: 'final' }, link: undefined });
      counts.final += 1;
      for (const dependency of task.depends_on) addTo(dependants, dependency, task.id);
    }
    const note = (id: string): void => void states.set(id, dependencyState(id, view));
    for (const { id, depends_on: dependencies } of added) {
      dependencies.forEach(note);
      if (dependants.has(id)) note(id);
    }
    for (const { id } of added) reconsider(id);
    if (isFirst) return;
    // Tasks of before that depended on one of these while it was missing.
    const isNew = new Set(added.map(({ id }) => id));
    for (const id of isNew)
      for (const dependant of dependants.get(id) ?? []) if (!isNew.has(dependant)) reconsider(dependant);
  }

  /** The dependency watched has completed: watch the next one, or let the task go. Those before it are met, failures are told to all. */
  function advance(id: string): void {
    const node = nodes.get(id);
    if (node?.place.kind !== 'blocked') return;
    const edge = firstUnmet(node.task, view, node.place.edge + 1);
    move(node, edge === undefined ? ownReadiness(node.task, view) : { kind: 'blocked', edge });
  }

  /** `waited`: its time has passed. A line from the future would have it wait anew each time it is asked. */
  function reconsider(id: string, waited?: 'waited'): void {
    const node = nodes.get(id);
    if (node === undefined) return;
    const place = readinessOf(node.task, view);
    move(node, waited !== undefined && place.kind === 'later' ? { kind: 'claimable' } : place);
  }

  function move(node: Node, place: Readiness): void {
    leave(node);
    node.place = place;
    enter(node);
  }

  function leave(node: Node): void {
    const { task, place } = node;
    counts[place.kind] -= 1;
    if (place.kind === 'blocked') watchers.get(task.depends_on[place.edge] ?? '')?.delete(task.id);
    else if (place.kind === 'to_skip') toSkip.delete(task.id);
    else if (place.kind === 'held') {
      const held = heldBy.get(place.workerId);
      held?.delete(task.id);
      if (held?.size === 0) heldBy.delete(place.workerId);
    } else if (place.kind === 'claimable' && node.link !== undefined) {
      ready.remove(node.link);
      node.link = undefined;
    }
  }

  function enter(node: Node): void {
    const { task, place } = node;
    counts[place.kind] += 1;
    if (place.kind === 'claimable') node.link = ready.append(task.id, task.priority ?? 0);
    else if (place.kind === 'later') later.push({ at: place.at, id: task.id });
    else if (place.kind === 'blocked') addToSet(watchers, task.depends_on[place.edge] ?? '', task.id);
    else if (place.kind === 'to_skip') toSkip.set(task.id, place);
    else if (place.kind === 'held') addToSet(heldBy, place.workerId, task.id);
  }

  /** Entries of the heap whose task has moved on since. */
  function dropOutdated(): void {
    for (let due = later.earliest; due !== undefined; due = later.earliest) {
      const place = nodes.get(due.id)?.place;
      if (place?.kind === 'later' && place.at === due.at) return;
      later.pop();
    }
  }
}

function addTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function addToSet(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}
