/**
 * Writing the ends of attempts. Owns the ends that wait to be written together: those that come in one turn of the event loop share one write, one
 * reading back and, where that is asked for, one sync. With k tasks at a time that is up to k times cheaper, and no promise is weaker for it: each
 * caller is answered when its own line was read back, or told that it was not.
 *
 * - Q4: an end names its attempt, and the fold decides whether that is still the one in force.
 * - Q8: an end that failed may be repeated, and is the same line then.
 */
import type { IdSource } from '@vivarium/core';
import { isFinal, type Claim, type FinishAnswer, type TaskOutcome } from '@vivarium/contracts';
import { faultsAllowed, OUTAGES_ALLOWED, type QueueParts } from './parts.ts';
import { finishLine } from './plan/lines.ts';
import { releaseLock } from './task-locks.ts';
import type { WrittenLine } from './task-state.ts';

export interface Finishing {
  finish(claim: Claim, outcome: TaskOutcome): Promise<FinishAnswer>;
}

interface Ending {
  readonly claim: Claim;
  readonly outcome: TaskOutcome;
  readonly resolve: (answer: FinishAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** What the queue keeps of a claim it handed out: the event id of an end that was tried. */
export interface HandedOut {
  triedWith(claim: Claim): string | undefined;
  tried(claim: Claim, eventId: string): void;
  over(claim: Claim): void;
}

export function createFinishing(parts: QueueParts, ids: IdSource, handedOut: HandedOut): Finishing {
  const { state, storage } = parts;
  let waiting: Ending[] = [];

  function writeEnds(): void {
    const endings: Ending[] = [];
    const lines: WrittenLine[] = [];
    const tried = waiting;
    waiting = [];
    try {
      // What was tried before may stand in the log although its writer was told otherwise.
      if (tried.some(({ claim }) => handedOut.triedWith(claim) !== undefined)) state.refreshLog();
      for (const ending of tried) {
        // An end that no line can be made of is the fault of its own caller.
        try {
          lines.push(lineOf(ending));
          endings.push(ending);
        } catch (error) {
          ending.reject(error);
        }
      }
      const unwritten = lines.filter(({ task_id, event_id }) => state.fold.get(task_id).eventId !== event_id);
      // One that stands in the log already may have been written by a try whose sync failed.
      if (unwritten.length < lines.length) storage.syncLines();
      const answers = unwritten.length === 0 ? undefined : state.commit(unwritten, 'durable');
      for (const [index, { claim, resolve }] of endings.entries()) {
        const line = lines[index];
        const eventId = line?.event_id ?? '';
        const recorded =
          answers?.get(eventId) === 'applied' || state.fold.get(claim.task.id).eventId === eventId;
        handedOut.over(claim);
        letGo(claim, recorded && line !== undefined && isFinal(line.status));
        resolve(recorded ? 'recorded' : 'lost');
      }
    } catch (error) {
      for (const { reject } of tried) reject(error);
    }
  }

  function lineOf({ claim, outcome }: Ending): WrittenLine {
    const { task, workerId, round, attempt, digest } = claim;
    const eventId = handedOut.triedWith(claim) ?? ids.next('evt');
    handedOut.tried(claim, eventId);
    return finishLine(
      { taskId: task.id, workerId, round, attempt, digest },
      outcome,
      { ...parts.newContext(), eventId },
      mayTryAgain(claim, outcome),
    );
  }

  function letGo({ task, workerId, round, attempt }: Claim, isOver: boolean): void {
    releaseLock(storage.locks, { worker_id: workerId, task_id: task.id, round, attempt }, isOver);
  }

  return {
    finish: async (claim, outcome) =>
      new Promise((resolve, reject) => {
        waiting.push({ claim, outcome, resolve, reject });
        if (waiting.length === 1) setImmediate(writeEnds);
      }),
  };
}

/** Whether another attempt is left when this one ended in a fault. */
const mayTryAgain = ({ task, faults, outages }: Claim, outcome: TaskOutcome): boolean =>
  outcome.kind === 'retrying' && outcome.blame === 'upstream'
    ? outages < OUTAGES_ALLOWED
    : faults < faultsAllowed(task);
