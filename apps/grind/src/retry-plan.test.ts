import { describe, expect, it } from 'vitest';
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, MOST_TRIES, planRetry, type RetrySituation } from './retry-plan.ts';

const situation = (more: Partial<RetrySituation> = {}): RetrySituation => ({
  fault: { code: 'provider_unavailable', retryAfterMs: undefined },
  tries: 1,
  remainingMs: 60_000,
  chance: 0.5,
  ...more,
});

describe('whether a provider call is tried again', () => {
  it.each([
    'provider_rejected_key',
    'provider_timeout',
    'provider_rejected_request',
    'provider_malformed',
    'call_aborted',
  ] as const)('%s: no', (code) => {
    expect(planRetry(situation({ fault: { code, retryAfterMs: 10 } }))).toEqual({ kind: 'give_up' });
  });

  it('429 and an unreachable provider: yes, up to four tries', () => {
    for (const code of ['provider_unavailable', 'provider_rate_limited'] as const) {
      const fault = { code, retryAfterMs: undefined };
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
      const plan = planRetry(situation({ tries, chance: 0.999_999 }));
      expect(plan.waitMs).toBeLessThanOrEqual(LONGEST_WAIT_MS);
    }
  });

  it('waits as long as the provider asks, never less, and those who were asked for the same time come back apart', () => {
    const fault = { code: 'provider_rate_limited', retryAfterMs: 7_000 } as const;
    expect([0, 0.5, 0.999_999].map((chance) => planRetry(situation({ fault, chance })).waitMs)).toEqual([
      7_000 + FIRST_WAIT_MS / 2,
      Math.ceil(7_000 + (FIRST_WAIT_MS * 3) / 4),
      7_000 + FIRST_WAIT_MS,
    ]);
  });

  it('gives up at once when the wait would pass the deadline, and says how long it would have been', () => {
    expect(
      planRetry(
        situation({ fault: { code: 'provider_rate_limited', retryAfterMs: 7_000 }, remainingMs: 7_000 }),
      ),
    ).toEqual({ kind: 'give_up', waitMs: 7_000 });
    expect(planRetry(situation({ remainingMs: 10 }))).toEqual({ kind: 'give_up' });
  });
});
