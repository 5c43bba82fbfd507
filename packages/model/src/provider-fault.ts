/**
 * From what went wrong to the port's answer. Two questions are decided here and nowhere else: which code a fault has, and whether
 * the call may have been billed (M2). `none` is said only where it is certain: the request never left, or the provider itself
 * answered with a complete error. A gateway in front of it answers 502, 504 or 52x about a request that may have been served.
 */
import type { ProviderFault, ProviderFaultCode, RateLimits } from '@vivarium/contracts';
import type { Milliseconds } from '@vivarium/core';

type Billing = ProviderFault['billing'];

export interface FaultFacts {
  readonly code: ProviderFaultCode;
  readonly billing: Billing;
  readonly message: string;
  readonly latencyMs: Milliseconds;
  readonly status?: number | undefined;
  readonly retryAfterMs?: Milliseconds | undefined;
  readonly rateLimits?: RateLimits | undefined;
}

export const providerFault = ({
  code,
  billing,
  message,
  latencyMs,
  status,
  retryAfterMs,
  rateLimits = {},
}: FaultFacts): ProviderFault => ({
  kind: 'fault',
  code,
  message,
  status,
  billing,
  retryAfterMs,
  latencyMs,
  rateLimits,
});

/** For a complete reply that is no success. */
export function judgeStatus(status: number): { readonly code: ProviderFaultCode; readonly billing: Billing } {
  return { code: codeOf(status), billing: mayHaveBeenServed(status) ? 'unknown' : 'none' };
}

function codeOf(status: number): ProviderFaultCode {
  if (status === 401 || status === 403) return 'provider_rejected_key';
  if (status === 429) return 'provider_rate_limited';
  if (status >= 500 || status === 498 || status === 408) return 'provider_unavailable';
  if (status >= 400) return 'provider_rejected_request';
  return 'provider_malformed'; // a redirect or a success that is none
}

const mayHaveBeenServed = (status: number): boolean =>
  status < 400 || status === 408 || status === 502 || status === 504 || status >= 520;
