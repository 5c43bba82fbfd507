/**
 * Everything that goes wrong before or beside a route becomes the same body as any other refusal. What is not foreseen is `internal`; what it
 * was stands in the diagnostics, never in the answer (S6).
 */
import type { FastifyInstance } from 'fastify';
import type { Diagnostics } from '../notices.ts';
import { refuse, type Refusal } from '../refusal.ts';
import type { Send } from '../send.ts';
import { InvalidBody } from './zod-validation.ts';

export function mapErrors(app: FastifyInstance, diagnostics: Diagnostics, send: Send): void {
  app.setNotFoundHandler((request, reply) =>
    send(request, reply, refuse('not_found', 'There is no such route.')),
  );
  app.setErrorHandler((error, request, reply) =>
    send(request, reply, refusalOf(error, request.id, diagnostics)),
  );
}

function refusalOf(error: unknown, requestId: string, diagnostics: Diagnostics): Refusal {
  if (error instanceof InvalidBody) return error.refusal;
  switch (codeOf(error)) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse('unsupported_media_type', 'The body is not JSON.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return refuse('payload_too_large', 'The body is larger than 4 MiB.');
  }
  // What else Fastify calls the client's fault: a body that is empty, cut short or not JSON.
  if (statusOf(error) < 500) return refuse('invalid_request', 'The body cannot be read as JSON.');
  diagnostics.error(
    { request_id: requestId, error: error instanceof Error ? error.stack : String(error) },
    'a request failed for a reason nobody foresaw',
  );
  return refuse('internal', 'Something that should be impossible happened.');
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
const statusOf = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : 500;
