import { describe, expect, it } from 'vitest';
import { durationText } from './duration-text.ts';
import { createLimits, defaultLimits } from './limits.ts';

it('writes durations as Groq does', () => {
  expect([0, 120, 999.2, 7_660, 179_560, 3_600_000, 86_399_000].map(durationText)).toEqual([
    '0ms',
    '120ms',
    '1s',
    '7.66s',
    '2m59.56s',
    '1h0m0s',
    '23h59m59s',
  ]);
});

describe('rate limits', () => {
  it('says what is left and when it is full again', () => {
    const limits = createLimits({ requestsPerDay: 14_400, tokensPerMinute: 6_000 });
    expect(limits.take('m', 3_000, 0)).toEqual({
      kind: 'taken',
      headers: {
        'x-ratelimit-limit-requests': '14400',
        'x-ratelimit-remaining-requests': '14399',
        'x-ratelimit-reset-requests': '6s',
        'x-ratelimit-limit-tokens': '6000',
        'x-ratelimit-remaining-tokens': '3000',
        'x-ratelimit-reset-tokens': '30s',
      },
    });
  });

  it('refuses when tokens run short and takes again after the time it named', () => {
    const limits = createLimits({ requestsPerDay: 100, tokensPerMinute: 6_000 });
    limits.take('m', 6_000, 0);
    const refused = limits.take('m', 500, 0);
    expect(refused).toMatchObject({ kind: 'short', of: 'tokens', retryAfterSeconds: 5 });
    expect(limits.take('m', 500, 4_900)).toMatchObject({ kind: 'short', retryAfterSeconds: 1 });
    expect(limits.take('m', 500, 5_000)).toMatchObject({ kind: 'taken' });
  });

  it('refuses when requests run short', () => {
    const limits = createLimits({ requestsPerDay: 1, tokensPerMinute: 6_000 });
    limits.take('m', 1, 0);
    expect(limits.take('m', 1, 0)).toMatchObject({
      kind: 'short',
      of: 'requests',
      retryAfterSeconds: 86_400,
    });
  });

  it('refuses when requests of a minute run short, and says nothing of them in its headers', () => {
    const limits = createLimits({ requestsPerMinute: 2 });
    const first = limits.take('m', 1, 0);
    limits.take('m', 1, 0);
    const refused = limits.take('m', 1, 0);
    expect(refused).toMatchObject({ kind: 'short', of: 'requests', retryAfterSeconds: 30 });
    expect(Object.keys(refused.headers)).toEqual(Object.keys(first.headers));
    expect(refused.headers['x-ratelimit-limit-requests']).toBe(String(defaultLimits.requestsPerDay));
    expect(limits.take('m', 1, 30_000).kind).toBe('taken');
  });

  it('says never to what is larger than a whole minute allows', () => {
    expect(createLimits({ requestsPerDay: 1, tokensPerMinute: 10 }).take('m', 11, 0).kind).toBe('never');
  });

  it('keeps the models apart', () => {
    const limits = createLimits({ requestsPerDay: 1, tokensPerMinute: 10 });
    limits.take('a', 1, 0);
    expect(limits.take('b', 1, 0).kind).toBe('taken');
  });
});
