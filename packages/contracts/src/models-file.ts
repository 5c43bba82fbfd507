/**
 * `models.json` of a home: what is different there from the list of models and prices that comes with Vivarium. An entry takes the place of the one with its id, adds
 * one, or removes one; one that only says how many requests a minute its provider allows leaves the rest as it is. Prices are in US dollars per million tokens, as providers print them; each must be a whole number of nano-dollars a token.
 */
import { z } from 'zod';

const Price = z
  .number()
  .nonnegative()
  .max(1_000_000)
  .refine(
    (usd) => Math.abs(usd * 1_000 - Math.round(usd * 1_000)) < 1e-6,
    'not a multiple of 0.001 dollars per million tokens, so no whole number of nano-dollars a token',
  );
const Tokens = z.int().min(1).max(100_000_000);

const PerMinute = z
  .int()
  .min(1)
  .max(1_000_000)
  .describe('What the provider allows the key. No reply says it: without it, it is learnt by being met.');

const Listed = z.strictObject({
  id: z.string().min(1).max(200),
  context_tokens: Tokens,
  max_completion_tokens: Tokens,
  input_usd_per_million: Price,
  output_usd_per_million: Price,
  cached_input_usd_per_million: Price.optional().describe('Of prompt tokens the provider had in its cache.'),
  price_date: z.iso.date().describe('When the price was read.'),
  price_source: z.string().min(1).describe('Where it was read.'),
  requests_per_minute: PerMinute.optional(),
});
const Paced = z.strictObject({ id: z.string().min(1), requests_per_minute: PerMinute });
const Removed = z.strictObject({ id: z.string().min(1), remove: z.literal(true) });

export const ModelsFile = z.strictObject({ models: z.array(z.union([Listed, Paced, Removed])) });
export type ModelOverride = z.infer<typeof ModelsFile>['models'][number];
