/**
 * The queue of a home in memory: for tests of what stands above it, and as the plainest engine of the port. Several queues on one
 * MemoryHome play several processes. The rules are those of every engine (queue.ts); nothing here decides anything.
 */
import type { Clock, IdSource, Milliseconds } from '@vivarium/core';
import type { ExecutionLogLine, Task, TaskLockFile, TaskQueue } from '@vivarium/contracts';
import { planAdd } from './plan/add.ts';
import { createQueue } from './queue.ts';
import type { WantedTasks } from './wanted-tasks.ts';

/** What the processes of a home share. Fields are open to tests, as files are. */
export interface MemoryHome {
  /** Replaced as a whole by who edits it. */
  tasks: readonly Task[];
  readonly lines: ExecutionLogLine[];
  readonly locks: Map<string, TaskLockFile>;
  readonly beats: Map<string, { counter: number; gone: boolean }>;
  readonly watchers: Set<() => void>;
}

export const createMemoryHome = (): MemoryHome => ({
  tasks: [],
  lines: [],
  locks: new Map(),
  beats: new Map(),
  watchers: new Set(),
});

export interface MemoryTaskQueueOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly runId: string;
  /** Default: a home of its own. */
  readonly memory?: MemoryHome;
  /** Id of the home, for the lines. */
  readonly home?: string;
  readonly leaseMs?: Milliseconds;
}

export function createMemoryTaskQueue(options: MemoryTaskQueueOptions): TaskQueue {
  const { memory = createMemoryHome(), home = 'home_in_memory', clock, ids, runId, leaseMs } = options;
  let read = 0;
  let wanted: WantedTasks = { version: '1', tasks: memory.tasks };
  /** Later, never within the call that changed something: as files do. */
  const notify = (): void => {
    for (const onChange of memory.watchers) queueMicrotask(() => memory.watchers.has(onChange) && onChange());
  };
  return createQueue(
    {
      locks: {
        create(lock) {
          if (memory.locks.has(lock.task_id)) return false;
          memory.locks.set(lock.task_id, lock);
          return true;
        },
        read: (taskId) => memory.locks.get(taskId),
        remove: (taskId) => void memory.locks.delete(taskId),
        list: () => [...memory.locks.values()],
        close: () => undefined,
      },
      tasks() {
        // Tasks are replaced as a whole: another list is another version.
        if (memory.tasks !== wanted.tasks)
          wanted = { version: `${Number(wanted.version) + 1}`, tasks: memory.tasks };
        return wanted;
      },
      async add(tasks, isKnown) {
        const plan = planAdd(new Map(memory.tasks.map((task) => [task.id, task])), tasks, isKnown);
        if (plan.added.length > 0) memory.tasks = [...memory.tasks, ...plan.added];
        notify();
        return plan;
      },
      readLines({ line }) {
        for (; read < memory.lines.length; read += 1) {
          const next = memory.lines[read];
          if (next !== undefined) line(next);
        }
      },
      appendLines(lines) {
        memory.lines.push(...lines);
        notify();
      },
      syncLines: () => undefined,
      exclusively: async (work) => work(),
      readBeat: (workerId) => memory.beats.get(workerId),
      writeBeat(workerId) {
        memory.beats.set(workerId, { counter: (memory.beats.get(workerId)?.counter ?? 0) + 1, gone: false });
      },
      removeBeat: (workerId) => void memory.beats.delete(workerId),
      watch(onChange) {
        const own = (): void => onChange();
        memory.watchers.add(own);
        return () => void memory.watchers.delete(own);
      },
    },
    { home, runId, clock, ids, leaseMs },
  );
}
