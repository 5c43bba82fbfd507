/**
 * The lines of api_audit.log that one request leaves. Keys of the seed first, in its order; pure but for ids and time, which the ports give.
 *
 * Hold and settlement, which every paid call leaves, are written out field by field: put together by spreading, a line of this many fields cost
 * 40 to 60 µs of CPU, a quarter of the whole request (measured, Node 20); so it costs one. The rarer lines are spread.
 */
import type { ApiAuditLine, Completion, OpenHold, ProviderFault, RecordedReply } from '@vivarium/contracts';
import { nanoToUsd, timestamp, type CallId, type Clock, type IdSource, type NanoUsd } from '@vivarium/core';
import { cutBy, type Call } from './call.ts';
import type { CachedReply } from './reply-cache.ts';
import type { Order, OrderSettings } from './order.ts';
import { ADMIN } from './principal.ts';
import type { Limited } from './rate-limits.ts';

type Line<Event extends ApiAuditLine['event']> = Extract<ApiAuditLine, { event: Event }>;

interface Who {
  readonly user: string;
  readonly role: string;
}
export interface CapToSet {
  readonly scope: 'day' | 'principal';
  readonly name: string;
  readonly cap: NanoUsd;
}

export interface CallLines {
  runOpened(order: Order, cap: NanoUsd): Line<'run.opened'>;
  capSet(order: Order, cap: CapToSet): Line<'cap.set'>;
  held(order: Order, call: Call): Line<'call.held'>;
  success(
    order: Order,
    call: Call,
    completion: Completion,
    cost: NanoUsd,
    resultSha256: string,
    late?: true,
  ): Line<'API_CALL_SUCCESS'>;
  failure(order: Order, call: Call, fault: ProviderFault, late?: true): Line<'API_CALL_FAILURE'>;
  usageUnknown(order: Order, call: Call, error: string, errorCode: string): Line<'call.usage-unknown'>;
  /** Its caller waits no longer; grind does, for a while. */
  tooLate(order: Order, call: Call): Line<'call.usage-unknown'>;
  /** For a hold that a grind left open when it died. */
  leftOpen(hold: OpenHold): Line<'call.usage-unknown'>;
  replayed(order: Order, reply: RecordedReply, resultSha256: string): Line<'call.replayed'>;
  cached(order: Order, reply: CachedReply, id: CallId): Line<'call.cached'>;
  violation(order: Order, reason: string, ruleIds: readonly string[]): Line<'CONSTITUTIONAL_VIOLATION'>;
  exceeded(order: Order, cap: string, remaining: NanoUsd, requested: NanoUsd): Line<'BUDGET_EXCEEDED'>;
  rateLimited(order: Order, retryAfterMs: number | undefined): Line<'RATE_LIMITED'>;
  /** Of requests that were not looked at. */
  tooMany(limited: Limited, settings: OrderSettings): Line<'RATE_LIMITED'>;
}

export function createCallLines({
  clock,
  ids,
}: {
  readonly clock: Clock;
  readonly ids: IdSource;
}): CallLines {
  const head = <Event extends ApiAuditLine['event']>(event: Event, { user, role }: Who) => ({
    timestamp: timestamp(clock),
    event,
    user,
    role,
  });
  const tail = (order: Order, call?: Call) => ({
    call_id: call?.id,
    idempotency_key: order.key,
    prompt_hash: order.promptHash,
    event_id: ids.next('api'),
    ...order.joins,
  });

  return {
    runOpened: (order, cap) => ({
      ...head('run.opened', ADMIN),
      cap: nanoToUsd(cap),
      cap_nano_usd: cap,
      event_id: ids.next('api'),
      home: order.joins.home,
      run_id: order.joins.run_id,
      request_id: order.joins.request_id,
      provider: order.joins.provider,
      simulated: order.joins.simulated,
    }),
    capSet: (order, { scope, name, cap }) => ({
      ...head('cap.set', ADMIN),
      scope,
      name,
      cap: nanoToUsd(cap),
      cap_nano_usd: cap,
      event_id: ids.next('api'),
      home: order.joins.home,
      request_id: order.joins.request_id,
      provider: order.joins.provider,
      simulated: order.joins.simulated,
    }),
    held: (order, call) => ({
      timestamp: call.heldAt,
      event: 'call.held',
      user: order.caller.principal.user,
      role: order.caller.principal.role,
      model: call.model,
      held: nanoToUsd(call.hold),
      held_nano_usd: call.hold,
      input_token_bound: call.inputTokenBound,
      max_completion_tokens: call.maxCompletionTokens,
      waited_ms: call.waitedMs === 0 ? undefined : call.waitedMs,
      call_id: call.id,
      idempotency_key: order.key,
      prompt_hash: order.promptHash,
      event_id: ids.next('api'),
      home: order.joins.home,
      run_id: order.joins.run_id,
      task_id: order.joins.task_id,
      round: order.joins.round,
      attempt: order.joins.attempt,
      task_digest: order.joins.task_digest,
      worker_id: order.joins.worker_id,
      request_id: order.joins.request_id,
      provider: order.joins.provider,
      simulated: order.joins.simulated,
    }),
    success: (order, call, completion, cost, resultSha256, late) => ({
      timestamp: timestamp(clock),
      event: 'API_CALL_SUCCESS',
      user: order.caller.principal.user,
      role: order.caller.principal.role,
      model: completion.model,
      cost: nanoToUsd(cost),
      input_tokens: completion.inputTokens,
      output_tokens: completion.outputTokens,
      cost_nano_usd: cost,
      requested_model: order.requestedModel,
      latency_ms: Math.round(completion.latencyMs),
      finish_reason: completion.finishReason,
      cut_by: cutBy(order, call, completion),
      result_sha256: resultSha256,
      provider_request_id: completion.providerRequestId,
      late,
      call_id: call.id,
      idempotency_key: order.key,
      prompt_hash: order.promptHash,
      event_id: ids.next('api'),
      home: order.joins.home,
      run_id: order.joins.run_id,
      task_id: order.joins.task_id,
      round: order.joins.round,
      attempt: order.joins.attempt,
      task_digest: order.joins.task_digest,
      worker_id: order.joins.worker_id,
      request_id: order.joins.request_id,
      provider: order.joins.provider,
      simulated: order.joins.simulated,
    }),
    failure: (order, call, fault, late) => ({
      ...head('API_CALL_FAILURE', order.caller.principal),
      error: fault.message,
      error_code: fault.code,
      model: call.model,
      latency_ms: Math.round(fault.latencyMs),
      ...(late === undefined ? {} : { late }),
      ...tail(order, call),
    }),
    usageUnknown: (order, call, error, errorCode) => ({
      ...head('call.usage-unknown', order.caller.principal),
      model: call.model,
      error,
      error_code: errorCode,
      charged: nanoToUsd(call.hold),
      charged_nano_usd: call.hold,
      ...tail(order, call),
    }),
    tooLate: (order, call) => ({
      ...head('call.usage-unknown', order.caller.principal),
      model: call.model,
      error: 'the caller waited no longer',
      error_code: 'deadline_exceeded',
      charged: nanoToUsd(call.hold),
      charged_nano_usd: call.hold,
      may_settle: true,
      ...tail(order, call),
    }),
    leftOpen({ amount, line }) {
      const {
        event: _event,
        held: _held,
        held_nano_usd: _nano,
        input_token_bound: _bound,
        max_completion_tokens: _most,
        waited_ms: _waited,
        ...rest
      } = line;
      return {
        ...rest,
        ...head('call.usage-unknown', line),
        error: 'grind ended before the call was settled',
        error_code: 'call_aborted',
        charged: nanoToUsd(amount),
        charged_nano_usd: amount,
        event_id: ids.next('api'),
      };
    },
    replayed: (order, reply, resultSha256) => ({
      ...head('call.replayed', order.caller.principal),
      model: reply.model,
      result_sha256: resultSha256,
      ...tail(order),
      call_id: reply.call_id,
      provider: reply.provider,
      simulated: reply.simulated,
    }),
    cached: (order, reply, id) => ({
      ...head('call.cached', order.caller.principal),
      model: reply.model,
      from_call_id: reply.call_id,
      saved: reply.cost_usd,
      saved_nano_usd: reply.cost_nano_usd,
      result_sha256: reply.result_sha256,
      ...tail(order),
      call_id: id,
    }),
    violation: (order, reason, ruleIds) => ({
      ...head('CONSTITUTIONAL_VIOLATION', order.caller.principal),
      reason,
      rule_ids: [...ruleIds],
      ...tail(order),
    }),
    exceeded: (order, cap, remaining, requested) => ({
      ...head('BUDGET_EXCEEDED', order.caller.principal),
      remaining: nanoToUsd(remaining),
      requested: nanoToUsd(requested),
      remaining_nano_usd: remaining,
      requested_nano_usd: requested,
      cap,
      model: order.requestedModel,
      ...tail(order),
    }),
    rateLimited: (order, retryAfterMs) => ({
      ...head('RATE_LIMITED', order.caller.principal),
      model: order.requestedModel,
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
      limited_by: 'provider',
      ...tail(order),
    }),
    tooMany: ({ principal, model, waitMs, refused, requestId }, settings) => ({
      ...head('RATE_LIMITED', principal),
      model: model ?? settings.defaultModel,
      retry_after_ms: waitMs,
      limited_by: 'principal',
      refused,
      event_id: ids.next('api'),
      home: settings.home,
      request_id: requestId,
      provider: settings.provider,
      simulated: settings.simulated,
    }),
  };
}
