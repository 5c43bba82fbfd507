import { describe, expect, it } from 'vitest';
import { ModelsFile } from './models-file.ts';

const cheap = {
  id: 'llama-3.1-8b-instant',
  context_tokens: 8_192,
  max_completion_tokens: 1_024,
  input_usd_per_million: 0.049,
  output_usd_per_million: 0.08,
  cached_input_usd_per_million: 0.025,
  price_date: '2026-11-27',
  price_source: 'an invoice',
};

describe('models.json', () => {
  it('takes what lists a model, what says only how often it may be asked, and what removes one', () => {
    const models = [
      { ...cheap, requests_per_minute: 30 },
      { id: 'm', requests_per_minute: 1 },
      { id: 'openai/gpt-oss-20b', remove: true },
    ];
    expect(ModelsFile.parse({ models })).toEqual({ models });
  });
  it.each([
    ['a price no nano-dollar fits', { ...cheap, input_usd_per_million: 0.0001 }],
    ['a negative price', { ...cheap, output_usd_per_million: -1 }],
    ['no date', { ...cheap, price_date: undefined }],
    ['a day that is none', { ...cheap, price_date: '2026-02-30' }],
    ['a misspelt field', { ...cheap, contexttokens: 1 }],
    ['no request a minute', { id: 'm', requests_per_minute: 0 }],
    ['half a request a minute', { ...cheap, requests_per_minute: 0.5 }],
    ['removing and listing at once', { ...cheap, remove: true }],
  ])('refuses %s', (_what, entry) => {
    expect(ModelsFile.safeParse({ models: [entry] }).success).toBe(false);
  });
});
