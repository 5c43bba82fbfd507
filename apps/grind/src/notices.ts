/**
 * What grind tells people: lines of the action log, in the seed's templates, and diagnostics for the operator. Neither holds a prompt, a key
 * or a text of the provider (S6). Nothing rests on them: they are written after the lines of the record that count.
 */
import type { Action, Completion, RecordStore } from '@vivarium/contracts';
import { formatUsd, nanoUsd, type NanoUsd } from '@vivarium/core';
import type { SpentOf } from './caps.ts';
import type { Order } from './order.ts';
import type { CachedReply } from './reply-cache.ts';

/** Standard error, for the operator. */
export interface Diagnostics {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface Notices {
  answered(order: Order, completion: Completion, cost: NanoUsd, callId: string): void;
  cached(order: Order, reply: CachedReply): void;
  /** One of the shares of a cap that are worth a word is spent. */
  spent(order: Order, of: SpentOf, share: number): void;
  exceeded(order: Order, cap: string, requested: NanoUsd, remaining: NanoUsd): void;
  blocked(order: Order, reason: string, ruleIds: readonly string[]): void;
  /** Something went wrong that the operator should know of. */
  trouble(order: Order | undefined, code: string, detail: string): void;
}

export function createNotices(record: Pick<RecordStore, 'act'>, diagnostics: Diagnostics): Notices {
  /** Field by field, as call-lines.ts does for the same reason; `home` is added by the record itself. */
  const act = (order: Order, said: Said): void => {
    const { joins } = order;
    record.act({
      actor: order.actor,
      action_type: said.action_type,
      action: said.action,
      detail: said.detail,
      event: said.event,
      metadata: said.metadata,
      cost_nano_usd: said.cost_nano_usd,
      run_id: joins.run_id,
      task_id: joins.task_id,
      round: joins.round,
      attempt: joins.attempt,
      task_digest: joins.task_digest,
      worker_id: joins.worker_id,
      request_id: joins.request_id,
      provider: joins.provider,
      simulated: joins.simulated,
    });
  };
  const marked = (order: Order, detail: string): string =>
    order.joins.simulated ? `${detail} (simulated)` : detail;

  return {
    answered: (order, completion, cost, callId) =>
      act(order, {
        action_type: 'API',
        action: completion.model.slice(0, 20),
        detail: marked(
          order,
          `${completion.inputTokens + completion.outputTokens} tokens | ${formatUsd(cost)}`,
        ),
        event: 'call.settled',
        cost_nano_usd: cost,
        metadata: {
          call_id: callId,
          finish_reason: completion.finishReason,
          latency_ms: Math.round(completion.latencyMs),
        },
      }),
    cached: (order, reply) =>
      act(order, {
        action_type: 'API',
        action: reply.model.slice(0, 20),
        detail: marked(
          order,
          `answered by the reply cache | ${formatUsd(nanoUsd(reply.cost_nano_usd))} saved`,
        ),
        event: 'call.cached',
        metadata: { from_call_id: reply.call_id, saved_nano_usd: reply.cost_nano_usd },
      }),
    spent: (order, { scope, spent, cap }, share) =>
      act(order, {
        action_type: 'BUDGET',
        action: `ALERT_${share}%`,
        detail: marked(order, `${formatUsd(spent)}/${formatUsd(cap)} of the ${scope} cap`),
        event: 'budget.share-spent',
        metadata: { cap: scope, share, spent_nano_usd: spent, cap_nano_usd: cap },
      }),
    exceeded: (order, cap, requested, remaining) =>
      act(order, {
        action_type: 'BUDGET',
        action: 'EXCEEDED',
        detail: marked(order, `${formatUsd(requested)} > ${formatUsd(remaining)} left of the ${cap} cap`),
        event: 'budget.exceeded',
        metadata: { cap, requested_nano_usd: requested, remaining_nano_usd: remaining },
      }),
    blocked: (order, reason, ruleIds) =>
      act(order, {
        action_type: 'SAFETY',
        action: 'BLOCKED',
        detail: `${ruleIds.join(', ') || 'control'}: ${reason}`,
        event: 'gate.refused',
        metadata: { rule_ids: ruleIds },
      }),
    trouble(order, code, detail) {
      diagnostics.warn({ code, request_id: order?.caller.requestId }, detail);
      const action = { action_type: 'ERROR', action: code, detail, event: 'grind.trouble' } as const;
      if (order === undefined) record.act({ actor: 'grind', ...action });
      else act(order, { ...action, detail: marked(order, detail), metadata: {} });
    },
  };
}

interface Said extends Pick<Action, 'action_type' | 'action' | 'detail' | 'event' | 'cost_nano_usd'> {
  readonly metadata: Readonly<Record<string, unknown>>;
}
