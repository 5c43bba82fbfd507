/**
 * The lines this package writes to execution_log.jsonl: keys of the seed first, in its order. Pure; ids and times are handed in.
 * Lines stay small (Q8: fragments left by a kill grow with the length of a line), so texts are cut; whole outputs are in logs/results/.
 */
import { nanoToUsd, type NanoUsd } from '@vivarium/core';
import type { Claim, ExecutionLogLine, TaskOutcome } from '@vivarium/contracts';
import { millisOf, timestampOf } from './dates.ts';
import { fingerprintOf } from './fingerprint.ts';

type LineOf<Status extends ExecutionLogLine['status']> = Extract<ExecutionLogLine, { status: Status }>;
export type Takeover = NonNullable<LineOf<'in_progress'>['supersedes']>;

/** What every line of one process carries. */
export interface LineContext {
  readonly home: string;
  readonly runId: string;
  readonly eventId: string;
  /** UTC with Z and milliseconds. */
  readonly timestamp: string;
}

/** The part of a claim that names an attempt. */
export type Holding = Pick<Claim, 'digest' | 'round' | 'attempt' | 'workerId'> & { readonly taskId: string };

const SUMMARY_LENGTH = 240;
const REASON_LENGTH = 500;

export function claimLine(
  holding: Holding,
  context: LineContext,
  supersedes?: Takeover,
): LineOf<'in_progress'> {
  return {
    task_id: holding.taskId,
    worker_id: holding.workerId,
    status: 'in_progress',
    timestamp: context.timestamp,
    started_at: context.timestamp,
    event: 'task.claimed',
    ...joins(holding, context),
    ...(supersedes === undefined ? {} : { supersedes }),
  };
}

export function skipLine(
  holding: Holding,
  context: LineContext,
  dependency: string,
  reason: string,
): LineOf<'skipped'> {
  return {
    ...ended(holding, context, 'skipped', { result_summary: null, errors: reason }),
    event: 'task.skipped',
    ...joins(holding, context),
    dependency,
  };
}

/** An operator's word. */
export function cancelLine(holding: Holding, context: LineContext, reason: string): LineOf<'cancelled'> {
  return {
    ...ended(holding, context, 'cancelled', {
      result_summary: null,
      errors: oneLine(reason, REASON_LENGTH),
    }),
    event: 'task.cancelled',
    ...joins(holding, context),
  };
}

/** An operator's word: the task may be claimed, in the round and after the attempt that `holding` names. */
export function reopenLine(holding: Holding, context: LineContext, reason: string): LineOf<'queued'> {
  return {
    ...head(holding, context, 'queued'),
    reason: oneLine(reason, REASON_LENGTH),
    event: 'task.reopened',
    ...joins(holding, context),
  };
}

/** `attemptsLeft`: false turns a fault that may pass into the task's failure. */
export function finishLine(
  holding: Holding,
  outcome: TaskOutcome,
  context: LineContext,
  attemptsLeft: boolean,
): ExecutionLogLine {
  switch (outcome.kind) {
    case 'completed':
      return completedLine(holding, outcome, context);
    case 'failed':
      return failedLine(holding, outcome, context);
    case 'refused':
      return {
        ...ended(holding, context, 'refused', {
          result_summary: null,
          errors: oneLine(outcome.reason, REASON_LENGTH),
        }),
        event: 'task.refused',
        ...joins(holding, context),
        rule_ids: [...outcome.ruleIds],
      };
    case 'deferred':
      return {
        ...head(holding, context, 'deferred'),
        reason: oneLine(outcome.reason, REASON_LENGTH),
        until: outcome.until?.toISOString() ?? null,
        errors: null,
        event: 'task.deferred',
        ...joins(holding, context),
      };
    case 'retrying': {
      if (!attemptsLeft) {
        return failedLine(holding, { ...outcome, kind: 'failed' }, context, ' (no attempts are left)');
      }
      return {
        ...head(holding, context, 'retrying'),
        errors: oneLine(outcome.error, REASON_LENGTH),
        error_code: outcome.errorCode,
        fingerprint: fingerprintOf(outcome.errorCode, outcome.error),
        ...(outcome.blame === undefined ? {} : { blame: outcome.blame }),
        not_before: timestampOf(millisOf(context.timestamp) + outcome.retryAfterMs),
        ...money(outcome.cost),
        event: 'task.retrying',
        ...joins(holding, context),
        ...(outcome.simulated === undefined ? {} : { simulated: outcome.simulated }),
      };
    }
    case 'released':
      return {
        ...head(holding, context, 'queued'),
        reason: oneLine(outcome.reason, REASON_LENGTH),
        event: 'task.released',
        ...joins(holding, context),
      };
  }
}

/** The line that is written most. One literal: put together from parts like the others it took 14 µs, so it takes 3. */
function completedLine(
  holding: Holding,
  { usage, summary, resultSha256, finishReason, cutBy }: Extract<TaskOutcome, { kind: 'completed' }>,
  context: LineContext,
): LineOf<'completed'> {
  return {
    task_id: holding.taskId,
    worker_id: holding.workerId,
    status: 'completed',
    timestamp: context.timestamp,
    completed_at: context.timestamp,
    result_summary: oneLine(summary, SUMMARY_LENGTH),
    errors: null,
    model: usage.model,
    requested_model: usage.requestedModel,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cost: nanoToUsd(usage.cost),
    cost_nano_usd: usage.cost,
    latency_ms: usage.latencyMs,
    call_id: usage.callId,
    event: 'task.completed',
    event_id: context.eventId,
    home: context.home,
    run_id: context.runId,
    round: holding.round,
    attempt: holding.attempt,
    task_digest: holding.digest,
    provider: usage.provider,
    simulated: usage.simulated,
    result_sha256: resultSha256,
    finish_reason: finishReason,
    cut_by: cutBy,
  };
}

/** A task that took several workers down with it (Q5): `failed` without a code, for nobody is left to say what went wrong. */
export const poisonedLine = (holding: Holding, context: LineContext, error: string): LineOf<'failed'> =>
  failedLine(holding, { kind: 'failed', error }, context);

type Failure = Omit<Extract<TaskOutcome, { kind: 'failed' }>, 'errorCode'> & { readonly errorCode?: string };

function failedLine(holding: Holding, failure: Failure, context: LineContext, remark = ''): LineOf<'failed'> {
  return {
    ...ended(holding, context, 'failed', {
      result_summary: null,
      errors: oneLine(failure.error, REASON_LENGTH - remark.length) + remark,
    }),
    ...(failure.errorCode === undefined ? {} : { error_code: failure.errorCode }),
    fingerprint: fingerprintOf(failure.errorCode, failure.error),
    ...money(failure.cost),
    event: 'task.failed',
    ...joins(holding, context),
    ...(failure.simulated === undefined ? {} : { simulated: failure.simulated }),
  };
}

function head<Status extends ExecutionLogLine['status']>(
  holding: Holding,
  context: LineContext,
  status: Status,
) {
  return { task_id: holding.taskId, worker_id: holding.workerId, status, timestamp: context.timestamp };
}

interface End {
  readonly result_summary: string | null;
  readonly errors: string | null;
}
function ended<Status extends ExecutionLogLine['status']>(
  holding: Holding,
  context: LineContext,
  status: Status,
  end: End,
) {
  return {
    ...head(holding, context, status),
    completed_at: context.timestamp,
    result_summary: end.result_summary,
    errors: end.errors,
  };
}

function joins(holding: Holding, context: LineContext) {
  return {
    event_id: context.eventId,
    home: context.home,
    run_id: context.runId,
    round: holding.round,
    attempt: holding.attempt,
    task_digest: holding.digest,
  };
}

const money = (cost: NanoUsd | undefined) =>
  cost === undefined ? {} : { cost: nanoToUsd(cost), cost_nano_usd: cost };

/** The first `length` code points, on one line: runs of blanks, line ends and control characters become one blank. */
export function oneLine(text: string, length: number): string {
  // What lies far beyond cannot count, whatever blanks go before it.
  const beginning = text.length > length * 16 ? text.slice(0, length * 16) : text;
  const flat = (UNEVEN.test(beginning) ? beginning.replace(BLANKS, ' ') : beginning).trim();
  if (flat.length <= length) return flat;
  // A code point is at most two units.
  const cut = flat.slice(0, length * 2);
  return SURROGATE.test(cut) ? Array.from(cut).slice(0, length).join('') : cut.slice(0, length);
}

const SURROGATE = /[\ud800-\udfff]/;
/* oxlint-disable no-control-regex -- control characters are what these take out */
const BLANKS = /[\u0000-\u0020\u007f-\u009f\u2028\u2029]+/g;
/** Asked first: most texts are even, and replacing each of their blanks by a blank costs five times as much. */
const UNEVEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]| {2}/;
