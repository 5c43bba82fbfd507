/** What an admission that was not granted, and a provider fault that was given up on, come to for the caller. Pure tables. */
import type { Admission } from '@vivarium/budget';
import type { ProviderFault } from '@vivarium/contracts';
import { formatUsd, zeroUsd, type Milliseconds, type NanoUsd } from '@vivarium/core';
import { refuse, type Refusal } from './refusal.ts';
import type { RetryPlan } from './retry-plan.ts';

export const recordUnwritable = (): Refusal =>
  refuse('record_unwritable', 'The record of money cannot be written, so nothing may be spent.');
/** What the provider reported cannot be booked: another try may bring another answer, and is paid for. */
export const unsettled = (): Refusal =>
  refuse('provider_failed', 'What came of the call cannot be recorded; it is charged in full.', {
    reason: 'malformed',
  });
export const tooLate = (): Refusal =>
  refuse('deadline_exceeded', 'The deadline passed before an answer came.');
export const unknownModel = (model: string): Refusal =>
  refuse('unknown_model', `The model ${quoted(model)} is not on the whitelist.`);

/** `at`: when it was asked for. */
export function refuseAdmission(admission: Exclude<Admission, { kind: 'admitted' }>, at: string): Refusal {
  switch (admission.kind) {
    case 'deferred': {
      const { cap, remaining, requested } = admission;
      return refuse(
        'deferred',
        `The ${cap} cap leaves ${formatUsd(remaining)}; this call needs ${formatUsd(requested)}.`,
        {
          reason: `${cap}_budget`,
          ...(cap === 'day' ? { retryAfterMs: untilMidnight(at) } : {}),
        },
      );
    }
    case 'unpriced':
      return refuse('unpriced_model', 'The model has no price, so no worst case can be held.');
    case 'too_long': {
      const message = `too long for the ${admission.contextTokens} tokens the model can read`;
      return refuse('invalid_request', 'The prompt does not fit the model.', {
        issues: [{ path: 'prompt', message }],
      });
    }
  }
}

const DAY_MS: Milliseconds = 86_400_000;
/** Days are those of UTC. */
const untilMidnight = (at: string): Milliseconds => DAY_MS - (Date.parse(at) % DAY_MS);

/** A call that was cut is the cutter's to explain: only other faults are asked about here. */
export function refuseFault(
  fault: ProviderFault,
  plan: Extract<RetryPlan, { kind: 'give_up' }>,
  tries: number,
  isLate: boolean,
): Refusal {
  const message = `${fault.message.charAt(0).toUpperCase()}${fault.message.slice(1)}.${tries === 1 ? '' : ` Tried ${tries} times.`}`;
  const wait = plan.waitMs === undefined ? {} : { retryAfterMs: plan.waitMs };
  switch (fault.code) {
    case 'provider_rejected_key':
      return refuse('provider_key', 'The provider refused the key.');
    case 'provider_rate_limited':
      return refuse('rate_limited', message, wait);
    case 'provider_rejected_request':
      return refuse('provider_rejected', message);
    case 'provider_timeout':
      return isLate ? tooLate() : refuse('provider_failed', message, { reason: 'timeout' });
    case 'provider_unavailable':
      return refuse('provider_failed', message, { ...wait, reason: 'unavailable' });
    case 'provider_malformed':
      return refuse('provider_failed', message, { ...wait, reason: 'malformed' });
    case 'call_aborted':
      return tooLate();
  }
}

/** What a caller wrote comes back to it short, and as text. */
const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** With what the order was charged before it was refused. */
export const withCharge = (refusal: Refusal, charged: NanoUsd): Refusal =>
  charged === zeroUsd ? refusal : { ...refusal, details: { ...refusal.details, charged } };
