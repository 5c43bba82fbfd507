/**
 * An operator's word on tasks that nobody needs to be at work for: opening again, ending. Writes lines and lets the fold decide, as workers do.
 *
 * - Q7: a task that ended is opened in its next round only; one that has not ended keeps its round.
 * - Q10: tasks skipped for the sake of one that is opened again are opened with it, or they would stay skipped for ever.
 */
import { workerId } from '@vivarium/core';
import {
  digestOf,
  isCurrent,
  isFinal,
  type RevisionAnswer,
  type Task,
  type TaskRecord,
} from '@vivarium/contracts';
import type { QueueParts } from './parts.ts';
import { dependenciesFirst } from './plan/dependencies-first.ts';
import { quote } from './plan/graph.ts';
import { cancelLine, reopenLine, type Holding } from './plan/lines.ts';
import { standingAttempt, type Attempt } from './plan/readiness.ts';
import type { WrittenLine } from './task-state.ts';

/** Whose lines these are. */
const OPERATOR = workerId('orchestrator');
const LINES_PER_WRITE = 256;

interface Verdict {
  readonly line?: (holding: Holding) => WrittenLine;
  readonly at?: Attempt;
  readonly refusal?: string;
}

export interface Revisions {
  retry(ids: readonly string[], reason: string): RevisionAnswer;
  cancel(ids: readonly string[], reason: string): RevisionAnswer;
}

export function createRevisions({ state, newContext }: QueueParts): Revisions {
  const revise = (
    ids: Iterable<string>,
    judge: (task: Task, record: TaskRecord) => Verdict,
    lost: string,
  ): RevisionAnswer => {
    const changed: string[] = [];
    const rejected: { readonly id: string; readonly reason: string }[] = [];
    let lines: WrittenLine[] = [];
    const write = (): void => {
      const answers = state.commit(lines, 'durable');
      for (const { task_id: id, event_id: eventId = '' } of lines) {
        if (answers.get(eventId) === 'applied') changed.push(id);
        else rejected.push({ id, reason: lost });
      }
      lines = [];
    };
    for (const id of ids) {
      const task = state.index.lookUp(id);
      const verdict: Verdict =
        task === undefined
          ? { refusal: `there is no task ${quote(id)} in the queue` }
          : judge(task, state.fold.get(id));
      if (task === undefined || verdict.line === undefined || verdict.at === undefined) {
        rejected.push({ id, reason: verdict.refusal ?? lost });
        continue;
      }
      lines.push(verdict.line({ taskId: id, workerId: OPERATOR, ...verdict.at, digest: digestOf(task) }));
      if (lines.length === LINES_PER_WRITE) write();
    }
    write();
    return { changed, rejected };
  };

  /** The ids, each once, and after them what was skipped because of one of them, however far down. */
  const withSkipped = (ids: readonly string[]): ReadonlySet<string> => {
    const all = new Set(ids);
    // A set goes on with what is added to it while it is walked.
    for (const id of all) {
      for (const dependant of state.index.dependantsOf(id))
        if (state.fold.get(dependant).status === 'skipped') all.add(dependant);
    }
    return all;
  };

  const inOrder = (ids: ReadonlySet<string>): readonly string[] => {
    const tasks = [...ids].flatMap((id) => state.index.lookUp(id) ?? []);
    const known = dependenciesFirst(tasks).map(({ id }) => id);
    return [...known, ...[...ids].filter((id) => state.index.lookUp(id) === undefined)];
  };

  return {
    retry(ids, reason) {
      state.refresh();
      const judge = (task: Task, record: TaskRecord): Verdict => {
        const line = (holding: Holding): WrittenLine => reopenLine(holding, newContext(), reason);
        if (!isCurrent(task, record))
          return { refusal: `${quote(task.id)} was edited after its end and runs as new work anyway` };
        if (isFinal(record.status)) return { line, at: { round: record.round + 1, attempt: 0 } };
        switch (record.status) {
          case 'deferred':
          case 'retrying':
            return { line, at: record };
          case 'in_progress':
            return { refusal: `${quote(task.id)} is being worked on by ${record.workerId ?? 'a worker'}` };
          default:
            return { refusal: `${quote(task.id)} has not ended: it waits to be claimed` };
        }
      };
      // Dependencies first: a worker that looks in between must not skip again what waits for one that is still to be opened.
      return revise(inOrder(withSkipped(ids)), judge, 'its state changed meanwhile');
    },
    cancel(ids, reason) {
      state.refresh();
      const judge = (task: Task, record: TaskRecord): Verdict =>
        isCurrent(task, record) && isFinal(record.status)
          ? { refusal: `${quote(task.id)} is over: ${record.status}` }
          : {
              line: (holding) => cancelLine(holding, newContext(), reason),
              at: standingAttempt(task, record),
            };
      return revise(new Set(ids), judge, 'it ended meanwhile');
    },
  };
}
