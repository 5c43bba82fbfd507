/** One attempt: one request to grind, one judgement of what came back. Knows the request's shape; the table of answers is outcome.ts. */
import type { Clock, HomeId, Milliseconds, RunId } from '@vivarium/core';
import type { Claim, GrindRequest } from '@vivarium/contracts';
import type { GrindClient } from './grind-client.ts';
import { judgeAnswer, type Judgement } from './outcome.ts';

export interface AttemptContext {
  readonly home: HomeId;
  readonly runId: RunId;
  /** Most milliseconds one attempt may take (WORKER_TIMEOUT_SECONDS) of a task that says nothing else. */
  readonly timeoutMs: Milliseconds;
  readonly grind: GrindClient;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly chance: () => number;
  /** The run goes on when nothing can run. */
  readonly stays: boolean;
}

/** Longest deadline grind takes: a day. */
const LONGEST_DEADLINE_MS = 86_400_000;
/** Grind is given this much more than its deadline, so that its own answer about the deadline is heard. */
const GRACE_MS = 5_000;

/**
 * Same task, same round, same work, same key: whoever asks again after a crash gets the recorded reply and pays nothing (M3). The digest is in it
 * because a task may be edited between a recorded reply and its finish: that is other work, and another key (Q7).
 */
export const idempotencyKey = (home: HomeId, claim: Claim): string =>
  `${home}/${claim.task.id}/r${claim.round}/${claim.digest.slice(0, 12)}/c1`;

export function requestOf(
  claim: Claim,
  context: Pick<AttemptContext, 'home' | 'runId' | 'timeoutMs'>,
): GrindRequest {
  const { task } = claim;
  return {
    prompt: task.prompt,
    model: task.model,
    max_tokens: task.max_tokens,
    temperature: task.temperature,
    min_budget: task.min_budget,
    max_budget: task.max_budget,
    intensity: task.intensity,
    task_id: task.id,
    idempotency_key: idempotencyKey(context.home, claim),
    deadline_ms: Math.max(1, Math.min(LONGEST_DEADLINE_MS, Math.floor(timeoutOf(claim, context)))),
    home: context.home,
    run_id: context.runId,
    round: claim.round,
    attempt: claim.attempt,
    task_digest: claim.digest,
    worker_id: claim.workerId,
  };
}

const timeoutOf = ({ task }: Claim, { timeoutMs }: Pick<AttemptContext, 'timeoutMs'>): Milliseconds =>
  task.timeout_seconds === undefined ? timeoutMs : task.timeout_seconds * 1_000;

export async function attempt(
  claim: Claim,
  url: string,
  context: AttemptContext,
  signal: AbortSignal,
): Promise<Judgement> {
  const request = requestOf(claim, context);
  const answer = await context.grind.post(url, request, timeoutOf(claim, context) + GRACE_MS, signal);
  return judgeAnswer(answer, claim, {
    now: context.clock.now(),
    chance: context.chance(),
    stays: context.stays,
  });
}
