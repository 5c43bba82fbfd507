/** What an engine must be able to keep: tasks, lines, locks, beats. The rules of claiming stand above it, once for all engines (queue.ts). */
import type { AddAnswer, ExecutionLogLine, NewTask, Obeyed } from '@vivarium/contracts';
import type { Beat } from './leases.ts';
import type { LockStore } from './task-locks.ts';
import type { WantedTasks } from './wanted-tasks.ts';

export interface LineReader {
  /** The log was replaced: what was folded before is void, and the lines begin anew. */
  restarted(): void;
  line(line: ExecutionLogLine): void;
}

export interface QueueStorage {
  readonly locks: LockStore;
  /**
   * The tasks that are wanted, in order. Cheap when nothing changed (Q6). `isKnown` says which ids may be depended on without being in the
   * queue. Throws `queue_unreadable` when there is no good version to go by.
   */
  tasks(isKnown: (id: string) => boolean): WantedTasks;
  /** Adds what can be added, under one lock; readable by every process when it resolves. */
  add(tasks: readonly NewTask[], isKnown: (id: string) => boolean): Promise<AddAnswer>;
  /** Under the lock that `add` takes: whoever puts another log in place (`archive`, `clear`) holds it, so that what is written here is not left behind in the old one. */
  exclusively<T>(work: () => T): Promise<T>;
  /** Tells the lines of execution_log.jsonl since the last call, one by one. */
  readLines(to: LineReader): void;
  /** Appends with one write, in order. */
  appendLines(lines: readonly ExecutionLogLine[]): void;
  /** Where the home is to survive a power loss: returns when what was appended is on the disk. */
  syncLines(): void;
  readBeat(workerId: string): Beat | undefined;
  /** Moves the worker's counter on. */
  writeBeat(workerId: string, busy: number, obeys?: Obeyed): void;
  removeBeat(workerId: string): void;
  watch(onChange: () => void): () => void;
}
