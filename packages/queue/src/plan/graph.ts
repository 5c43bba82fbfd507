/** What can be wrong with what depends on what. Pure; iterative, because a chain of dependencies may be as long as the queue. */
import type { Task } from '@vivarium/contracts';

export type Linked = Pick<Task, 'id' | 'depends_on'>;

/** `index` is the position in the list given; `edge` the position in `depends_on`. */
export type GraphFault =
  | { readonly kind: 'duplicate_id'; readonly id: string; readonly index: number; readonly first: number }
  | { readonly kind: 'self_dependency'; readonly id: string; readonly index: number; readonly edge: number }
  | {
      readonly kind: 'unknown_dependency';
      readonly id: string;
      readonly index: number;
      readonly edge: number;
      readonly dependency: string;
    }
  /** `path` begins and ends with `id`. */
  | {
      readonly kind: 'cycle';
      readonly id: string;
      readonly index: number;
      readonly edge: number;
      readonly path: readonly string[];
    };

export function explainFault(fault: GraphFault): string {
  switch (fault.kind) {
    case 'duplicate_id':
      return `the id ${quote(fault.id)} is used twice, first by tasks[${fault.first}]`;
    case 'self_dependency':
      return `${quote(fault.id)} depends on itself`;
    case 'unknown_dependency':
      return `${quote(fault.id)} depends on ${quote(fault.dependency)}, which is not in the queue`;
    case 'cycle':
      return `${quote(fault.id)} waits for itself: ${explainPath(fault.path)}`;
  }
}

/** Ids are data from outside: quoted, so that an id with blanks or odd characters can be told from the sentence around it. */
export const quote = (id: string): string => JSON.stringify(id);
export const explainPath = (path: readonly string[]): string => path.map(quote).join(' → ');

/**
 * Every fault of a whole queue, in its order, cycles last. `isKnown` says which ids may be depended on without being in the list: tasks that
 * ended and were taken out of the file since.
 */
export function checkGraph(
  tasks: readonly Linked[],
  isKnown: (id: string) => boolean = () => false,
): readonly GraphFault[] {
  const faults: GraphFault[] = [];
  const positions = new Map<string, number>();
  for (const [index, { id }] of tasks.entries()) {
    const first = positions.get(id);
    if (first === undefined) positions.set(id, index);
    else faults.push({ kind: 'duplicate_id', id, index, first });
  }
  for (const [index, { id, depends_on: dependencies }] of tasks.entries()) {
    for (const [edge, dependency] of dependencies.entries()) {
      if (dependency === id) faults.push({ kind: 'self_dependency', id, index, edge });
      else if (!positions.has(dependency) && !isKnown(dependency)) {
        faults.push({ kind: 'unknown_dependency', id, index, edge, dependency });
      }
    }
  }
  for (const { path, edge } of findCycles(positions.keys(), (id) => tasks[positions.get(id) ?? -1])) {
    const id = path[0] ?? '';
    faults.push({ kind: 'cycle', id, index: positions.get(id) ?? 0, edge, path });
  }
  return faults;
}

export interface Cycle {
  /** Begins and ends with the same id; each depends on the one after it. */
  readonly path: readonly string[];
  /** Position in the first one's `depends_on`. */
  readonly edge: number;
}

/**
 * Cycles that can be reached from `starts`, at least one through every task that lies on any (a depth-first walk meets an edge back into its
 * own stack on every cycle). A cycle made only of tasks already named is not named again. Edges to oneself are left to `self_dependency`.
 */
export function findCycles(
  starts: Iterable<string>,
  lookUp: (id: string) => Linked | undefined,
): readonly Cycle[] {
  const cycles: Cycle[] = [];
  const named = new Set<string>();
  const done = new Set<string>();
  const depth = new Map<string, number>();
  for (const start of starts) {
    const first = lookUp(start);
    if (first === undefined || done.has(start)) continue;
    const stack: { readonly task: Linked; edge: number }[] = [{ task: first, edge: 0 }];
    depth.set(start, 0);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const dependency = top.task.depends_on[top.edge];
      if (dependency === undefined) {
        done.add(top.task.id);
        depth.delete(top.task.id);
        stack.pop();
        continue;
      }
      top.edge += 1;
      if (dependency === top.task.id || done.has(dependency)) continue;
      const below = depth.get(dependency);
      const next = lookUp(dependency);
      if (below !== undefined) {
        const members = stack.slice(below);
        if (members.some(({ task }) => !named.has(task.id))) {
          for (const { task } of members) named.add(task.id);
          cycles.push({
            path: [...members.map(({ task }) => task.id), dependency],
            edge: (members[0]?.edge ?? 1) - 1,
          });
        }
      } else if (next !== undefined) {
        depth.set(dependency, stack.length);
        stack.push({ task: next, edge: 0 });
      }
    }
  }
  return cycles;
}
