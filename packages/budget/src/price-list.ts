/**
 * The whitelist of the seed with dated prices. Data only: who changes a price gives its date and where it was read.
 *
 * Prices are whole nano-dollars per token, which is US dollars per million tokens times 1,000: every listed price fits exactly.
 * The three sources the seed knew disagree about gpt-oss; the dearer reading is never used to look cheap: 120b and 20b follow the public
 * page of 2026-06 and the seed's own architecture paper (0.15 / 0.60 and 0.05 / 0.20), the llama models its client's table.
 */
export interface Price {
  readonly inputNanoPerToken: number;
  readonly outputNanoPerToken: number;
  /** Of prompt tokens the provider had in its cache; absent: as any other. Never counted on in a worst case. */
  readonly cachedInputNanoPerToken?: number;
  /** ISO date on which the price was read. */
  readonly date: string;
  readonly source: string;
}

export interface ModelInfo {
  readonly id: string;
  readonly contextTokens: number;
  readonly maxCompletionTokens: number;
  /** Without a price nothing can be held, and the model is refused. */
  readonly price: Price | undefined;
  /** What the provider allows, as far as somebody said. */
  readonly requestsPerMinute?: number;
}

const SEED_TABLE = "price table of the seed's Groq client";

export const priceList: readonly ModelInfo[] = [
  {
    id: 'llama-3.1-8b-instant',
    contextTokens: 131_072,
    maxCompletionTokens: 8_192,
    price: { inputNanoPerToken: 50, outputNanoPerToken: 80, date: '2026-02-03', source: SEED_TABLE },
  },
  {
    id: 'llama-3.3-70b-versatile',
    contextTokens: 131_072,
    maxCompletionTokens: 32_768,
    price: { inputNanoPerToken: 590, outputNanoPerToken: 790, date: '2026-02-03', source: SEED_TABLE },
  },
  {
    id: 'openai/gpt-oss-120b',
    contextTokens: 131_072,
    maxCompletionTokens: 32_768,
    price: {
      inputNanoPerToken: 150,
      outputNanoPerToken: 600,
      cachedInputNanoPerToken: 75,
      date: '2026-06-01',
      source: "Groq's public price page",
    },
  },
  {
    id: 'openai/gpt-oss-20b',
    contextTokens: 131_072,
    maxCompletionTokens: 32_768,
    price: {
      inputNanoPerToken: 50,
      outputNanoPerToken: 200,
      date: '2026-02-03',
      source: "the seed's architecture paper",
    },
  },
];

export const DEFAULT_MODEL = 'llama-3.1-8b-instant';
