import { describe, expect, it } from 'vitest';
import {
  began,
  BLOCK_MS,
  ended,
  expectedWait,
  freshPace,
  LEARN_MS,
  MOST_UNDER_WAY,
  waitFor,
  type Pace,
  type PacedEnd,
  type SaidLimits,
} from './pace.ts';

/** 6,000 tokens a minute: a tenth of a token each millisecond. */
const said = (remainingTokens: number, more: Partial<SaidLimits> = {}): SaidLimits => ({
  limitTokens: 6_000,
  remainingTokens,
  resetTokensMs: (6_000 - remainingTokens) * 10,
  limitRequests: 14_400,
  remainingRequests: 14_000,
  resetRequestsMs: 400 * 6_000,
  ...more,
});
const answered = (tokens: number, limits: SaidLimits): PacedEnd => ({ kind: 'answered', tokens, limits });
/** Begins and ends one call after the other. */
const after = (pace: Pace, need: number, end: PacedEnd, from: number, to: number): Pace => {
  const [begun, call] = began(pace, need, from);
  return ended(begun, call, end, to);
};
const learnt = (remainingTokens: number): Pace =>
  after(freshPace(true), 1_000, answered(100, said(remainingTokens)), 0, 0);

describe('how fast a model may be asked', () => {
  it('M6: before anything is known one call goes ahead, and while it is not back twice as many may be under way with every second', () => {
    expect(waitFor(freshPace(true), 1_000, 0)).toBe(0);
    let [pace] = began(freshPace(true), 1_000, 0);
    expect(waitFor(pace, 1_000, 0)).toBe(LEARN_MS);
    for (const [underWay, second] of [[1, 1], [2, 2], [3, 2], [4, 3], [7, 3], [8, 4], [31, 5]] as const) {
      while (pace.underWay < underWay) [pace] = began(pace, 1_000, 0);
      expect(waitFor(pace, 1_000, 0), `${underWay}`).toBe(second * LEARN_MS);
      expect(waitFor(pace, 1_000, second * LEARN_MS), `${underWay}`).toBe(0);
    } // prettier-ignore
    expect(waitFor(learnt(5_900), 1_000, 0)).toBe(0);
  });

  it('nothing is learnt from a provider that does not tell, so nobody waits for it', () => {
    const [pace] = began(freshPace(false), 1_000, 0);
    expect(waitFor(pace, 1_000, 0)).toBe(0);
    const silent = after(freshPace(true), 1_000, answered(100, {}), 0, 10);
    expect(waitFor(began(silent, 1_000, 10)[0], 1_000, 10)).toBe(0);
  });

  it('a limit of one or two, of which one is taken, lets calls in again: a rate is never nothing', () => {
    for (const limit of [1, 2, 3]) {
      const tiny = { limitRequests: limit, remainingRequests: limit - 1, resetRequestsMs: 60_000 };
      let pace = after(freshPace(true), 1, answered(1, { ...said(5_000), ...tiny }), 0, 0);
      for (let n = 1; n < limit; n += 1) pace = after(pace, 1, { kind: 'unknown', limits: {} }, 0, 0);
      expect(waitFor(pace, 1, 0), `${limit}`).toBeLessThan(86_400_001);
    }
  });

  it('M6: a call begins when the most it may take is free beside the most that those under way may take', () => {
    let pace = learnt(2_500);
    [pace] = began(pace, 1_000, 0);
    expect(waitFor(pace, 1_000, 0)).toBe(0);
    [pace] = began(pace, 1_000, 0);
    expect(waitFor(pace, 1_000, 0)).toBe(5_000);
    expect(waitFor(pace, 1_000, 4_000)).toBe(1_000);
    expect(waitFor(pace, 1_000, 5_000)).toBe(0);
  });

  it('a call that took less than it might have gives the rest back at once', () => {
    let pace = learnt(1_000);
    const [begun, call] = began(pace, 1_000, 0);
    expect(waitFor(begun, 1_000, 0)).toBe(10_000);
    pace = ended(begun, call, answered(50, said(950)), 0);
    expect(waitFor(pace, 1_000, 0)).toBe(500);
  });

  it('a call larger than the limit waits until all there can be is there, and nothing is under way', () => {
    const pace = learnt(3_000);
    expect(waitFor(pace, 9_000, 0)).toBe(30_000);
    expect(waitFor(pace, 9_000, 30_000)).toBe(0);
    const [busy] = began(pace, 10, 30_000);
    expect(waitFor(busy, 9_000, 60_000)).toBeGreaterThan(0);
  });

  it('what a reply said is of the moment it was taken in: what others took since is taken off', () => {
    let pace = learnt(6_000);
    const [first, early] = began(pace, 1_000, 0);
    const [second, late] = began(first, 1_000, 0);
    // The one that came second to the provider is back first: 6,000 - 400 - 500.
    pace = ended(second, late, answered(500, said(5_100)), 10);
    expect(pace.tokens?.left).toBeCloseTo(5_100, -1);
    pace = ended(pace, early, answered(400, said(5_600)), 10);
    expect(pace.tokens?.left).toBeLessThanOrEqual(5_101);
    expect(pace.tokens?.left).toBeGreaterThanOrEqual(5_099);
  });

  it('others who use the same key are seen by what the next reply says', () => {
    const pace = after(learnt(6_000), 1_000, answered(100, said(2_000)), 0, 100);
    expect(pace.tokens?.left).toBeLessThanOrEqual(2_010);
  });

  it('a call whose end nobody knows counts as the most it may have taken, until a later reply says better', () => {
    let pace = after(learnt(6_000), 1_000, { kind: 'unknown', limits: {} }, 0, 0);
    expect(pace.tokens?.left).toBe(5_000);
    pace = after(pace, 1_000, answered(100, said(5_800)), 0, 0);
    expect(pace.tokens?.left).toBeGreaterThanOrEqual(5_800);
  });

  it('M6: a wait that was asked for is kept; one that was not is a second', () => {
    const block = (retryAfterMs: number | undefined): Pace =>
      after(learnt(6_000), 1_000, { kind: 'too_many', retryAfterMs, limits: said(100) }, 0, 0);
    expect(waitFor(block(70_000), 1_000, 0)).toBe(70_000);
    expect(waitFor(block(undefined), 50, 0)).toBe(BLOCK_MS);
  });

  it('requests are an allowance like tokens', () => {
    const none = said(6_000, { remainingRequests: 0, resetRequestsMs: 14_400 * 6_000 });
    const pace = after(learnt(6_000), 10, answered(10, none), 0, 0);
    expect(waitFor(pace, 10, 0)).toBe(6_000);
    expect(waitFor(pace, 10, 6_000)).toBe(0);
  });

  it('M6: requests of a minute, which no reply tells of, are kept to from the first call on', () => {
    let pace = freshPace(false, 2);
    expect(waitFor(pace, 10, 1_000)).toBe(0);
    for (let n = 0; n < 2; n += 1) pace = after(pace, 10, answered(10, said(5_000)), 1_000, 1_000);
    expect(waitFor(pace, 10, 1_000)).toBe(30_000);
    expect(waitFor(pace, 10, 31_000)).toBe(0);
    expect(expectedWait(pace, 4, 10, 1_000)).toBe(150_000);
    const [one] = began(freshPace(false, 1), 10, 0);
    expect(waitFor(one, 10, 59_000)).toBeGreaterThan(0);
  });

  it('a refusal the limits do not explain halves the calls under way, and so does a provider out of breath; each success allows one more', () => {
    const busy = (count: number): Pace => {
      let pace = after(freshPace(true), 10, answered(10, {}), 0, 0);
      for (let n = 0; n < count; n += 1) [pace] = began(pace, 10, 0);
      return pace;
    };
    const outOf = (pace: Pace, end: PacedEnd): Pace => ended(pace, began(freshPace(true), 10, 0)[1], end, 0);
    const slowed = outOf(busy(20), { kind: 'too_many', retryAfterMs: 0, limits: said(5_000) });
    expect(slowed.window).toBe(10);
    expect(outOf(busy(20), { kind: 'too_many', retryAfterMs: 0, limits: said(3) }).window).toBe(
      MOST_UNDER_WAY,
    );
    expect(outOf(busy(20), { kind: 'out_of_breath', limits: {} }).window).toBe(10);
    expect(outOf(busy(1), { kind: 'out_of_breath', limits: {} }).window).toBe(1);
    expect(waitFor(slowed, 10, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(outOf(slowed, answered(10, {})).window).toBe(11);
  });

  it('who stands behind others may expect to wait for what calls took of late', () => {
    const pace = after(learnt(100), 1_000, answered(100, said(100)), 0, 0);
    expect(expectedWait(pace, 0, 1_000, 0)).toBe(9_000);
    expect(expectedWait(pace, 10, 1_000, 0)).toBe(9_000 + 10 * 1_000);
  });
});
