import { CancelRequest, type CancelReply } from '@vivarium/contracts';
import type { App } from '../app.ts';
import type { GrindCalls } from '../grind-call.ts';

export function routeCancel(app: App, cancel: GrindCalls['cancel']): void {
  app.post('/cancel', { schema: { body: CancelRequest } }, (request, reply) => {
    const body: CancelReply = { cut: cancel(request.body.task_id) };
    return reply.send(body);
  });
}
