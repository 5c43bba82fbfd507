import { addUsd, nanoUsd, usdToNano, zeroUsd } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import { admit, LEAST_COMPLETION_TOKENS, type AdmissionRequest } from './admit.ts';
import { costOf } from './estimate.ts';
import { createModels } from './models.ts';
import type { ModelInfo } from './price-list.ts';

const modelInfo = createModels().find;

const model = (id: string): ModelInfo => {
  const info = modelInfo(id);
  if (info === undefined) throw new Error(`not on the whitelist: ${id}`);
  return info;
};
const small = model('llama-3.1-8b-instant');
const ask = (more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  model: small,
  inputBound: 1_000,
  wantedCompletionTokens: 2_048,
  minBudget: zeroUsd,
  caps: [{ name: 'task', cap: usdToNano(0.1), committed: zeroUsd }],
  ...more,
});

describe('admission', () => {
  it('M1: holds the worst case of what it allows', () => {
    expect(admit(ask())).toEqual({
      kind: 'admitted',
      hold: 1_000 * 50 + 2_048 * 80,
      maxCompletionTokens: 2_048,
    });
  });

  it('M1: shortens the answer to what the tightest cap leaves', () => {
    const tight = { name: 'run', cap: nanoUsd(100_000), committed: nanoUsd(30_000) };
    expect(admit(ask({ caps: [...ask().caps, tight] }))).toEqual({
      kind: 'admitted',
      hold: 70_000,
      maxCompletionTokens: 250,
    });
  });

  it('defers, and says which cap leaves how much and what was needed', () => {
    const spent = { name: 'run', cap: nanoUsd(100_000), committed: nanoUsd(60_000) };
    expect(admit(ask({ caps: [...ask().caps, spent] }))).toEqual({
      kind: 'deferred',
      cap: 'run',
      remaining: 40_000,
      requested: 50_000 + LEAST_COMPLETION_TOKENS * 80,
    });
  });

  it('does not start below min_budget, also when the call itself would fit', () => {
    const caps = [{ name: 'task', cap: usdToNano(0.1), committed: usdToNano(0.06) }];
    expect(admit(ask({ minBudget: usdToNano(0.05), caps }))).toMatchObject({
      kind: 'deferred',
      cap: 'task',
      requested: 50_000_000,
    });
    expect(admit(ask({ minBudget: usdToNano(0.04), caps }))).toMatchObject({ kind: 'admitted' });
  });

  it('shows nothing left, not less, when a cap was lowered below what is spent', () => {
    const caps = [{ name: 'run', cap: nanoUsd(10), committed: nanoUsd(50) }];
    expect(admit(ask({ caps }))).toMatchObject({ kind: 'deferred', remaining: 0 });
  });

  it('never allows more than the model can say', () => {
    expect(admit(ask({ wantedCompletionTokens: 65_536 }))).toMatchObject({ maxCompletionTokens: 8_192 });
  });

  it('refuses a model without a price', () => {
    expect(admit(ask({ model: { ...small, price: undefined } }))).toEqual({ kind: 'unpriced' });
  });

  it('says when a prompt cannot fit the model', () => {
    expect(admit(ask({ inputBound: 4 * 131_072 }))).toMatchObject({
      kind: 'too_long',
      contextTokens: 131_072,
    });
  });

  it('allows a caller to want less than the least', () => {
    expect(admit(ask({ wantedCompletionTokens: 3 }))).toMatchObject({
      kind: 'admitted',
      maxCompletionTokens: 3,
    });
  });
});

describe("the seed's own spending, admitted again", () => {
  it('M1: allows five calls of 0.026945 held and about 0.0178 spent under 0.10, and refuses the sixth with the exact remainder', () => {
    const large = model('llama-3.3-70b-versatile');
    // 60,000 characters at 0.75 tokens each and 500 tokens of answer: the estimate that the log of the seed holds.
    const [inputBound, wantedCompletionTokens] = [45_000, 500];
    let spent = zeroUsd;
    for (const output of [38, 59, 63, 63, 63]) {
      const answer = admit(
        ask({
          model: large,
          inputBound,
          wantedCompletionTokens,
          caps: [{ name: 'run', cap: usdToNano(0.1), committed: spent }],
        }),
      );
      expect(answer).toEqual({ kind: 'admitted', hold: 26_945_000, maxCompletionTokens: 500 });
      spent = addUsd(spent, costOf(large.price ?? noPrice(), 30_049, output));
    }
    expect(
      admit(
        ask({
          model: large,
          inputBound,
          wantedCompletionTokens,
          caps: [{ name: 'run', cap: usdToNano(0.1), committed: spent }],
        }),
      ),
    ).toEqual({
      kind: 'deferred',
      cap: 'run',
      remaining: 100_000_000 - 88_870_490,
      requested: 45_000 * 590 + LEAST_COMPLETION_TOKENS * 790,
    });
  });
});

function noPrice(): never {
  throw new Error('the model has no price');
}
