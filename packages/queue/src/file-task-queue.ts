/**
 * The queue of a home on disk: queue.json and queue.d/ say what is wanted, execution_log.jsonl what happened, task_locks/ and run/workers/ who is at it.
 * Owns none of these: any number of processes work on one home, each with an engine of its own, and keep in step through the files alone.
 * The rules (Q1–Q11) stand in queue.ts and plan.ts; here is only where things are kept.
 */
import type { HomeId, Machine, Milliseconds, RunId, VivariumError } from '@vivarium/core';
import {
  readExecutionLine,
  readOn,
  type Durability,
  type HomeLayout,
  type RecordStore,
  type RecordTail,
  type TaskQueue,
} from '@vivarium/contracts';
import { createBeatFiles } from './beat-files.ts';
import { createLockFiles } from './lock-files.ts';
import { createQueue } from './queue.ts';
import { addToQueue, LOCK_WAIT_MS } from './queue-writer.ts';
import { createWantedTasks } from './wanted-tasks.ts';
import type { LockStore } from './task-locks.ts';

export interface FileTaskQueueOptions {
  readonly layout: HomeLayout;
  readonly home: HomeId;
  readonly machine: Machine;
  readonly record: RecordStore;
  readonly runId: RunId;
  /** How long a beat must stand still before its claims may be taken over (Q5). Default 15 s. */
  readonly leaseMs?: Milliseconds;
  /** Default `os`: what was recorded survives the death of any process. `fsync`: and a power loss. */
  readonly durability?: Durability;
  /** Slots of a worker of this process, shown in its beat. Default 1. */
  readonly slots?: number;
  /** Told once when queue.json is broken while work is running; the last good version stays in force. */
  readonly onProblem?: (problem: VivariumError) => void;
}

export function createFileTaskQueue(options: FileTaskQueueOptions): TaskQueue {
  const { layout, home, machine, record, runId, leaseMs, slots = 1, durability = 'os', onProblem } = options;
  const { clock, files, fileLock, ids, processes } = machine;
  const reader = createWantedTasks({ layout, files, clock, record, onProblem });
  const beats = createBeatFiles({ layout, files, processes, runId, slots });
  let tail: RecordTail | undefined;

  return createQueue(
    {
      locks: inDirectory(createLockFiles(layout, files), () => files.makeDirectory(layout.locks)),
      tasks: (isKnown) => reader.read(isKnown),
      add: (tasks, isKnown) => addToQueue({ layout, files, fileLock, clock, record }, tasks, isKnown),
      exclusively: async (work) => fileLock.withLock(layout.queue, LOCK_WAIT_MS, work),
      readLines(to) {
        readOn((tail ??= record.tail('execution')), ({ entries, restarted }) => {
          if (restarted) to.restarted();
          for (const entry of entries) {
            // What is not a line of this log (of a later version, or a fragment) is passed over; the panel shows how many there are.
            const line = entry.kind === 'line' ? readExecutionLine(entry.value, home) : undefined;
            if (line !== undefined) to.line(line);
          }
        });
      },
      appendLines: (lines) => record.appendAll('execution', lines, 'read back'),
      syncLines: () => (durability === 'fsync' ? record.sync('execution') : undefined),
      readBeat: beats.read,
      writeBeat: beats.write,
      removeBeat: beats.remove,
      watch(onChange) {
        const stops = [layout.root, layout.segments].map((directory) =>
          files.watch(directory, () => onChange()),
        );
        stops.push(record.watch(onChange, 'execution'));
        return () => stops.forEach((stop) => stop());
      },
    },
    { home, runId, clock, ids, leaseMs },
  );
}

/** Makes the directory before the first lock: a home may have been cleaned between two runs. */
function inDirectory(locks: LockStore, makeDirectory: () => void): LockStore {
  let made = false;
  return {
    ...locks,
    create(lock) {
      if (!made) makeDirectory();
      made = true;
      return locks.create(lock);
    },
  };
}
