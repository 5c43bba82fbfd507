import { createManualClock, createMemoryMachine } from '@vivarium/platform/testing';
import fc from 'fast-check';
import { it } from 'vitest';
import { createFileWorld } from './testing/file-world.ts';
import { createMemoryWorld } from './testing/memory-world.ts';
import { play, scenarios } from './testing/task-queue-model.ts';

it.each([
  ['in-memory', () => createMemoryWorld({ clock: createManualClock(), ids: createMemoryMachine().ids }), 400],
  ['file', createFileWorld, 150],
])(
  'Q1–Q11: whatever three workers of the %s engine do and suffer, no task is doubled, no recorded end is lost, and all comes to an end',
  async (_, createWorld, numRuns) => {
    await fc.assert(
      fc.asyncProperty(scenarios, (commands) => play(createWorld(), commands)),
      { numRuns },
    );
  },
  60_000,
);
