/**
 * What an answer of grind means for a task, and for the worker that asked. The whole table, pure; the loop does what it says.
 *
 * It reads `remedy` and `code`, never a message and never an HTTP number. What is nobody's fault gives the task back without blame (Q11):
 * an unreachable grind, HALT, PAUSE, a full disk, a wrong key. What lacks money or must slow down is deferred. Only the rest can fail.
 */
import { nanoUsd, type Milliseconds } from '@vivarium/core';
import type { Claim, GrindRefusal, GrindReply, RefusalCode, TaskOutcome } from '@vivarium/contracts';

/** What came back from grind, or instead of an answer of it. */
export type GrindAnswer =
  | { readonly kind: 'reply'; readonly reply: GrindReply; readonly latencyMs: Milliseconds }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  /** Nobody there, the connection was cut, or something answered that is not a grind. */
  | { readonly kind: 'unreachable'; readonly message: string }
  /** Grind is there and did not answer by the deadline it was given. */
  | { readonly kind: 'silent'; readonly message: string }
  /** The worker itself cut the call. */
  | { readonly kind: 'cut'; readonly reason: string };

export type Refusal = GrindRefusal['error'];

/** What the worker does next, whatever becomes of the task. */
export type Next =
  | { readonly kind: 'go_on' }
  /** No claims until grind answers again. */
  | { readonly kind: 'await_grind'; readonly detail: string }
  /** No claims for a while: something that an operator or time will mend. */
  | {
      readonly kind: 'hold';
      readonly code: RefusalCode;
      readonly detail: string;
      readonly hint: string;
      readonly ms: Milliseconds;
    }
  /** No claims any more: nothing will work until the operator acts. */
  | { readonly kind: 'stop'; readonly code: RefusalCode; readonly detail: string; readonly hint: string };

export interface Judgement {
  readonly outcome: TaskOutcome;
  readonly next: Next;
}

export const FIRST_RETRY_MS = 1_000;
export const LONGEST_RETRY_MS = 30_000;
export const HOLD_MS = 1_000;
/** Characters of the output that stand in the task's own line. Short lines survive a crash whole far more often (Q8). */
export const SUMMARY_LENGTH = 160;

const GO_ON: Next = { kind: 'go_on' };

/** What a judgement goes by beside the answer. */
export interface Circumstances {
  /** Dates the wait of a deferred task; it is written down, nothing is decided by it here. */
  readonly now: Date;
  /** From 0 to below 1; spreads waits. */
  readonly chance: number;
  /** The run goes on when nothing can run (`--watch`, `up`): then it waits for the next day. */
  readonly stays: boolean;
}

export function judgeAnswer(answer: GrindAnswer, claim: Claim, at: Circumstances): Judgement {
  switch (answer.kind) {
    case 'reply':
      return { outcome: completed(answer.reply, answer.latencyMs), next: GO_ON };
    case 'refusal':
      return judgeRefusal(answer.refusal, claim, at);
    case 'unreachable':
      return {
        outcome: { kind: 'released', reason: 'grind_unreachable' },
        next: { kind: 'await_grind', detail: answer.message },
      };
    case 'silent':
      return {
        outcome: {
          kind: 'retrying',
          error: answer.message,
          errorCode: 'deadline_exceeded',
          retryAfterMs: backoff(claim, at.chance),
        },
        next: GO_ON,
      };
    case 'cut':
      return { outcome: { kind: 'released', reason: answer.reason }, next: GO_ON };
  }
}

function judgeRefusal(refusal: Refusal, claim: Claim, at: Circumstances): Judgement {
  switch (refusal.remedy) {
    case 'stop':
      return {
        outcome: released(refusal),
        next: { kind: 'stop', code: refusal.code, detail: refusal.message, hint: refusal.hint },
      };
    case 'fail':
      return { outcome: refusal.code === 'refused' ? refused(refusal) : failed(refusal), next: GO_ON };
    case 'wait':
    case 'retry':
      return judgePassing(refusal, claim, at);
  }
}

/** Codes whose remedy says that the same request may work later. */
function judgePassing(refusal: Refusal, claim: Claim, { now, chance, stays }: Circumstances): Judgement {
  switch (refusal.code) {
    case 'deferred': {
      // Grind says when only of the day: the other caps are raised by a person, or not at all.
      const { reason = 'budget', retry_after_ms: waitMs } = refusal;
      const until = stays && waitMs !== undefined ? new Date(now.getTime() + waitMs) : null;
      return { outcome: { kind: 'deferred', reason, until }, next: GO_ON };
    }
    case 'circuit_open': {
      // Not all at once: one of them will be let through to try it.
      const waitMs = (refusal.retry_after_ms ?? FIRST_RETRY_MS) * (1 + chance / 4);
      return {
        outcome: { kind: 'deferred', reason: 'circuit_open', until: new Date(now.getTime() + waitMs) },
        next: GO_ON,
      };
    }
    case 'rate_limited': {
      // Tasks that were told the same time are not to be claimed again in the same moment.
      const waitMs = (refusal.retry_after_ms ?? FIRST_RETRY_MS) * (1 + chance / 4);
      const until = new Date(now.getTime() + waitMs);
      return { outcome: { kind: 'deferred', reason: 'rate_limit', until }, next: GO_ON };
    }
    case 'refused':
      return { outcome: refused(refusal), next: GO_ON };
    case 'stopping':
      return { outcome: released(refusal), next: { kind: 'await_grind', detail: refusal.message } };
    case 'halted':
    case 'paused':
    case 'draining':
    case 'held':
    case 'record_unwritable':
    case 'provider_key':
    case 'foreign_home':
      return {
        outcome: released(refusal),
        next: {
          kind: 'hold',
          code: refusal.code,
          detail: refusal.message,
          hint: refusal.hint,
          ms: refusal.retry_after_ms ?? HOLD_MS,
        },
      };
    case 'provider_failed':
    case 'deadline_exceeded':
    case 'internal':
    case 'invalid_request':
    case 'forbidden_origin':
    case 'unauthorized':
    case 'not_permitted':
    case 'not_found':
    case 'unknown_run':
    case 'cancelled':
    case 'idempotency_conflict':
    case 'unsupported_media_type':
    case 'payload_too_large':
    case 'unknown_model':
    case 'unpriced_model':
    case 'provider_rejected':
      return {
        outcome: {
          kind: 'retrying',
          error: refusal.message,
          errorCode: refusal.code,
          retryAfterMs: refusal.retry_after_ms ?? backoff(claim, chance),
          blame: isOutage(refusal) ? 'upstream' : 'task',
          ...chargeOf(refusal),
        },
        next: GO_ON,
      };
  }
}

function completed(reply: GrindReply, latencyMs: Milliseconds): TaskOutcome {
  return {
    kind: 'completed',
    usage: {
      requestedModel: reply.requested_model,
      model: reply.model,
      inputTokens: reply.usage?.prompt_tokens ?? 0,
      outputTokens: reply.usage?.completion_tokens ?? 0,
      cost: nanoUsd(reply.cost_nano_usd),
      latencyMs: Math.round(latencyMs),
      provider: reply.provider,
      simulated: reply.simulated,
      callId: reply.call_id,
    },
    summary: beginningOf(reply.result),
    resultSha256: reply.result_sha256,
    finishReason: reply.finish_reason,
    cutBy: reply.cut_by,
  };
}

const released = (refusal: Refusal): TaskOutcome => ({ kind: 'released', reason: refusal.code });
const refused = (refusal: Refusal): TaskOutcome => ({
  kind: 'refused',
  reason: refusal.message,
  ruleIds: refusal.rule_ids ?? [],
});
const failed = (refusal: Refusal): TaskOutcome => ({
  kind: 'failed',
  error: refusal.message,
  errorCode: refusal.code,
  ...chargeOf(refusal),
});

/** What was charged although there is no answer: it belongs to the task's cost (M2). */
const chargeOf = (refusal: Refusal): { cost?: ReturnType<typeof nanoUsd>; simulated?: boolean } =>
  refusal.cost_nano_usd === 0 ? {} : { cost: nanoUsd(refusal.cost_nano_usd), simulated: refusal.simulated };

/** The provider could not be reached or was out of order: no fault of this task's, and no other would fare better now. */
const isOutage = ({ code, reason }: Refusal): boolean =>
  code === 'provider_failed' && reason === 'unavailable';

/**
 * Doubles with every fault of the round, up to half a minute. Half of it is left to chance: tasks that failed together do not come back
 * together.
 */
export const backoff = (
  { faults, outages }: Pick<Claim, 'faults' | 'outages'>,
  chance: number,
): Milliseconds => {
  const most = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(faults + outages, 10));
  return Math.round(most * (0.5 + chance / 2));
};

/** The beginning of an output on one line, cut between characters and marked when cut. */
export function beginningOf(text: string): string {
  const characters = Array.from(
    text
      .slice(0, SUMMARY_LENGTH * 4)
      .replace(/\s+/g, ' ')
      .trim(),
  );
  if (characters.length <= SUMMARY_LENGTH) return characters.join('');
  return `${characters.slice(0, SUMMARY_LENGTH - 1).join('')}…`;
}
