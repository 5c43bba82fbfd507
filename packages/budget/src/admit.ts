/**
 * Admission: the one decision that lets a call spend. Pure; grind gathers what every cap has committed already, asks, and writes the hold.
 *
 * - M1: an admitted hold is at most the headroom of every cap, so settled + unknown + held stays within each of them.
 * - Short of headroom the call gets fewer tokens to answer with; only when it could not say anything useful is it deferred.
 */
import { nanoUsd, subtractUsd, type NanoUsd } from '@vivarium/core';
import { costOf } from './estimate.ts';
import type { ModelInfo } from './price-list.ts';

/** A limit and what counts against it: settled, unknown and held together, in 1e-9 dollars. */
export interface Cap {
  /** As the record and the refusal name it: task, run. */
  readonly name: string;
  readonly cap: NanoUsd;
  readonly committed: NanoUsd;
}

export interface AdmissionRequest {
  readonly model: ModelInfo;
  /** Upper bound of the prompt's tokens. */
  readonly inputBound: number;
  readonly wantedCompletionTokens: number;
  /** Must be free in every cap before anything starts; zero when the caller does not care. */
  readonly minBudget: NanoUsd;
  readonly caps: readonly Cap[];
}

export type Admission =
  | { readonly kind: 'admitted'; readonly hold: NanoUsd; readonly maxCompletionTokens: number }
  /** The cap named leaves `remaining`; the least this call could be held at is `requested`. */
  | {
      readonly kind: 'deferred';
      readonly cap: string;
      readonly remaining: NanoUsd;
      readonly requested: NanoUsd;
    }
  | { readonly kind: 'unpriced' }
  /** The prompt alone may fill the context of the model: no completion would fit. */
  | { readonly kind: 'too_long'; readonly inputBound: number; readonly contextTokens: number };

/** A completion shorter than this is no answer to anything: rather wait for money than buy it. */
export const LEAST_COMPLETION_TOKENS = 16;

export function admit(request: AdmissionRequest): Admission {
  const { model, inputBound, caps, minBudget } = request;
  const { price } = model;
  if (price === undefined) return { kind: 'unpriced' };

  const wanted = Math.min(request.wantedCompletionTokens, model.maxCompletionTokens);
  // The bound counts bytes and overstates tokens three- to fourfold: a prompt is too long only when even a quarter of it would not fit.
  if (Math.ceil(inputBound / 4) >= model.contextTokens)
    return { kind: 'too_long', inputBound, contextTokens: model.contextTokens };

  const least = costOf(price, inputBound, Math.min(wanted, LEAST_COMPLETION_TOKENS));
  const needed = nanoUsd(Math.max(least, minBudget));
  let completion = wanted;
  for (const { name, cap, committed } of caps) {
    const headroom = subtractUsd(cap, committed);
    if (headroom < needed)
      return { kind: 'deferred', cap: name, remaining: nanoUsd(Math.max(0, headroom)), requested: needed };
    const affordable = Math.floor(
      (headroom - inputBound * price.inputNanoPerToken) / price.outputNanoPerToken,
    );
    completion = Math.min(completion, affordable);
  }
  return { kind: 'admitted', hold: costOf(price, inputBound, completion), maxCompletionTokens: completion };
}
