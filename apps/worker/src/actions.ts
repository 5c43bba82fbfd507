/** The lines of the action log that a worker writes: what anyone would want to watch. Pure. */
import { formatDuration, formatUsd, type RunId } from '@vivarium/core';
import type { Action, Claim, FinishAnswer, TaskOutcome } from '@vivarium/contracts';

const joinsOf = (claim: Claim, runId: RunId) => ({
  actor: claim.workerId,
  run_id: runId,
  task_id: claim.task.id,
  round: claim.round,
  attempt: claim.attempt,
  task_digest: claim.digest,
  worker_id: claim.workerId,
});

export function claimedAction(claim: Claim, runId: RunId): Action {
  const detail = claim.attempt === 1 ? claim.task.id : `${claim.task.id} (attempt ${claim.attempt})`;
  return {
    ...joinsOf(claim, runId),
    action_type: 'SYSTEM',
    action: 'claimed',
    detail,
    event: 'task.claimed',
  };
}

export function finishedAction(
  claim: Claim,
  runId: RunId,
  outcome: TaskOutcome,
  answer: FinishAnswer,
): Action {
  const joins = joinsOf(claim, runId);
  const id = claim.task.id;
  if (answer === 'lost') {
    const detail = `${id}: attempt ${claim.attempt} is no longer the one in force; its end (${outcome.kind}) changes nothing`;
    return { ...joins, action_type: 'SYSTEM', action: 'lost', detail, event: 'lease.lost' };
  }
  switch (outcome.kind) {
    case 'completed': {
      const { usage } = outcome;
      const price = `${formatUsd(usage.cost)}${usage.simulated ? ' simulated' : ''}`;
      return {
        ...joins,
        action_type: 'SYSTEM',
        action: 'completed',
        detail: `${id} in ${formatDuration(usage.latencyMs)}, ${price}, ${usage.model}`,
        event: 'task.completed',
        provider: usage.provider,
        simulated: usage.simulated,
        cost_nano_usd: usage.cost,
        metadata: { model: usage.model, call_id: usage.callId, result_sha256: outcome.resultSha256 },
      };
    }
    case 'failed':
      return {
        ...joins,
        action_type: 'ERROR',
        action: 'failed',
        detail: `${id}: ${outcome.error}`,
        event: 'task.failed',
        metadata: { code: outcome.errorCode },
      };
    case 'retrying':
      return {
        ...joins,
        action_type: 'ERROR',
        action: 'retrying',
        detail: `${id} in ${formatDuration(outcome.retryAfterMs)}: ${outcome.error}`,
        event: 'task.retrying',
        metadata: { code: outcome.errorCode },
      };
    case 'refused':
      return {
        ...joins,
        action_type: 'SYSTEM',
        action: 'refused',
        detail: `${id}: ${outcome.reason}`,
        event: 'task.refused',
        metadata: { rule_ids: outcome.ruleIds },
      };
    case 'deferred': {
      const until = outcome.until === null ? 'another run' : outcome.until.toISOString();
      return {
        ...joins,
        action_type: 'SYSTEM',
        action: 'deferred',
        detail: `${id} until ${until}: ${outcome.reason}`,
        event: 'task.deferred',
      };
    }
    case 'released':
      return {
        ...joins,
        action_type: 'SYSTEM',
        action: 'released',
        detail: `${id}: ${outcome.reason}`,
        event: 'task.released',
      };
  }
}
