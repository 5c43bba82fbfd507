/** What a call through groq-sdk that brought no completion comes to. Errors are told apart by class and trace, never by their text. */
import { APIError } from 'groq-sdk';
import type { ProviderFault } from '@vivarium/contracts';
import type { Milliseconds } from '@vivarium/core';
import { judgeStatus, providerFault, type FaultFacts } from '../provider-fault.ts';
import { readRateLimits, readRetryAfter, type ReadHeader } from './rate-limits.ts';
import { isErrorWord, type SafeWord } from './safe-word.ts';
import { CutError, StoppedError, type CallTrace } from './transport.ts';

export interface CallFacts {
  readonly trace: CallTrace;
  readonly latencyMs: Milliseconds;
  readonly read: ReadHeader;
  readonly safeWord: SafeWord;
}

export const headerReader =
  (trace: CallTrace): ReadHeader =>
  (name) =>
    trace.headers?.get(name);

/** What a stop or a cut means for the bill is in the trace. */
export function faultOf(error: unknown, facts: CallFacts): ProviderFault {
  const { trace } = facts;
  const perhaps = trace.sent ? 'unknown' : 'none';
  if (trace.signal.aborted) return abortedFault(facts);
  if (error instanceof StoppedError) {
    return fault(
      { code: 'provider_timeout', billing: perhaps, message: 'the provider did not answer in time' },
      facts,
    );
  }
  if (trace.tooLarge) return malformedFault(facts);
  if (error instanceof CutError) {
    const message = trace.sent
      ? 'the connection to the provider was cut before the whole answer came'
      : 'the provider cannot be reached';
    return fault({ code: 'provider_unavailable', billing: perhaps, message }, facts);
  }
  if (error instanceof APIError && typeof error.status === 'number')
    return statusFault(error.status, error.error, facts);
  return malformedFault(facts);
}

function statusFault(status: number, body: unknown, facts: CallFacts): ProviderFault {
  const word = errorWord(body, facts.safeWord);
  const message = `the provider answered ${status}${word === undefined ? '' : ` (${word})`}`;
  return fault({ ...judgeStatus(status), message }, facts);
}

export const abortedFault = (facts: CallFacts): ProviderFault =>
  fault(
    { code: 'call_aborted', billing: facts.trace.sent ? 'unknown' : 'none', message: 'the call was aborted' },
    facts,
  );

export const malformedFault = (facts: CallFacts): ProviderFault =>
  fault(
    {
      code: 'provider_malformed',
      billing: facts.trace.sent ? 'unknown' : 'none',
      message: 'the provider answered something that is no completion',
    },
    facts,
  );

function fault(
  what: Pick<FaultFacts, 'code' | 'billing' | 'message'>,
  { trace, latencyMs, read }: CallFacts,
): ProviderFault {
  const rateLimits = readRateLimits(read);
  const retryAfterMs =
    trace.status === undefined ? undefined : readRetryAfter(trace.status, read, rateLimits);
  return providerFault({ ...what, latencyMs, status: trace.status, retryAfterMs, rateLimits });
}

/** `{error: {code, type}}`, when one of them is a plain word. */
function errorWord(body: unknown, safeWord: SafeWord): string | undefined {
  const inner = isObject(body) && isObject(body['error']) ? body['error'] : {};
  return [inner['code'], inner['type']].map(safeWord).find((word) => word !== undefined && isErrorWord(word));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
