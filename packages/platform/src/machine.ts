import type { Machine } from '@vivarium/core';
import { createNodeClock } from './clock.ts';
import { createNodeFileLock } from './file-lock.ts';
import { createNodeFiles } from './files.ts';
import { createNodeIds } from './ids.ts';
import { createNodeProcesses } from './processes.ts';

/** The machine this process runs on. One per process: it keeps logs open. */
export const createNodeMachine = (): Machine => ({
  clock: createNodeClock(),
  ids: createNodeIds(),
  files: createNodeFiles(),
  fileLock: createNodeFileLock(),
  processes: createNodeProcesses(),
});
