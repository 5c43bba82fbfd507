/** The world of the file engine: a home on a disk in memory, on which each process has a machine of its own. */
import { runId as toRunId } from '@vivarium/core';
import { ExecutionLogLine, homeIdOf, homeLayout, type HomeLayout, type NewTask } from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import {
  createManualClock,
  createMemoryDisk,
  createMemoryMachine,
  type ManualClock,
  type MemoryDisk,
  type MemoryMachine,
} from '@vivarium/platform/testing';
import { createFileTaskQueue, type FileTaskQueueOptions } from '../file-task-queue.ts';
import type { OpenOptions, QueueProcess, TaskQueueWorld } from './task-queue-world.ts';

export interface FileProcess extends QueueProcess {
  readonly machine: MemoryMachine;
}

export interface FileWorld extends TaskQueueWorld {
  readonly disk: MemoryDisk;
  readonly layout: HomeLayout;
  /** The machine of the test itself: an onlooker with its own process. */
  readonly machine: MemoryMachine;
  open(options?: OpenOptions & Pick<FileTaskQueueOptions, 'onProblem' | 'durability'>): FileProcess;
}

export function createFileWorld(): FileWorld {
  const disk = createMemoryDisk();
  const clock: ManualClock = createManualClock();
  const machine = createMemoryMachine({ disk, clock });
  const layout = homeLayout('/home');
  const home = homeIdOf(layout.root);
  const record = createRecordStore({ layout, home, machine });
  let operations = 0;
  machine.files.makeDirectory(layout.root);
  initHome(layout, machine.files);

  return {
    disk,
    layout,
    machine,
    open({ runId = toRunId('run_1'), ...options } = {}) {
      const own = createMemoryMachine({ disk, clock });
      own.files.intercept(() => {
        operations += 1;
      });
      const queue = createFileTaskQueue({
        layout,
        home,
        machine: own,
        record: createRecordStore({ layout, home, machine: own }),
        runId,
        ...options,
      });
      return { queue, machine: own, kill: () => own.processes.end(own.processes.self) };
    },
    advance: (duration) => clock.advance(duration),
    setWall: (date) => clock.setWall(date),
    get now() {
      return clock.now();
    },
    lines() {
      const lines: ExecutionLogLine[] = [];
      for (const entry of record.tail('execution').read().entries) {
        const line = entry.kind === 'line' ? ExecutionLogLine.safeParse(entry.value).data : undefined;
        if (line !== undefined) lines.push(line);
      }
      return lines;
    },
    append: (line) => record.append('execution', line),
    edit(change) {
      // Written by the engine or by an earlier edit of the test.
      const document = JSON.parse(machine.files.readText(layout.queue) ?? '{"tasks":[]}') as {
        tasks: NewTask[];
      };
      // Another file in the same millisecond has another inode, as on a real disk.
      machine.files.replace(
        layout.queue,
        JSON.stringify({ ...document, tasks: change(document.tasks) }, null, 2),
      );
    },
    lockedTasks: () =>
      machine.files
        .list(layout.locks)
        .filter((name) => name.endsWith('.lock'))
        .map((name) =>
          String(
            (JSON.parse(machine.files.readText(`${layout.locks}/${name}`) ?? '{}') as { task_id?: string })
              .task_id,
          ),
        )
        .toSorted(),
    putLock: (lock) => void machine.files.createExclusive(layout.lock(lock.task_id), JSON.stringify(lock)),
    get operations() {
      return operations;
    },
  };
}
