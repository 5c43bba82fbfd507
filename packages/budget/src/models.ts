/** The models that may be asked, with their prices: the list that comes with Vivarium, as a home has changed it. Pure. */
import { VivariumError } from '@vivarium/core';
import { priceList, type ModelInfo } from './price-list.ts';

/** An entry of models.json (contracts). Prices in US dollars per million tokens, each a whole number of nano-dollars a token. */
export type ModelOverride =
  | ListedModel
  | { readonly id: string; readonly requests_per_minute: number }
  | { readonly id: string; readonly remove: true };
interface ListedModel {
  readonly id: string;
  readonly context_tokens: number;
  readonly max_completion_tokens: number;
  readonly input_usd_per_million: number;
  readonly output_usd_per_million: number;
  readonly cached_input_usd_per_million?: number | undefined;
  readonly price_date: string;
  readonly price_source: string;
  readonly requests_per_minute?: number | undefined;
}

export interface Models {
  readonly list: readonly ModelInfo[];
  readonly ids: readonly string[];
  /** Undefined: not on the whitelist. */
  find(id: string): ModelInfo | undefined;
}

/** Throws `config_invalid` for what is said of a model that is not there. */
export function createModels(overrides: readonly ModelOverride[] = []): Models {
  const byId = new Map(priceList.map((model) => [model.id, model]));
  for (const override of overrides) {
    if ('remove' in override) byId.delete(override.id);
    else if ('price_date' in override) byId.set(override.id, infoOf(override));
    else byId.set(override.id, pacedAs(byId.get(override.id), override));
  }
  const list = [...byId.values()];
  return { list, ids: list.map(({ id }) => id), find: (id) => byId.get(id) };
}

function pacedAs(
  model: ModelInfo | undefined,
  {
    id,
    requests_per_minute: requestsPerMinute,
  }: { readonly id: string; readonly requests_per_minute: number },
): ModelInfo {
  if (model === undefined)
    throw new VivariumError(
      'config_invalid',
      `models.json: there is no model ${JSON.stringify(id)} to say requests_per_minute of`,
      {
        remedy: { kind: 'stop' },
        hint: 'Mend its id, or give its prices too. orchestrator models lists what there is.',
      },
    );
  return { ...model, requestsPerMinute };
}

function infoOf(given: ListedModel): ModelInfo {
  const { cached_input_usd_per_million: cached } = given;
  return {
    id: given.id,
    contextTokens: given.context_tokens,
    maxCompletionTokens: given.max_completion_tokens,
    price: {
      inputNanoPerToken: nanoPerToken(given.input_usd_per_million),
      outputNanoPerToken: nanoPerToken(given.output_usd_per_million),
      ...(cached === undefined ? {} : { cachedInputNanoPerToken: nanoPerToken(cached) }),
      date: given.price_date,
      source: given.price_source,
    },
    ...(given.requests_per_minute === undefined ? {} : { requestsPerMinute: given.requests_per_minute }),
  };
}

/** A dollar per million tokens is a thousand nano-dollars a token; the schema has seen that it comes out even. */
const nanoPerToken = (usdPerMillion: number): number => Math.round(usdPerMillion * 1_000);
