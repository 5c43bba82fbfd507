/**
 * The fold of execution_log.jsonl: what state each task is in. Everybody who needs a task's state runs this, and nothing else says it.
 *
 * - Q1: state is what these rules make of the lines in their order; queue.json and task_locks/ have no say.
 * - Q2: a claim counts when it names the next attempt of the round; the first such line in log order wins, later ones are `ignored`.
 * - Q4: any other line counts only under the attempt in force (and, while somebody works on it, from that worker).
 * - Q7: a final state is left only by opening the next round: a reopening, or a claim or skip under another digest. A task's first line may say
 *   that earlier rounds are in an archived log.
 * A line repeated after a torn write changes nothing: it no longer names the next or the current attempt.
 */
import { zeroUsd, addUsd, nanoUsd, usdToNano, type NanoUsd } from '@vivarium/core';
import type { CutBy } from '../fields.ts';
import type { ExecutionLogLine } from '../events/execution-log.ts';

export const FINAL_STATUSES = ['completed', 'failed', 'refused', 'cancelled', 'skipped'] as const;
export type FinalStatus = (typeof FINAL_STATUSES)[number];
export type RecordedStatus = ExecutionLogLine['status'];

export interface TaskRecord {
  readonly status: RecordedStatus;
  readonly round: number;
  /** 0 before the first claim of the round. */
  readonly attempt: number;
  /** Attempts of this round that ended in a fault or were taken over: the number an attempts limit counts. */
  readonly faults: number;
  /** Attempts of this round that ended because the provider was out of reach. */
  readonly outages: number;
  readonly digest: string | undefined;
  /** Line that put the task into this state. */
  readonly eventId: string | undefined;
  readonly workerId: string | undefined;
  readonly runId: string | undefined;
  /** Timestamp of that line. */
  readonly since: string | undefined;
  /** Deferred or retrying: not to be claimed before this; null: not again in the run `runId`. */
  readonly notBefore: string | null | undefined;
  /** Runs that leave it alone, a blank after each: they deferred it without a time since it was last opened. */
  readonly leftBy: string | undefined;
  /** Why it is deferred, retrying, failed, refused or skipped. */
  readonly reason: string | undefined;
  readonly errorCode: string | undefined;
  readonly fingerprint: string | undefined;
  /** Of the round, all attempts together. */
  readonly cost: NanoUsd;
  readonly simulated: boolean;
  readonly model: string | undefined;
  readonly resultSha256: string | undefined;
  readonly summary: string | undefined;
  readonly latencyMs: number | undefined;
  readonly finishReason: string | undefined;
  readonly cutBy: CutBy | undefined;
}

/** Of a task that no line has named. */
export const NEVER_SEEN: TaskRecord = {
  status: 'queued',
  round: 1,
  attempt: 0,
  faults: 0,
  outages: 0,
  digest: undefined,
  eventId: undefined,
  workerId: undefined,
  runId: undefined,
  since: undefined,
  notBefore: undefined,
  leftBy: undefined,
  reason: undefined,
  errorCode: undefined,
  fingerprint: undefined,
  cost: zeroUsd,
  simulated: false,
  model: undefined,
  resultSha256: undefined,
  summary: undefined,
  latencyMs: undefined,
  finishReason: undefined,
  cutBy: undefined,
};

export const isLeftBy = ({ leftBy = '' }: TaskRecord, runId: string): boolean =>
  leftBy.split(' ').includes(runId);

export const isFinal = (status: RecordedStatus): status is FinalStatus =>
  (FINAL_STATUSES as readonly string[]).includes(status);

/** `applied`: the line changed the state. `ignored`: it came too late, twice, or from one who no longer holds the task. */
export type Applied = 'applied' | 'ignored';

export interface TaskFold {
  apply(line: ExecutionLogLine): Applied;
  /** The record of a task; the state of one never seen when there is none. */
  get(taskId: string): TaskRecord;
  entries(): IterableIterator<readonly [string, TaskRecord]>;
}

/** `from`: what an earlier fold of the same log had come to, as `entries` gave it. */
export function createTaskFold(from: Iterable<readonly [string, TaskRecord]> = []): TaskFold {
  const records = new Map<string, TaskRecord>(from);
  return {
    apply(line) {
      const next = nextRecord(records.get(line.task_id) ?? NEVER_SEEN, line);
      if (next === undefined) return 'ignored';
      records.set(line.task_id, next);
      return 'applied';
    },
    get: (taskId) => records.get(taskId) ?? NEVER_SEEN,
    entries: () => records.entries(),
  };
}

/** The whole rule, one line against one record. Undefined when the line changes nothing. */
export function nextRecord(record: TaskRecord, line: ExecutionLogLine): TaskRecord | undefined {
  const opened = openedRound(record, line);
  const current = opened === undefined ? record : { ...NEVER_SEEN, round: opened };
  if (isFinal(current.status) || (isCarriedOver(line) && opened === undefined)) return undefined;
  // Lines of the seed name neither round nor attempt: they mean the one in force, or for a start the next.
  if ((line.round ?? current.round) !== current.round) return undefined;
  const attempt = line.attempt ?? (line.status === 'in_progress' ? current.attempt + 1 : current.attempt);

  if (line.status === 'in_progress') {
    if (attempt !== current.attempt + 1) return undefined;
    const takesOver = current.status === 'in_progress';
    if (takesOver && line.supersedes === undefined && line.attempt !== undefined) return undefined;
    return stateAfter({ ...current, faults: current.faults + (takesOver ? 1 : 0) }, line, attempt);
  }
  if (attempt !== current.attempt) return undefined;
  const held = current.status === 'in_progress';
  if (held && (line.status === 'skipped' || isReopening(line))) return undefined;
  if (needsHolder(line) && (!held || current.workerId !== line.worker_id)) return undefined;
  return stateAfter(current, line, attempt);
}

/** The round that the line begins, if it begins one. */
function openedRound(record: TaskRecord, line: ExecutionLogLine): number | undefined {
  // The first line of a task in a log that follows an archived one.
  if (isCarriedOver(line)) return record.since === undefined ? line.round : undefined;
  if (!isFinal(record.status) || line.round !== record.round + 1) return undefined;
  const opens =
    line.status === 'queued'
      ? isReopening(line)
      : (line.status === 'in_progress' || line.status === 'skipped') && line.task_digest !== record.digest;
  return opens ? line.round : undefined;
}

const isReopening = (line: ExecutionLogLine): boolean =>
  line.status === 'queued' && line.event === 'task.reopened';
const isCarriedOver = (line: ExecutionLogLine): boolean =>
  line.status === 'queued' && line.event === 'task.carried-over';

/** Ends of an attempt come from the worker that holds it; skip, cancel and reopen come from outside. */
function needsHolder(line: ExecutionLogLine): boolean {
  switch (line.status) {
    case 'completed':
    case 'failed':
    case 'refused':
    case 'deferred':
    case 'retrying':
      return true;
    case 'queued':
      return line.event === 'task.released';
    case 'skipped':
    case 'cancelled':
    case 'in_progress':
      return false;
  }
}

function stateAfter(current: TaskRecord, line: ExecutionLogLine, attempt: number): TaskRecord {
  return {
    status: line.status,
    round: current.round,
    attempt,
    faults: current.faults + (line.status === 'retrying' && line.blame !== 'upstream' ? 1 : 0),
    outages: current.outages + (line.status === 'retrying' && line.blame === 'upstream' ? 1 : 0),
    digest: line.task_digest ?? current.digest,
    eventId: line.event_id,
    workerId: line.worker_id,
    runId: line.run_id,
    since: line.timestamp,
    notBefore:
      line.status === 'deferred' ? line.until : line.status === 'retrying' ? line.not_before : undefined,
    leftBy: leftAfter(current, line),
    reason: reasonOf(line),
    errorCode: 'error_code' in line ? line.error_code : undefined,
    fingerprint: 'fingerprint' in line ? line.fingerprint : undefined,
    cost: addUsd(current.cost, costOf(line)),
    simulated: line.simulated ?? current.simulated,
    model: ('model' in line ? line.model : undefined) ?? current.model,
    resultSha256: line.status === 'completed' ? line.result_sha256 : undefined,
    summary: line.status === 'completed' ? (line.result_summary ?? undefined) : undefined,
    latencyMs: 'latency_ms' in line ? line.latency_ms : undefined,
    finishReason: line.status === 'completed' ? line.finish_reason : undefined,
    cutBy: line.status === 'completed' ? line.cut_by : undefined,
  };
}

/** Two runs at once do not hand each other a task that neither can do. */
function leftAfter(current: TaskRecord, line: ExecutionLogLine): string | undefined {
  if (isReopening(line)) return undefined;
  const { run_id: run } = line;
  const isLeft = line.status === 'deferred' && line.until === null && run !== undefined;
  return isLeft && !isLeftBy(current, run) ? `${current.leftBy ?? ''}${run} ` : current.leftBy;
}

function costOf(line: ExecutionLogLine): NanoUsd {
  if (!('cost_nano_usd' in line)) return zeroUsd;
  if (line.cost_nano_usd !== undefined) return nanoUsd(line.cost_nano_usd);
  return line.cost === undefined ? zeroUsd : usdToNano(line.cost);
}

function reasonOf(line: ExecutionLogLine): string | undefined {
  if (line.status === 'deferred' || line.status === 'queued') return line.reason;
  return 'errors' in line ? (line.errors ?? undefined) : undefined;
}
