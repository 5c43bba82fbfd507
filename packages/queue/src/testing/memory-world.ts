/** The world of the in-memory engine. */
import { runId as toRunId, type Clock, type IdSource } from '@vivarium/core';
import { Task } from '@vivarium/contracts';
import { createMemoryHome, createMemoryTaskQueue, type MemoryHome } from '../memory-task-queue.ts';
import type { TaskQueueWorld } from './task-queue-world.ts';

export interface MemoryWorldOptions {
  readonly clock: Clock & { advance(duration: number): void; setWall(date: Date): void };
  readonly ids: IdSource;
}

export function createMemoryWorld({ clock, ids }: MemoryWorldOptions): TaskQueueWorld {
  let operations = 0;
  const memory = counted(createMemoryHome(), () => {
    operations += 1;
  });
  return {
    open({ runId = toRunId('run_1'), ...options } = {}) {
      const queue = createMemoryTaskQueue({ memory, clock, ids, runId, ...options });
      const own = new Set<string>();
      return {
        queue: {
          ...queue,
          claim(workerId, slots) {
            own.add(workerId);
            return queue.claim(workerId, slots);
          },
          beat(workerId, busy) {
            own.add(workerId);
            queue.beat(workerId, busy);
          },
        },
        kill() {
          for (const [workerId, beat] of memory.beats) if (own.has(workerId)) beat.gone = true;
        },
      };
    },
    advance: (duration) => clock.advance(duration),
    setWall: (date) => clock.setWall(date),
    get now() {
      return clock.now();
    },
    lines: () => memory.lines,
    // The test writes what a foreign program would; the engine's reader takes it as it is.
    append: (line) => void memory.lines.push(line as (typeof memory.lines)[number]),
    edit(change) {
      memory.tasks = change(memory.tasks).map((entry) => Task.parse(entry));
    },
    lockedTasks: () => [...memory.locks.keys()].toSorted(),
    putLock: (lock) => void memory.locks.set(lock.task_id, lock),
    get operations() {
      return operations;
    },
  };
}

/** Counts every touch of what the processes share. */
function counted(memory: MemoryHome, count: () => void): MemoryHome {
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== 'function') return value;
        return (...words: unknown[]): unknown => {
          count();
          return Reflect.apply(value, object, words);
        };
      },
    });
  return {
    ...memory,
    lines: watched(memory.lines),
    locks: watched(memory.locks),
    beats: watched(memory.beats),
  };
}
