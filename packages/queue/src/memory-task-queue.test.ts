import { createManualClock, createMemoryMachine } from '@vivarium/platform/testing';
import { describeTaskQueue } from './testing/describe-task-queue.ts';
import { createMemoryWorld } from './testing/memory-world.ts';

describeTaskQueue('the in-memory engine', () =>
  createMemoryWorld({ clock: createManualClock(), ids: createMemoryMachine().ids }),
);
