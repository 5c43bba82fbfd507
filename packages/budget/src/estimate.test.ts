import { describe, expect, it } from 'vitest';
import { costOf, inputTokenBound, TEMPLATE_TOKENS, worstCase } from './estimate.ts';
import { createModels } from './models.ts';
import { DEFAULT_MODEL, priceList, type Price } from './price-list.ts';

const { find: modelInfo, ids: whitelist } = createModels();

const price = (id: string): Price => {
  const found = modelInfo(id)?.price;
  if (found === undefined) throw new Error(`no price: ${id}`);
  return found;
};

describe('what a call costs', () => {
  it('agrees with the bills in the logs of the seed, to the nano-dollar', () => {
    expect(costOf(price('llama-3.1-8b-instant'), 56, 17)).toBe(4_160);
    const large = price('llama-3.3-70b-versatile');
    expect([38, 59, 63].map((output) => costOf(large, 30_049, output))).toEqual([
      17_758_930, 17_775_520, 17_778_680,
    ]);
    expect(costOf(large, 11_358, 1_309)).toBe(7_735_330);
  });

  it('agrees with the price the seed used for gpt-oss-120b when that price is given', () => {
    expect(
      costOf(
        { inputNanoPerToken: 200, outputNanoPerToken: 800, date: '2026-02-03', source: 'seed' },
        469,
        2_666,
      ),
    ).toBe(2_226_600);
  });

  it('counts cached prompt tokens at their own price where there is one', () => {
    expect(costOf(price('openai/gpt-oss-120b'), 1_000, 10, 400)).toBe(600 * 150 + 400 * 75 + 10 * 600);
    expect(costOf(price('llama-3.1-8b-instant'), 1_000, 10, 400)).toBe(1_000 * 50 + 10 * 80);
  });

  it('bounds the tokens of a prompt by its bytes, other scripts included', () => {
    expect(inputTokenBound('abc')).toBe(3 + TEMPLATE_TOKENS);
    expect(inputTokenBound('日本')).toBe(6 + TEMPLATE_TOKENS);
    expect(worstCase(price('llama-3.1-8b-instant'), '', 1)).toBe(TEMPLATE_TOKENS * 50 + 80);
  });
});

describe('the whitelist', () => {
  it('is that of the seed, and each model has a dated price with its source', () => {
    expect(whitelist).toEqual([
      'llama-3.1-8b-instant',
      'llama-3.3-70b-versatile',
      'openai/gpt-oss-120b',
      'openai/gpt-oss-20b',
    ]);
    for (const { id, price: listed } of priceList) {
      expect(listed?.date, id).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(listed?.source, id).not.toBe('');
      expect([listed?.inputNanoPerToken, listed?.outputNanoPerToken].every(Number.isInteger), id).toBe(true);
    }
  });

  it('has the default of the seed on it', () => {
    expect(whitelist).toContain(DEFAULT_MODEL);
  });
});
