import type { ModelInfo } from '@vivarium/budget';
import type { ModelsReply } from '@vivarium/contracts';
import type { App } from '../plugins/zod-validation.ts';

export function routeModels(app: App, models: readonly ModelInfo[], defaultModel: string): void {
  const body: ModelsReply = { models: models.map((model) => described(model, defaultModel)) };
  app.get('/models', (_request, reply) => reply.send(body));
}

function described(
  { id, contextTokens, maxCompletionTokens, price, requestsPerMinute }: ModelInfo,
  defaultModel: string,
): ModelsReply['models'][number] {
  return {
    id,
    default: id === defaultModel,
    context_tokens: contextTokens,
    max_completion_tokens: maxCompletionTokens,
    input_usd_per_million: price === undefined ? null : price.inputNanoPerToken / 1_000,
    output_usd_per_million: price === undefined ? null : price.outputNanoPerToken / 1_000,
    requests_per_minute: requestsPerMinute ?? null,
    price_date: price?.date ?? null,
    price_source: price?.source ?? null,
  };
}
