import type { Machine } from '@vivarium/core';
import { createManualClock, type ManualClock } from './clock.ts';
import { createMemoryDisk, type MemoryDisk } from './disk.ts';
import { createMemoryFileLock, type MemoryFileLock } from './file-lock.ts';
import { createMemoryFiles, type MemoryFiles } from './files.ts';
import { createSeededIds } from './ids.ts';
import { createMemoryProcesses, type MemoryProcesses } from './processes.ts';

export interface MemoryMachine extends Machine {
  readonly disk: MemoryDisk;
  readonly clock: ManualClock;
  readonly files: MemoryFiles;
  readonly fileLock: MemoryFileLock;
  readonly processes: MemoryProcesses;
}

export interface MemoryMachineOptions {
  /** Give the same disk to several machines to play several processes on one host. */
  readonly disk?: MemoryDisk;
  /** Give the same clock to several machines where their times should move together. */
  readonly clock?: ManualClock;
  /** Ids are the same for the same seed; by default each machine of a disk has its own. */
  readonly seed?: number;
  readonly host?: string;
}

/** One process on a machine of memory: no disk, no time and no chance but what the test says. */
export function createMemoryMachine(options: MemoryMachineOptions = {}): MemoryMachine {
  const disk = options.disk ?? createMemoryDisk();
  const clock = options.clock ?? createManualClock();
  const processes = createMemoryProcesses(disk, options.host ?? 'memory');
  return {
    disk,
    clock,
    processes,
    ids: createSeededIds(options.seed ?? processes.self.pid),
    files: createMemoryFiles(disk, clock),
    fileLock: createMemoryFileLock(disk, clock),
  };
}
