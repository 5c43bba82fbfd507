import { describe, expect, it } from 'vitest';
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, MOST_TRIES, planRetry, type RetrySituation } from './retry-plan.ts';

type Fault = RetrySituation['fault'];
const faultOf = (code: Fault['code'], more: Partial<Fault> = {}): Fault => ({
  code,
  retryAfterMs: undefined,
  status: undefined,
  rateLimits: {},
  ...more,
});
const situation = (more: Partial<RetrySituation> = {}): RetrySituation => ({
  fault: faultOf('provider_unavailable'),
  tries: 1,
  asked: { inputBound: 656, maxCompletionTokens: 1_024 },
  remainingMs: 60_000,
  chance: 0.5,
  ...more,
});

const waitOf = (of: RetrySituation): number | undefined => {
  const plan = planRetry(of);
  return plan.kind === 'smaller' ? undefined : plan.waitMs;
};

describe('whether a provider call is tried again', () => {
  it.each([
    'provider_rejected_key',
    'provider_timeout',
    'provider_rejected_request',
    'provider_malformed',
    'call_aborted',
  ] as const)('%s: no', (code) => {
    expect(planRetry(situation({ fault: faultOf(code, { retryAfterMs: 10 }) }))).toEqual({ kind: 'give_up' });
  });

  it('429 and an unreachable provider: yes, up to four tries', () => {
    for (const code of ['provider_unavailable', 'provider_rate_limited'] as const) {
      const fault = faultOf(code);
      for (let tries = 1; tries < MOST_TRIES; tries += 1)
        expect(planRetry(situation({ fault, tries })).kind).toBe('retry');
      expect(planRetry(situation({ fault, tries: MOST_TRIES }))).toEqual({ kind: 'give_up' });
    }
  });

  it('waits between half and the whole of a time that doubles, up to eight seconds', () => {
    expect(planRetry(situation({ chance: 0 }))).toEqual({ kind: 'retry', waitMs: FIRST_WAIT_MS / 2 });
    expect(planRetry(situation({ chance: 0.999_999 }))).toEqual({ kind: 'retry', waitMs: FIRST_WAIT_MS });
    expect(planRetry(situation({ tries: 3, chance: 0 }))).toEqual({
      kind: 'retry',
      waitMs: FIRST_WAIT_MS * 2,
    });
    for (let tries = 1; tries < MOST_TRIES; tries += 1) {
      expect(waitOf(situation({ tries, chance: 0.999_999 }))).toBeLessThanOrEqual(LONGEST_WAIT_MS);
    }
  });

  it('waits as long as the provider asks, never less, and those who were asked for the same time come back apart', () => {
    const fault = faultOf('provider_rate_limited', { retryAfterMs: 7_000 });
    expect([0, 0.5, 0.999_999].map((chance) => waitOf(situation({ fault, chance })))).toEqual([
      7_000 + FIRST_WAIT_MS / 2,
      Math.ceil(7_000 + (FIRST_WAIT_MS * 3) / 4),
      7_000 + FIRST_WAIT_MS,
    ]);
  });

  it('gives up at once when the wait would pass the deadline, and says how long it would have been', () => {
    expect(
      planRetry(
        situation({ fault: faultOf('provider_rate_limited', { retryAfterMs: 7_000 }), remainingMs: 7_000 }),
      ),
    ).toEqual({ kind: 'give_up', waitMs: 7_000 });
    expect(planRetry(situation({ remainingMs: 10 }))).toEqual({ kind: 'give_up' });
  });

  it('what is too large for the rate limits is asked for smaller: what they leave beside the prompt, else half, until nothing useful is left', () => {
    const tooLarge = (limitTokens?: number) =>
      faultOf('provider_rejected_request', {
        status: 413,
        rateLimits: limitTokens === undefined ? {} : { limitTokens },
      });
    expect(planRetry(situation({ fault: tooLarge(1_000) }))).toEqual({
      kind: 'smaller',
      maxCompletionTokens: 868,
    });
    expect(planRetry(situation({ fault: tooLarge() }))).toEqual({
      kind: 'smaller',
      maxCompletionTokens: 512,
    });
    // The prompt alone is above the limit, by a guess: so half may still do.
    expect(planRetry(situation({ fault: tooLarge(100) }))).toEqual({
      kind: 'smaller',
      maxCompletionTokens: 512,
    });
    expect(planRetry(situation({ fault: tooLarge(1_000), tries: MOST_TRIES })).kind).toBe('give_up');
    const asked = { inputBound: 656, maxCompletionTokens: 20 };
    expect(planRetry(situation({ fault: tooLarge(100), asked })).kind).toBe('give_up');
  });
});
