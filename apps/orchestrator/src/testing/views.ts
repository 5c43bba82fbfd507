/** Views of tasks for tests, made by the real fold from real lines. */
import {
  createTaskFold,
  ExecutionLogLine,
  Task,
  viewQueue,
  type NewTask,
  type TaskView,
} from '@vivarium/contracts';
import type { Colours, Terminal } from '../terminal.ts';
import pc from 'picocolors';

export type Line = Readonly<Record<string, unknown>>;

const AT = '2026-11-23T10:00:00.000Z';

export const claimed = (id: string, more: Line = {}): Line => ({
  task_id: id, worker_id: 'worker_1', status: 'in_progress', timestamp: AT, started_at: AT, round: 1, attempt: 1, ...more,
}); // prettier-ignore

/** A claim and its end. */
export const ended = (id: string, status: string, more: Line = {}): readonly Line[] => [
  claimed(id),
  { task_id: id, worker_id: 'worker_1', status, timestamp: AT, completed_at: AT, result_summary: null, errors: null, round: 1, attempt: 1, ...more },
]; // prettier-ignore

export const skipped = (id: string, reason: string): Line => ({
  task_id: id, worker_id: 'worker_1', status: 'skipped', timestamp: AT, completed_at: AT, result_summary: null, errors: reason, round: 1,
}); // prettier-ignore

export const deferred = (id: string, reason: string, until: string | null, run = 'run_1'): readonly Line[] => [
  claimed(id),
  { task_id: id, worker_id: 'worker_1', status: 'deferred', timestamp: AT, reason, until, errors: null, round: 1, attempt: 1, run_id: run },
]; // prettier-ignore

export function viewsOf(tasks: readonly NewTask[], lines: readonly Line[] = []): readonly TaskView[] {
  const fold = createTaskFold();
  for (const line of lines) {
    if (fold.apply(ExecutionLogLine.parse(line)) === 'ignored')
      throw new Error(`a line of the test changes nothing: ${JSON.stringify(line)}`);
  }
  return viewQueue(tasks.map((task) => Task.parse(task)), fold); // prettier-ignore
}

export const task = (id: string, more: Partial<NewTask> = {}): NewTask => ({
  id,
  prompt: `do ${id}`,
  ...more,
});

export const noColours: Colours = pc.createColors(false);

/** A terminal that remembers. */
export function memoryTerminal(
  answers: { readonly said?: string; readonly input?: string } = {},
): Terminal & { readonly out: string[]; readonly err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out,
    err,
    isTty: false,
    columns: 100,
    colours: noColours,
    line: (text = '') => void out.push(text),
    write: (text: string) => void out.push(text),
    complain: (text: string) => void err.push(text),
    whenReaderLeaves: () => undefined,
    plain: () => terminal,
    ask: () => Promise.resolve(answers.said),
    readInput: () => Promise.resolve(answers.input ?? ''),
  };
  return terminal;
}
