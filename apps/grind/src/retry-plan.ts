/**
 * Whether a provider call that failed is made again, and when. The only place where provider faults are retried: the worker does not, the SDK does not.
 * Only what may pass and is not an answer about the request is tried again: 429, 5xx, a connection that failed; and what is too large for the rate limits (413), smaller. A timeout
 * has used up its time and may have been billed; a malformed reply was billed: paying for them again at once buys nothing.
 */
import { LEAST_COMPLETION_TOKENS, TEMPLATE_TOKENS } from '@vivarium/budget';
import type { ProviderFault } from '@vivarium/contracts';
import type { Milliseconds } from '@vivarium/core';

export const MOST_TRIES = 4;
export const FIRST_WAIT_MS = 250;
export const LONGEST_WAIT_MS = 8_000;

export type RetryPlan =
  | { readonly kind: 'retry'; readonly waitMs: Milliseconds }
  /** At once, with no more than this many tokens to answer in. */
  | { readonly kind: 'smaller'; readonly maxCompletionTokens: number }
  /** `waitMs`: what the provider asked for, when that is why. */
  | { readonly kind: 'give_up'; readonly waitMs?: Milliseconds };

export interface RetrySituation {
  readonly fault: Pick<ProviderFault, 'code' | 'retryAfterMs' | 'status' | 'rateLimits'>;
  readonly asked: { readonly inputBound: number; readonly maxCompletionTokens: number };
  /** Tries made so far, this one included. */
  readonly tries: number;
  /** Until the caller's deadline. */
  readonly remainingMs: Milliseconds;
  /** At least 0, below 1. */
  readonly chance: number;
}

export function planRetry({ fault, tries, asked, remainingMs, chance }: RetrySituation): RetryPlan {
  if (fault.status === TOO_LARGE) return smaller(fault, tries, asked);
  if (fault.code !== 'provider_rate_limited' && fault.code !== 'provider_unavailable')
    return { kind: 'give_up' };
  // Beyond what was asked for: callers who were told the same time would all come back in the same moment.
  const waitMs = Math.ceil((fault.retryAfterMs ?? 0) + jittered(tries, chance));
  if (tries < MOST_TRIES && waitMs < remainingMs) return { kind: 'retry', waitMs };
  return fault.retryAfterMs === undefined
    ? { kind: 'give_up' }
    : { kind: 'give_up', waitMs: fault.retryAfterMs };
}

/**
 * What the limit leaves beside the prompt, which is guessed here: its bound counts bytes, and four of them are a token as a rule. Half, where the limit is not known or the guess was no help.
 * One that is too large with the least answer is too large.
 */
function smaller(
  { rateLimits }: RetrySituation['fault'],
  tries: number,
  { inputBound, maxCompletionTokens }: RetrySituation['asked'],
): RetryPlan {
  const prompt = Math.ceil((inputBound - TEMPLATE_TOKENS) / 4) + USUAL_TEMPLATE;
  const room = (rateLimits.limitTokens ?? 0) - prompt;
  const next =
    room >= LEAST_COMPLETION_TOKENS && room < maxCompletionTokens
      ? room
      : Math.floor(maxCompletionTokens / 2);
  return tries < MOST_TRIES && next >= LEAST_COMPLETION_TOKENS
    ? { kind: 'smaller', maxCompletionTokens: next }
    : { kind: 'give_up' };
}
const TOO_LARGE = 413;
/** Tokens around one message, as most models have it. */
const USUAL_TEMPLATE = 32;

/** Doubles with every try; the upper half of it is left to chance, so that callers who failed together do not come back together. */
function jittered(tries: number, chance: number): Milliseconds {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
  return full / 2 + (full / 2) * chance;
}
