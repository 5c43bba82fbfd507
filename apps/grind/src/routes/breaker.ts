import { BreakerReset, type BreakerResetReply } from '@vivarium/contracts';
import type { Breakers } from '../breakers.ts';
import type { App } from '../plugins/zod-validation.ts';

export function routeBreaker(app: App, reset: Breakers['reset']): void {
  app.post('/breaker/reset', { schema: { body: BreakerReset } }, (request, reply) => {
    const { model, reason } = request.body;
    const body: BreakerResetReply = { reset: [...reset(model, reason, 'operator')] };
    return reply.send(body);
  });
}
