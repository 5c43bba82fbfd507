import type { Health } from '@vivarium/contracts';
import type { App } from '../plugins/zod-validation.ts';

export function routeHealthz(app: App, health: () => Health): void {
  app.get('/healthz', (_request, reply) => reply.send(health()));
}
