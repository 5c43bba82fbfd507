/**
 * The state of the tasks as this process knows it: the fold of the log, and the index over it. Owns both; reads and writes through the
 * engine's storage, and is the only one that does.
 *
 * - Q1: state is the fold of the lines read so far, own lines included: they count when they are read back, not when they are written.
 * - Q6: each line is read and folded once.
 * - Q8: a line counts as written when it was read back. One that was glued to a fragment is written again, under the same event id.
 */
import { VivariumError, type Clock, type Milliseconds } from '@vivarium/core';
import {
  createTaskFold,
  isFinal,
  type Applied,
  type ExecutionLogLine,
  type Task,
  type TaskFold,
} from '@vivarium/contracts';
import { createReadyIndex, type ReadyIndex } from './plan/ready-index.ts';
import type { QueueStorage } from './storage.ts';
import type { WantedTasks } from './wanted-tasks.ts';

export interface TaskState {
  readonly fold: TaskFold;
  readonly index: ReadyIndex;
  readonly tasks: readonly Task[];
  /** Tasks that ended may be depended on even when they are no longer in the queue. */
  isKnown(id: string): boolean;
  refreshLog(): void;
  /** Reads new lines, and the queue when it changed. */
  refresh(): void;
  /** The same, but nothing that was read a moment ago while there is still work to choose from. */
  refreshUnlessFresh(): void;
  /**
   * Writes lines that carry event ids and reads them back; answers what the fold made of each. `durable`: where the home is to survive a power loss,
   * not before they are on the disk.
   */
  commit(lines: readonly WrittenLine[], durable?: 'durable'): ReadonlyMap<string, Applied>;
}

export type WrittenLine = ExecutionLogLine & { readonly event_id?: string | undefined };

const MOST_WRITES = 4;
/**
 * A worker that finishes asks for more at once, and what it read to see its own line is good enough to choose by: should it be outdated, the
 * claim loses (Q2) and the choice is made again. Measured: a sixth of the CPU of a task, with one process and with four.
 */
const FRESH_MS: Milliseconds = 1;
/** While there is work to choose from, what was added since can wait a moment longer; who has none looks at once. */
const TASKS_FRESH_MS: Milliseconds = 20;

export function createTaskState(storage: QueueStorage, runId: string, clock: Clock): TaskState {
  let fold = createTaskFold();
  let wanted: WantedTasks = { version: '', tasks: [] };
  /** How many of them the index knows. */
  let known = 0;
  let index: ReadyIndex | undefined;
  /** Lines this process waits to read back, by event id. */
  const awaited = new Map<string, Applied | undefined>();

  const isKnown = (id: string): boolean => isFinal(fold.get(id).status);

  let logReadAt = Number.NEGATIVE_INFINITY;
  let tasksReadAt = Number.NEGATIVE_INFINITY;

  function refreshLog(): void {
    logReadAt = clock.monotonic();
    storage.readLines({ restarted, line: read });
  }
  function restarted(): void {
    fold = createTaskFold();
    index = undefined;
  }
  function read(line: ExecutionLogLine): void {
    const answer = fold.apply(line);
    if (answer === 'applied') index?.recordChanged(line.task_id);
    if (line.event_id !== undefined && awaited.has(line.event_id)) {
      // The first reading decides: a line that was written twice is ignored the second time.
      awaited.set(line.event_id, awaited.get(line.event_id) ?? answer);
    }
  }

  function refreshTasks(): void {
    tasksReadAt = clock.monotonic();
    const { version } = wanted;
    wanted = storage.tasks(isKnown);
    if (wanted.version !== version) index = undefined;
    else if (index !== undefined && wanted.tasks.length > known) index.append(wanted.tasks.slice(known));
    known = wanted.tasks.length;
  }

  return {
    get fold() {
      return fold;
    },
    get index() {
      return (index ??= createReadyIndex(wanted.tasks, fold, runId, {
        nowMs: () => clock.monotonic(),
        wallMs: () => clock.now().getTime(),
      }));
    },
    get tasks() {
      return wanted.tasks;
    },
    isKnown,
    refreshLog,
    refresh() {
      refreshLog();
      refreshTasks();
    },
    refreshUnlessFresh() {
      const now = clock.monotonic();
      const hasWork = index?.firstReady !== undefined;
      if (!hasWork || now - logReadAt > FRESH_MS) refreshLog();
      if (!hasWork || now - tasksReadAt > TASKS_FRESH_MS) refreshTasks();
    },
    commit(lines, durable) {
      const answers = new Map<string, Applied>();
      let unread = lines;
      for (const line of lines) awaited.set(line.event_id ?? '', undefined);
      try {
        for (let write = 0; unread.length > 0 && write < MOST_WRITES; write += 1) {
          storage.appendLines(unread);
          if (durable !== undefined) storage.syncLines();
          refreshLog();
          unread = unread.filter((line) => awaited.get(line.event_id ?? '') === undefined);
        }
        for (const [eventId, answer] of awaited) if (answer !== undefined) answers.set(eventId, answer);
      } finally {
        awaited.clear();
      }
      if (unread.length === 0) return answers;
      throw new VivariumError(
        'record_unwritable',
        `${unread.length} lines of the execution log could not be read back after ${MOST_WRITES} writes`,
        {
          remedy: { kind: 'retry' },
          hint: 'Look at the end of logs/execution_log.jsonl and at the free space of its disk.',
        },
      );
    },
  };
}
