/**
 * One chat completion, decided. `decide` reads a request and answers what shall happen to it (refuse, hang, or answer with these
 * words after this long); it sends nothing, waits for nothing and writes no bill: server.ts does, in that order.
 * The answer, its token counts and its nominal latency depend on the seed and the request alone; ids, times of day, rate limits
 * and the counters of fault rules depend on what came before.
 */
import { compose, type Answer } from './compose.ts';
import * as errors from './errors.ts';
import type { Fault, FaultBook } from './faults.ts';
import type { Pace } from './latency.ts';
import type { Limits, RateHeaders } from './limits.ts';
import { findModel, type Model } from './models.ts';
import { promptTokens } from './tokens.ts';
import { readChatRequest, type ChatRequest } from './wire.ts';

/** How an answer that was generated and billed reaches the client. */
export type Damage =
  | Extract<Fault, { readonly kind: 'cut' | 'malformed' | 'no-usage' }>
  | { readonly kind: 'lost' };

export type Decision =
  | {
      readonly kind: 'refuse';
      readonly error: errors.WireError;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** A scripted error with a body of its own. */
  | {
      readonly kind: 'scripted';
      readonly status: number;
      readonly body: string;
      readonly contentType: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'hang' }
  | {
      readonly kind: 'answer';
      readonly answer: Answer;
      readonly prompt: string;
      readonly waitMs: number;
      readonly damage: Damage | undefined;
      readonly headers: RateHeaders;
    };

export interface ChatContext {
  readonly seed: string;
  readonly pace: Pace;
  readonly limits: Limits;
  readonly faults: FaultBook;
  /** Milliseconds that only move forward. */
  readonly now: () => number;
}

export function decide(body: string, context: ChatContext): Decision {
  const reading = readChatRequest(body);
  if (reading.kind === 'refused') return refuse(reading.error);
  const { request } = reading;
  const model = findModel(request.model);
  if (model === undefined) return refuse(errors.unknownModel(request.model));
  const inputTokens = promptTokens(request.messages);
  const tooLong = whyTooLong(request, model, inputTokens);
  if (tooLong !== undefined) return refuse(tooLong);

  const prompt = request.messages.map((message) => message.content).join('\n');
  const fault = context.faults.next({ model: model.id, prompt });
  if (fault?.kind === 'status') return scripted(fault);
  if (fault?.kind === 'hang' && fault.billed !== true) return { kind: 'hang' };

  const answer = compose(request, model, inputTokens, { ...context, halve: fault?.kind === 'length' });
  const take = context.limits.take(model.id, answer.inputTokens + answer.outputTokens, context.now());
  switch (take.kind) {
    case 'never':
      return refuse(
        errors.tooManyTokens(inputTokens + answer.outputTokens, take.headers['x-ratelimit-limit-tokens']),
        take.headers,
      );
    case 'short':
      return refuse(errors.rateLimited(take.of, take.retryAfterSeconds), {
        ...take.headers,
        'retry-after': String(take.retryAfterSeconds),
      });
    case 'taken': {
      const waitMs = answer.timings.total + (fault?.kind === 'delay' ? fault.ms : 0);
      return { kind: 'answer', answer, prompt, waitMs, damage: damageOf(fault), headers: take.headers };
    }
  }
}

function whyTooLong(request: ChatRequest, model: Model, inputTokens: number): errors.WireError | undefined {
  const asked = request.max_completion_tokens ?? request.max_tokens;
  if (asked !== undefined && asked > model.maxCompletionTokens) {
    return errors.invalidRequest(
      `'max_completion_tokens' must be at most ${model.maxCompletionTokens} for this model`,
    );
  }
  const needed = inputTokens + (asked ?? 1);
  return needed > model.contextWindow ? errors.contextTooLong(needed, model.contextWindow) : undefined;
}

function damageOf(fault: Fault | undefined): Damage | undefined {
  switch (fault?.kind) {
    case 'cut':
    case 'malformed':
    case 'no-usage':
      return fault;
    case 'hang':
      return { kind: 'lost' };
    default:
      return undefined;
  }
}

const refuse = (error: errors.WireError, headers: Readonly<Record<string, string>> = {}): Decision => ({
  kind: 'refuse',
  error,
  headers,
});

function scripted(fault: Extract<Fault, { readonly kind: 'status' }>): Decision {
  const headers =
    fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  if (fault.body === undefined) return refuse(errors.scriptedError(fault.status), headers);
  return typeof fault.body === 'string'
    ? { kind: 'scripted', status: fault.status, body: fault.body, contentType: 'text/plain', headers }
    : {
        kind: 'scripted',
        status: fault.status,
        body: JSON.stringify(fault.body),
        contentType: 'application/json',
        headers,
      };
}
