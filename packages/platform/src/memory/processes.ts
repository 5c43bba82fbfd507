import type { ProcessIdentity, Processes } from '@vivarium/core';
import { processKey, type MemoryDisk } from './disk.ts';

export interface MemoryProcesses extends Processes {
  /** Lets a process of this disk end, as kill -9 does: it runs no more code of its own, but what it wrote stays. */
  end(process: ProcessIdentity): void;
}

export function createMemoryProcesses(disk: MemoryDisk, host: string): MemoryProcesses {
  const self: ProcessIdentity = { pid: disk.nextPid(), started: '1', host };
  return {
    self,
    isGone: (other) => other.host === host && disk.ended.has(processKey(other)),
    end: (other) => {
      disk.ended.add(processKey(other));
    },
  };
}
