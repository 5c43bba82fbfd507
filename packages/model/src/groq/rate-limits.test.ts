import { describe, expect, it } from 'vitest';
import { readRateLimits, readRetryAfter, type ReadHeader } from './rate-limits.ts';

const from =
  (headers: Readonly<Record<string, string>>): ReadHeader =>
  (name) =>
    headers[name];

describe('rate limits', () => {
  it('are read as far as the headers say them', () => {
    const read = from({
      'x-ratelimit-limit-requests': '14400',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-requests': '2m59.56s',
      'x-ratelimit-limit-tokens': 'many',
      'x-ratelimit-reset-tokens': '',
    });
    expect(readRateLimits(read)).toEqual({
      limitRequests: 14_400,
      remainingTokens: 0,
      resetRequestsMs: 179_560,
    });
    expect(readRateLimits(from({}))).toEqual({});
  });
});

describe('the time to wait', () => {
  it('is what retry-after says, in seconds', () => {
    expect(readRetryAfter(429, from({ 'retry-after': '2' }), {})).toBe(2_000);
    expect(readRetryAfter(503, from({ 'retry-after': '0.5' }), {})).toBe(500);
    // Nobody is kept waiting beyond a day, and no date beyond the last one is made of it.
    expect(readRetryAfter(503, from({ 'retry-after': '999999999999999' }), {})).toBe(86_400_000);
  });

  it('is, for 429 without it, the reset of the limit that is used up', () => {
    const limits = { remainingRequests: 0, resetRequestsMs: 6_000, resetTokensMs: 900 };
    expect(readRetryAfter(429, from({}), limits)).toBe(6_000);
    expect(readRetryAfter(429, from({}), { ...limits, remainingRequests: 5 })).toBe(900);
    expect(readRetryAfter(429, from({}), {})).toBeUndefined();
  });

  it('is not guessed', () => {
    expect(readRetryAfter(503, from({}), { resetTokensMs: 900 })).toBeUndefined();
    for (const text of ['soon', '-1', '1e9', 'NaN', 'Tue, 24 Nov 2026 00:00:00 GMT']) {
      expect(readRetryAfter(503, from({ 'retry-after': text }), {})).toBeUndefined();
    }
  });
});
