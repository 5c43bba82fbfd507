/**
 * What grind tells people: lines of the action log, in the seed's templates, and diagnostics for the operator. Neither holds a prompt, a key
 * or a text of the provider (S6). Nothing rests on them: they are written after the lines of the record that count.
 */
import type { Action, Completion, RecordStore } from '@vivarium/contracts';
import { formatUsd, type NanoUsd } from '@vivarium/core';
import type { Order } from './order.ts';

/** Standard error, for the operator. */
export interface Diagnostics {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface Notices {
  answered(order: Order, completion: Completion, cost: NanoUsd, callId: string): void;
  /** A run has spent one of the shares of its cap that are worth a word. */
  spent(order: Order, spent: NanoUsd, cap: NanoUsd, share: number): void;
  exceeded(order: Order, cap: string, requested: NanoUsd, remaining: NanoUsd): void;
  blocked(order: Order, reason: string, ruleIds: readonly string[]): void;
  /** Something went wrong that the operator should know of. */
  trouble(order: Order | undefined, code: string, detail: string): void;
}

export function createNotices(record: Pick<RecordStore, 'act'>, diagnostics: Diagnostics): Notices {
  const act = (order: Order, action: Omit<Action, 'actor'>): void =>
    record.act({ actor: order.actor, ...action, ...joinsOf(order) });
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
    spent: (order, spent, cap, share) =>
      act(order, {
        action_type: 'BUDGET',
        action: `ALERT_${share}%`,
        detail: marked(order, `${formatUsd(spent)}/${formatUsd(cap)}`),
        event: 'budget.share-spent',
      }),
    exceeded: (order, cap, requested, remaining) =>
      act(order, {
        action_type: 'BUDGET',
        action: 'EXCEEDED',
        detail: marked(order, `${formatUsd(requested)} > ${formatUsd(remaining)} left of the ${cap} cap`),
        event: 'budget.exceeded',
      }),
    blocked: (order, reason, ruleIds) =>
      act(order, {
        action_type: 'SAFETY',
        action: 'BLOCKED',
        detail: `${ruleIds.join(', ') || 'control'}: ${reason}`,
        event: 'gate.refused',
      }),
    trouble(order, code, detail) {
      diagnostics.warn({ code, request_id: order?.caller.requestId }, detail);
      const action = { action_type: 'ERROR', action: code, detail, event: 'grind.trouble' } as const;
      if (order === undefined) record.act({ actor: 'grind', ...action });
      else act(order, { ...action, detail: marked(order, detail) });
    },
  };
}

/** `home` is added by the record itself. */
function joinsOf({ joins }: Order): Omit<Order['joins'], 'home'> {
  const { home: _home, ...rest } = joins;
  return rest;
}
