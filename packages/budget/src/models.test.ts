import { describe, expect, it } from 'vitest';
import { createModels } from './models.ts';
import { priceList } from './price-list.ts';

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

describe('the models of a home', () => {
  it('without a file are those that come with Vivarium', () => {
    expect(createModels().list).toEqual(priceList);
    expect(createModels().find('gpt-5')).toBeUndefined();
  });
  it('an entry takes the place of the one with its id, adds one, or removes one; prices come out exact', () => {
    const models = createModels([cheap, { ...cheap, id: 'new' }, { id: 'openai/gpt-oss-20b', remove: true }]);
    expect(models.find('llama-3.1-8b-instant')).toEqual({
      id: 'llama-3.1-8b-instant',
      contextTokens: 8_192,
      maxCompletionTokens: 1_024,
      price: {
        inputNanoPerToken: 49,
        outputNanoPerToken: 80,
        cachedInputNanoPerToken: 25,
        date: '2026-11-27',
        source: 'an invoice',
      },
    });
    expect(models.ids).toContain('new');
    expect(models.find('openai/gpt-oss-20b')).toBeUndefined();
  });
  it('an entry may say only how often a model may be asked; of one that is not there it is refused', () => {
    const [first] = priceList;
    const id = first?.id ?? '';
    expect(createModels([{ id, requests_per_minute: 30 }]).find(id)).toEqual({
      ...first,
      requestsPerMinute: 30,
    });
    expect(createModels([{ ...cheap, requests_per_minute: 30 }]).find(cheap.id)).toMatchObject({
      requestsPerMinute: 30,
    });
    expect(() => createModels([{ id: 'none', requests_per_minute: 30 }])).toThrow(/no model "none"/);
  });
});
