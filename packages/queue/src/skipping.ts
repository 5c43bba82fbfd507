/** Q10: records what can never run as skipped. Whoever asks for work does it; lines that another wrote first are ignored by the fold. */
import type { WorkerId } from '@vivarium/core';
import { digestOf } from '@vivarium/contracts';
import type { QueueParts } from './parts.ts';
import { skipLine } from './plan/lines.ts';
import { standingAttempt } from './plan/readiness.ts';
import type { WrittenLine } from './task-state.ts';

/** Small, so that several workers that come upon the same thousand tasks soon see that another is at it. */
const LINES_PER_WRITE = 64;
/** The rest of a longer chain is left to the next claim, so that no call takes long. */
const LINES_PER_CALL = 1_024;

export function skipHopeless({ state, newContext }: QueueParts, workerId: WorkerId): void {
  for (let written = 0; written < LINES_PER_CALL; written += LINES_PER_WRITE) {
    const lines: WrittenLine[] = [];
    for (const [id, { dependency, reason }] of state.index.toSkip) {
      const task = state.index.lookUp(id);
      if (task === undefined || lines.length === LINES_PER_WRITE) break;
      const { round, attempt } = standingAttempt(task, state.fold.get(id));
      const holding = { taskId: id, workerId, round, attempt, digest: digestOf(task) };
      lines.push(skipLine(holding, newContext(), dependency, reason));
    }
    if (lines.length === 0) return;
    state.commit(lines);
  }
}
