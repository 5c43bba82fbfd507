import { GrindRequest } from '@vivarium/contracts';
import type { Clock } from '@vivarium/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GrindCalls } from '../grind-call.ts';
import type { Caller } from '../order.ts';
import type { App } from '../plugins/zod-validation.ts';
import type { Send } from '../send.ts';

export function routeGrind(app: App, answer: GrindCalls['answer'], clock: Clock, send: Send): void {
  app.post('/grind', { schema: { body: GrindRequest } }, async (request, reply) => {
    send(request, reply, await answer(request.body, callerOf(request, reply, clock)));
    return reply;
  });
}

const callerOf = (
  request: Pick<FastifyRequest, 'id' | 'principal'>,
  reply: Pick<FastifyReply, 'raw'>,
  clock: Clock,
): Caller => ({
  principal: request.principal,
  requestId: request.id,
  receivedAt: clock.monotonic(),
  onGone(callback) {
    // It may have left while its body was being read.
    if (reply.raw.destroyed) callback();
    else
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) callback();
      });
  },
});
