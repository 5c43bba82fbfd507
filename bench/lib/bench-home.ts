/** A home of a bench, and the questions that keep its figures honest: was every task really done, once, and does the money add up. */
import { readFileSync } from 'node:fs';
import { runId } from '@vivarium/core';
import {
  ApiAuditLine,
  createMoneyFold,
  createTaskFold,
  ExecutionLogLine,
  homeIdOf,
  homeLayout,
  type HomeLayout,
  type NewTask,
  type RecordStore,
  type TaskQueue,
} from '@vivarium/contracts';
import { createRecordStore, initHome } from '@vivarium/home';
import { createNodeMachine } from '@vivarium/platform';
import { createFileTaskQueue } from '@vivarium/queue';

export interface BenchHome {
  readonly layout: HomeLayout;
  readonly queue: TaskQueue;
  readonly record: RecordStore;
}

/** The lines of an execution log that count, and when each task was begun and completed, by the wall clock of the processes that did it. */
export interface Done {
  readonly claims: readonly Moment[];
  readonly completions: readonly Moment[];
  /** Bytes of one line. */
  readonly claimBytes: number;
  readonly completionBytes: number;
}

export interface Moment {
  readonly task: string;
  readonly worker: string;
  readonly at: number;
}

const machine = createNodeMachine();

export function openBenchHome(directory: string): BenchHome {
  const layout = homeLayout(directory);
  const home = homeIdOf(layout.root);
  initHome(layout, machine.files);
  const record = createRecordStore({ layout, home, machine });
  return {
    layout,
    record,
    queue: createFileTaskQueue({ layout, home, machine, record, runId: runId('run_bench') }),
  };
}

/** Tasks that ask each for something else, so that every reply is a new text to be stored. */
export const benchTasks = (prefix: string, count: number): readonly NewTask[] =>
  Array.from({ length: count }, (_, index) => benchTask(`${prefix}-${index}`));

export const benchTask = (id: string, more: Partial<NewTask> = {}): NewTask => ({
  id,
  prompt: `Explain in three sentences why write-ahead log ${id} is written before the change it describes.`,
  min_budget: 0.001,
  max_budget: 0.01,
  max_tokens: 128,
  ...more,
});

export async function addAll({ queue }: BenchHome, tasks: readonly NewTask[]): Promise<void> {
  const { added, rejected } = await queue.add(tasks);
  if (added.length !== tasks.length)
    throw new Error(`${tasks.length} tasks, ${added.length} added: ${JSON.stringify(rejected[0])}`);
}

/** Folds the whole log as every reader does. A line that is neither a claim nor a completion is an end no bench expects. */
export function readDone({ record }: BenchHome): Done {
  const fold = createTaskFold();
  const claims: Moment[] = [];
  const completions: Moment[] = [];
  const bytes = { in_progress: 0, completed: 0 };
  for (const entry of record.tail('execution').read().entries) {
    // A writer may have closed what it took for a fragment, and that is no line.
    if (entry.kind === 'unreadable') continue;
    const line = ExecutionLogLine.parse(entry.value);
    if (fold.apply(line) === 'ignored') continue;
    if (line.status !== 'in_progress' && line.status !== 'completed')
      throw new Error(`unexpected: ${JSON.stringify(line)}`);
    bytes[line.status] += entry.to - entry.from;
    const moment = { task: line.task_id, worker: line.worker_id, at: Date.parse(line.timestamp) };
    (line.status === 'completed' ? completions : claims).push(moment);
  }
  return {
    claims,
    completions,
    claimBytes: Math.round(bytes.in_progress / claims.length),
    completionBytes: Math.round(bytes.completed / completions.length),
  };
}

/** A fast wrong answer is none: every task must have been completed, once. */
export function mustBeDone(done: Done, tasks: number): Done {
  const different = new Set(done.completions.map(({ task }) => task)).size;
  if (done.completions.length !== tasks || different !== tasks)
    throw new Error(`${tasks} tasks, ${done.completions.length} completions of ${different}`);
  return done;
}

/** One paid call per task, nothing held or unknown, and the sum that was settled is the one the simulator billed (M2). */
export function mustAddUp({ layout, record }: BenchHome, tasks: number): void {
  const fold = createMoneyFold();
  for (const entry of record.tail('apiAudit').read().entries)
    if (entry.kind === 'line') fold.apply(ApiAuditLine.parse(entry.value));
  const { settled, unknown, held, calls } = fold.book(true).total;
  const billed = readFileSync(layout.simulatorBill, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly cost_nano_usd: number });
  const bill = billed.reduce((all, { cost_nano_usd }) => all + cost_nano_usd, 0);
  if (calls !== tasks || billed.length !== tasks || settled !== bill || unknown !== 0 || held !== 0)
    throw new Error(
      `${tasks} tasks, ${calls} calls settled at ${settled}, ${billed.length} billed at ${bill}; unknown ${unknown}, held ${held}`,
    );
}
