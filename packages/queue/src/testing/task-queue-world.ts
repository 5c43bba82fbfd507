/** What the contract suite needs of an engine: a home that several processes share, time held in the hand, and the world outside the port. */
import type { Milliseconds, RunId } from '@vivarium/core';
import type { ExecutionLogLine, NewTask, TaskLockFile, TaskOutcome, TaskQueue } from '@vivarium/contracts';
import { nanoUsd } from '@vivarium/core';

export interface OpenOptions {
  readonly runId?: RunId;
  readonly leaseMs?: Milliseconds;
}

/** A process that works on the home. */
export interface QueueProcess {
  readonly queue: TaskQueue;
  /** Ends it as kill -9 does. What it wrote stays; the test must not use it any more. */
  kill(): void;
}

export interface TaskQueueWorld {
  open(options?: OpenOptions): QueueProcess;
  /** Time passes for every process: wall and monotonic. */
  advance(duration: Milliseconds): void;
  /** The wall clock is set; monotonic time does not notice. */
  setWall(date: Date): void;
  readonly now: Date;
  /** The execution log as it stands. */
  lines(): readonly ExecutionLogLine[];
  /** Another program writes a line, of the seed's form for example. */
  append(line: Readonly<Record<string, unknown>>): void;
  /** Somebody edits queue.json by hand. `change` gets the entries as they are written there. */
  edit(change: (entries: readonly NewTask[]) => readonly NewTask[]): void;
  /** Ids of the tasks that have a lock, sorted. */
  lockedTasks(): readonly string[];
  /** Somebody leaves a lock. */
  putLock(lock: TaskLockFile): void;
  /** Operations on what keeps the home, so far: files, or what stands for them. For costs that must not grow (Q6). */
  readonly operations: number;
}

export type TaskQueueWorldFactory = () => TaskQueueWorld;

export const newTask = (id: string, more: Partial<NewTask> = {}): NewTask => ({
  id,
  prompt: `work on ${id}`,
  ...more,
});

export const completed = (summary = 'done'): TaskOutcome => ({
  kind: 'completed',
  summary,
  resultSha256: 'a'.repeat(64),
  finishReason: 'stop',
  usage: {
    requestedModel: 'llama-3.1-8b-instant',
    model: 'llama-3.1-8b-instant',
    inputTokens: 40,
    outputTokens: 60,
    cost: nanoUsd(6_800),
    latencyMs: 350,
    provider: 'simulator',
    simulated: true,
    callId: 'call_1',
  },
});

export const failed = {
  kind: 'failed',
  error: 'the reply was empty',
  errorCode: 'provider_malformed',
} as const satisfies TaskOutcome;
export const faulty = (retryAfterMs: Milliseconds = 0, blame: 'task' | 'upstream' = 'task'): TaskOutcome => ({
  kind: 'retrying',
  error: 'the provider answered 503',
  errorCode: 'provider_unavailable',
  retryAfterMs,
  blame,
});
export const released: TaskOutcome = { kind: 'released', reason: 'halted' };
export const deferred = (until: Date | null): TaskOutcome => ({
  kind: 'deferred',
  reason: 'run_budget',
  until,
});
