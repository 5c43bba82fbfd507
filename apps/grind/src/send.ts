/** The one place where an answer becomes HTTP. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GrindAnswer } from './answer.ts';
import { refusalBody, statusOf } from './refusal.ts';

export type Send = (request: FastifyRequest, reply: FastifyReply, answer: GrindAnswer) => void;

/** `simulated`: which book this grind writes in; every refusal says it too. */
export const createSend =
  (simulated: boolean): Send =>
  (request, reply, answer) => {
    if (answer.kind === 'reply') {
      void reply.send(answer.reply);
      return;
    }
    const { retryAfterMs } = answer.details;
    if (retryAfterMs !== undefined) void reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
    void reply
      .code(statusOf(answer))
      .send(refusalBody(answer, { taskId: taskIdOf(request.body), requestId: request.id, simulated }));
  };

/** Of a body that may not have passed its schema. */
function taskIdOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('task_id' in body)) return null;
  return typeof body.task_id === 'string' ? body.task_id.slice(0, 200) : null;
}
