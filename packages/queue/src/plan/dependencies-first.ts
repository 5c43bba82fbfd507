/** Pure. */
import type { Task } from '@vivarium/contracts';

/**
 * The same tasks, each after those of them it depends on; otherwise in their order. A list written so may be cut short anywhere and what stands of it
 * still depends on nothing that is missing. There must be no cycle.
 */
export function dependenciesFirst(tasks: readonly Task[]): readonly Task[] {
  const waiting = new Map(tasks.map((task) => [task.id, task]));
  const ordered: Task[] = [];
  for (const task of tasks) {
    const stack = [task];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const first = waiting.has(top.id)
        ? top.depends_on.find((id) => id !== top?.id && waiting.has(id))
        : undefined;
      const before = first === undefined ? undefined : waiting.get(first);
      if (before !== undefined) {
        stack.push(before);
        continue;
      }
      if (waiting.delete(top.id)) ordered.push(top);
      stack.pop();
    }
  }
  return ordered;
}
