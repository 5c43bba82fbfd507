/** What the end of a call says of its model: to the circuit breaker, and to the pace. Pure tables. */
import { costOf, type CallEnd, type Models, type PacedEnd } from '@vivarium/budget';
import type { Completion, ProviderFault } from '@vivarium/contracts';
import { zeroUsd } from '@vivarium/core';
import type { Call } from './call.ts';

export const NOTHING_TAKEN: PacedEnd = { kind: 'nothing', limits: {} };

/** A call that was held for, and forbidden before it was made. */
export const NOT_MADE: ProviderFault = {
  kind: 'fault',
  code: 'call_aborted',
  billing: 'none',
  message: 'the call was not made',
  status: undefined,
  retryAfterMs: undefined,
  latencyMs: 0,
  rateLimits: {},
};

/** What an end says of the provider's pace. */
export function pacedEnd(outcome: Completion | ProviderFault): PacedEnd {
  const limits = outcome.rateLimits;
  if (outcome.kind === 'completed')
    return { kind: 'answered', tokens: outcome.inputTokens + outcome.outputTokens, limits };
  switch (outcome.code) {
    case 'provider_rate_limited':
      return { kind: 'too_many', retryAfterMs: outcome.retryAfterMs, limits };
    case 'provider_unavailable':
      if (OUT_OF_BREATH.includes(outcome.status ?? 0)) return { kind: 'out_of_breath', limits };
      return { kind: outcome.billing === 'none' ? 'nothing' : 'unknown', limits };
    case 'provider_timeout':
    case 'provider_malformed':
    case 'call_aborted':
      return { kind: outcome.billing === 'none' ? 'nothing' : 'unknown', limits };
    case 'provider_rejected_key':
    case 'provider_rejected_request':
      return { kind: 'nothing', limits };
  }
}

/** At its capacity, whoever asks: fewer calls at a time help. Of other faults the circuit breaker takes care. */
const OUT_OF_BREATH: readonly number[] = [498, 503, 529];

/** What an end says of the upstream. A call that was cut, slowed down or refused for what it asked says nothing. */
export function endOf(outcome: Completion | ProviderFault, call: Call, models: Models): CallEnd {
  if (outcome.kind === 'completed') {
    const price = models.find(outcome.model)?.price;
    const cost =
      price === undefined ? call.hold : costOf(price, outcome.inputTokens, outcome.outputTokens, 0);
    return { kind: 'succeeded', cost };
  }
  const isFailure = UPSTREAM_FAULTS.includes(outcome.code);
  return { kind: isFailure ? 'failed' : 'neither', cost: outcome.billing === 'none' ? zeroUsd : call.hold };
}
const UPSTREAM_FAULTS: readonly ProviderFault['code'][] = [
  'provider_unavailable',
  'provider_timeout',
  'provider_malformed',
];
