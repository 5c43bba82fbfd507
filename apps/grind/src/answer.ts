import type { Completion, CutBy, GrindReply, RecordedReply } from '@vivarium/contracts';
import { nanoToUsd, nanoUsd, usdToNano, type CallId, type NanoUsd } from '@vivarium/core';
import { cutBy, type Call } from './call.ts';
import type { Order } from './order.ts';
import type { Refusal } from './refusal.ts';
import type { CachedReply } from './reply-cache.ts';

export type GrindAnswer = { readonly kind: 'reply'; readonly reply: GrindReply } | Refusal;

/** `cost`: everything this request was charged, an earlier try whose usage never became known included. */
export function replyOf(
  order: Order,
  call: Call,
  completion: Completion,
  cost: NanoUsd,
  resultSha256: string,
): GrindReply {
  return {
    status: 'completed',
    result: completion.text,
    model: completion.model,
    task_id: order.givenTaskId ?? null,
    usage: {
      prompt_tokens: completion.inputTokens,
      completion_tokens: completion.outputTokens,
      total_tokens: completion.inputTokens + completion.outputTokens,
      ...(completion.reasoningTokens === undefined ? {} : { reasoning_tokens: completion.reasoningTokens }),
      ...(completion.cachedTokens === undefined ? {} : { cached_tokens: completion.cachedTokens }),
    },
    requested_model: order.requestedModel,
    finish_reason: completion.finishReason,
    ...cutOf(cutBy(order, call, completion)),
    cost_usd: nanoToUsd(cost),
    cost_nano_usd: cost,
    latency_ms: Math.round(completion.latencyMs),
    provider: order.joins.provider,
    simulated: order.joins.simulated,
    call_id: call.id,
    request_id: order.caller.requestId,
    result_sha256: resultSha256,
    replayed: false,
  };
}

const cutOf = (cut: CutBy | undefined): { cut_by?: CutBy } => (cut === undefined ? {} : { cut_by: cut });

/** What the reply cache answers: nothing is paid now, and nothing was by this request. */
export const cachedReplyOf = (order: Order, found: CachedReply, text: string, id: CallId): GrindReply => ({
  ...found,
  result: text,
  task_id: order.givenTaskId ?? null,
  cost_usd: 0,
  cost_nano_usd: 0,
  latency_ms: 0,
  call_id: id,
  request_id: order.caller.requestId,
  replayed: false,
  cached: true,
});

/**
 * A reply that the record holds already. Its cost is what was paid when it was made, so that a task's cost is the same whichever attempt brought the
 * reply home; nothing is paid now. It is of the book this grind writes in (M5).
 */
export function replayOf(order: Order, line: RecordedReply, text: string, resultSha256: string): GrindReply {
  const cost = line.cost_nano_usd === undefined ? usdToNano(line.cost) : nanoUsd(line.cost_nano_usd);
  return {
    status: 'completed',
    result: text,
    model: line.model,
    task_id: order.givenTaskId ?? null,
    usage: {
      prompt_tokens: line.input_tokens,
      completion_tokens: line.output_tokens,
      total_tokens: line.input_tokens + line.output_tokens,
    },
    requested_model: line.requested_model ?? line.model,
    finish_reason: line.finish_reason ?? 'stop',
    ...cutOf(line.cut_by),
    cost_usd: nanoToUsd(cost),
    cost_nano_usd: cost,
    latency_ms: line.latency_ms ?? 0,
    provider: line.provider ?? order.joins.provider,
    simulated: line.simulated ?? false,
    call_id: line.call_id ?? '',
    request_id: order.caller.requestId,
    result_sha256: resultSha256,
    replayed: true,
  };
}
