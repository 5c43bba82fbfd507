/** Bodies are checked by the schemas of `contracts`, and by nothing else. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider } from 'fastify';
import { z } from 'zod';
import { refuse, type Refusal } from '../refusal.ts';

/** Handlers see what the schema makes of a body. */
export interface ZodTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
}

/** What a route is given: its handler is typed by the schema of its body. The server has the type of one with TLS, which is also that of one without. */
export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypes>;

/** Thrown by the validator, mapped by the error handler; carries the refusal it means. */
export class InvalidBody extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'InvalidBody';
    this.refusal = refusal;
  }
}

const MOST_ISSUES = 20;

export function validateByZod(app: FastifyInstance): void {
  app.setValidatorCompiler<unknown>(({ schema }) => {
    if (!(schema instanceof z.ZodType)) throw new TypeError('schemas of routes are zod schemas');
    return (body) => {
      const parsed = schema.safeParse(body);
      return parsed.success ? { value: parsed.data } : { error: new InvalidBody(refusalOf(parsed.error)) };
    };
  });
}

/** Names fields, quotes no values: a prompt does not come back in an error (S6). */
function refusalOf(error: z.ZodError): Refusal {
  const issues = error.issues
    .slice(0, MOST_ISSUES)
    .map((issue) => ({ path: issue.path.join('.'), message: issue.message.slice(0, 200) }));
  return refuse('invalid_request', 'The body is not what the schema says.', { issues });
}
