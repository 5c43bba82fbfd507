/**
 * What an `add` would do. Pure.
 *
 * - Q10: unknown and cyclic dependencies are refused by name. A refused task takes those that depend on it along, each with its own reason;
 *   the rest is added.
 */
import type { AddAnswer, NewTask, RejectedTask, Task } from '@vivarium/contracts';
import { parseTask, readTask } from '../read-task.ts';
import { explainPath, findCycles, quote, type Linked } from './graph.ts';

/** The queue as an add sees it. A task that cannot be looked up is one that no new task can close a cycle with. */
export interface Existing {
  has(id: string): boolean;
  get(id: string): Linked | undefined;
}

/** `isKnown` says which other ids may be depended on (tasks that ended and left the queue). */
export function planAdd(
  existing: Existing,
  newTasks: readonly NewTask[],
  isKnown: (id: string) => boolean = () => false,
): AddAnswer {
  const rejected: RejectedTask[] = [];
  const candidates = new Map<string, { readonly task: Task; readonly index: number }>();
  const refusedIds = new Set<string>();
  const refuse = (id: string, index: number, reason: string): void => {
    rejected.push({ id, index, reason });
    if (candidates.get(id)?.index === index) candidates.delete(id);
    if (!candidates.has(id) && !existing.has(id)) refusedIds.add(id);
  };

  for (const [index, newTask] of newTasks.entries()) {
    // The seed writes this word; nothing reads it (Q1). A task that has it was parsed before and is not copied: there may be a million of them.
    const task =
      newTask.status === 'pending' ? readTask(newTask) : parseTask({ ...newTask, status: 'pending' });
    const id = String(newTask.id);
    if (typeof task === 'string') refuse(id, index, task);
    else if (existing.has(id)) refuse(id, index, `a task with the id ${quote(id)} is already in the queue`);
    else if (candidates.has(id))
      refuse(id, index, `the id ${quote(id)} is given twice, first at position ${candidates.get(id)?.index}`);
    else {
      candidates.set(id, { task, index });
      refusedIds.delete(id);
    }
  }

  for (const { task, index } of candidates.values()) {
    if (task.depends_on.includes(task.id)) refuse(task.id, index, `${quote(task.id)} depends on itself`);
  }
  for (const { path } of findCycles(
    [...candidates.keys()],
    (id) => candidates.get(id)?.task ?? existing.get(id),
  )) {
    const members = path.slice(0, -1);
    for (const [start, id] of members.entries()) {
      const candidate = candidates.get(id);
      const turned = [...members.slice(start), ...members.slice(0, start), id];
      if (candidate !== undefined)
        refuse(id, candidate.index, `${quote(id)} waits for itself: ${explainPath(turned)}`);
    }
  }
  refuseDependants();

  rejected.sort((a, b) => a.index - b.index);
  return { added: [...candidates.values()].map(({ task }) => task), rejected };

  /** Every refusal may take others along: worked off as a list, so that a long chain costs one visit each. */
  function refuseDependants(): void {
    const dependants = new Map<string, string[]>();
    for (const { task } of candidates.values()) {
      for (const dependency of task.depends_on) {
        const known = dependants.get(dependency);
        if (known === undefined) dependants.set(dependency, [task.id]);
        else known.push(task.id);
      }
    }
    const missing = [...dependants.keys()].filter(
      (id) => !candidates.has(id) && !existing.has(id) && !isKnown(id),
    );
    for (let id = missing.pop(); id !== undefined; id = missing.pop()) {
      const why = refusedIds.has(id) ? 'which was not added' : 'which is not in the queue';
      for (const dependant of dependants.get(id) ?? []) {
        const candidate = candidates.get(dependant);
        if (candidate === undefined) continue;
        refuse(dependant, candidate.index, `${quote(dependant)} depends on ${quote(id)}, ${why}`);
        missing.push(dependant);
      }
    }
  }
}
