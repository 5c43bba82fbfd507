/**
 * The models this simulator serves, with its own dated prices. The bill it writes is the other side's book: it must not be computed
 * from the table it is compared with, so this data is kept apart from packages/budget on purpose.
 * Sources: llama prices, windows and speeds as in the seed's client table; gpt-oss prices as in the seed's later architecture
 * page and the public price page of June 2026. The seed has no speed or limit for gpt-oss-20b; 1,000 tokens/s is the public figure.
 */
export const PRICES_AS_OF = '2026-06';

export interface Model {
  readonly id: string;
  readonly ownedBy: string;
  /** Seconds since the epoch, as the list of models shows it. */
  readonly created: number;
  readonly contextWindow: number;
  readonly maxCompletionTokens: number;
  readonly tokensPerSecond: number;
  /** 1e-9 USD per token: a price of $0.05 per million is 50. */
  readonly inputNanoUsd: number;
  readonly outputNanoUsd: number;
}

export const models: readonly Model[] = [
  {
    id: 'llama-3.1-8b-instant',
    ownedBy: 'Meta',
    created: 1_693_721_698,
    contextWindow: 131_072,
    maxCompletionTokens: 8_192,
    tokensPerSecond: 560,
    inputNanoUsd: 50,
    outputNanoUsd: 80,
  },
  {
    id: 'llama-3.3-70b-versatile',
    ownedBy: 'Meta',
    created: 1_733_447_754,
    contextWindow: 131_072,
    maxCompletionTokens: 32_768,
    tokensPerSecond: 280,
    inputNanoUsd: 590,
    outputNanoUsd: 790,
  },
  {
    id: 'openai/gpt-oss-120b',
    ownedBy: 'OpenAI',
    created: 1_754_408_224,
    contextWindow: 131_072,
    maxCompletionTokens: 32_768,
    tokensPerSecond: 300,
    inputNanoUsd: 150,
    outputNanoUsd: 600,
  },
  {
    id: 'openai/gpt-oss-20b',
    ownedBy: 'OpenAI',
    created: 1_754_407_957,
    contextWindow: 131_072,
    maxCompletionTokens: 32_768,
    tokensPerSecond: 1_000,
    inputNanoUsd: 50,
    outputNanoUsd: 200,
  },
];

const byId = new Map(models.map((model) => [model.id, model]));

export const findModel = (id: string): Model | undefined => byId.get(id);

/** Exact: whole tokens times whole nano-dollars. */
export const costNanoUsd = (model: Model, inputTokens: number, outputTokens: number): number =>
  inputTokens * model.inputNanoUsd + outputTokens * model.outputNanoUsd;
