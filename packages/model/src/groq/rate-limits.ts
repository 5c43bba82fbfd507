/** What Groq's headers say about its limits. A header that is missing or unreadable leaves its figure out; nothing is guessed. */
import type { RateLimits } from '@vivarium/contracts';
import type { Milliseconds } from '@vivarium/core';
import { parseDuration } from './parse-duration.ts';

/** Reads one reply header, by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

export function readRateLimits(read: ReadHeader): RateLimits {
  const limits: { -readonly [Figure in keyof RateLimits]: RateLimits[Figure] } = {};
  const note = (figure: keyof RateLimits, value: number | undefined): void => {
    if (value !== undefined) limits[figure] = value;
  };
  note('limitRequests', count(read('x-ratelimit-limit-requests')));
  note('limitTokens', count(read('x-ratelimit-limit-tokens')));
  note('remainingRequests', count(read('x-ratelimit-remaining-requests')));
  note('remainingTokens', count(read('x-ratelimit-remaining-tokens')));
  note('resetRequestsMs', duration(read('x-ratelimit-reset-requests')));
  note('resetTokensMs', duration(read('x-ratelimit-reset-tokens')));
  return limits;
}

/**
 * How long the provider asks us to wait: `retry-after` in seconds, and for 429 without it the reset of the limit that is used up.
 * A reset names the time until the limit is full again, so it is long rather than short. Never more than a day: beyond that it is a fault of the
 * header, and there are dates that no clock has.
 */
export function readRetryAfter(
  status: number,
  read: ReadHeader,
  limits: RateLimits,
): Milliseconds | undefined {
  const seconds = number(read('retry-after'));
  if (seconds !== undefined) return Math.min(LONGEST_WAIT_MS, Math.ceil(seconds * 1_000));
  if (status !== 429) return undefined;
  if (limits.remainingRequests === 0) return limits.resetRequestsMs;
  return limits.resetTokensMs ?? limits.resetRequestsMs;
}

const LONGEST_WAIT_MS: Milliseconds = 86_400_000;

const number = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined;

const count = (text: string | undefined): number | undefined => {
  const value = number(text);
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
};

const duration = (text: string | undefined): Milliseconds | undefined =>
  text === undefined ? undefined : parseDuration(text);
