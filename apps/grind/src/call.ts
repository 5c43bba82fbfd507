/** One call of the provider that money is held for, and what may have cut its answer. */
import type { Completion, CutBy } from '@vivarium/contracts';
import type { CallId, Milliseconds, NanoUsd } from '@vivarium/core';
import type { Order } from './order.ts';

export interface Call {
  readonly id: CallId;
  readonly model: string;
  readonly hold: NanoUsd;
  readonly inputTokenBound: number;
  readonly maxCompletionTokens: number;
  /** What the model gives at most, whatever is asked. */
  readonly mostOfModel: number;
  /** Fewer tokens than the caller wanted, since the provider found the request too large. */
  readonly isSmaller: boolean;
  /** Until the provider's limits left room for it. */
  readonly waitedMs: Milliseconds;
  /** Of the hold: the day it counts for is the day of this moment. */
  readonly heldAt: string;
}

/** Nobody asked for fewer tokens than the budget left: then it was the budget that ended the answer, and the caller must be told so. */
export function cutBy(
  order: Order,
  { maxCompletionTokens, mostOfModel: most, isSmaller }: Call,
  { finishReason }: Completion,
): CutBy | undefined {
  if (finishReason !== 'length') return undefined;
  if (isSmaller) return 'rate_limit';
  if (maxCompletionTokens < Math.min(order.wantedCompletionTokens, most)) return 'budget';
  return order.wantedCompletionTokens > most ? 'model' : 'max_tokens';
}
