import { CancelRequest, type CancelReply } from '@vivarium/contracts';
import type { GrindCalls } from '../grind-call.ts';
import type { App } from '../plugins/zod-validation.ts';

export function routeCancel(app: App, cancel: GrindCalls['cancel']): void {
  app.post('/cancel', { schema: { body: CancelRequest } }, (request, reply) => {
    const { task_id, round } = request.body;
    const body: CancelReply = { cut: cancel(task_id, round) };
    return reply.send(body);
  });
}
