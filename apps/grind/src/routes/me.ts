import type { MeReply } from '@vivarium/contracts';
import type { Principal } from '../principal.ts';
import type { App } from '../plugins/zod-validation.ts';

/** Who the caller is here, what it may spend and what it has spent. */
export function routeMe(app: App, describe: (principal: Principal) => MeReply | undefined): void {
  app.get('/me', (request, reply) => reply.send(describe(request.principal) ?? null));
}
