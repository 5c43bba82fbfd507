/** What a call can cost at most, and what it did cost. Integers of 1e-9 dollars throughout; units are tokens and nano-dollars per token. */
import { nanoUsd, type NanoUsd } from '@vivarium/core';
import type { Price } from './price-list.ts';

/**
 * Tokens a chat template may add around one user message: role marks, the system text some models bring along. Some tens are usual; this is
 * generous on purpose, and grind checks every reply against the bound.
 */
export const TEMPLATE_TOKENS = 256;

/** No tokenizer makes more tokens than bytes, so this bounds the prompt tokens of any model without knowing its tokenizer. */
export const inputTokenBound = (prompt: string): number =>
  new TextEncoder().encode(prompt).length + TEMPLATE_TOKENS;

/** Exact cost of a number of tokens; `cachedTokens` are those of the input that the provider had in its cache. */
export function costOf(price: Price, inputTokens: number, outputTokens: number, cachedTokens = 0): NanoUsd {
  const cached = cachedTokens * (price.cachedInputNanoPerToken ?? price.inputNanoPerToken);
  return nanoUsd(
    (inputTokens - cachedTokens) * price.inputNanoPerToken + cached + outputTokens * price.outputNanoPerToken,
  );
}

/** The most a call can cost: every byte a token, and the completion as long as it may get. */
export const worstCase = (price: Price, prompt: string, maxCompletionTokens: number): NanoUsd =>
  costOf(price, inputTokenBound(prompt), maxCompletionTokens);
