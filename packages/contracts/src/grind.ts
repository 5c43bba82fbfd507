/** The HTTP face of grind: `POST /grind`, `POST /cancel`, `GET /healthz`, `GET /models`, `GET /me` and others. The seed's keys first, then ours. */
import { z } from 'zod';
import type { CapScope, MoneySnapshot } from './folds/money.ts';
import { CutBy, NanoUsdField, Sha256, Tokens, UsdField } from './fields.ts';
import { INTENSITIES } from './task.ts';

export const DEFAULT_GRIND_PORT = 8420;
export const DEFAULT_MAX_TOKENS = 2048;
export const DEFAULT_TEMPERATURE = 0.2;

/** Unknown keys are refused: a misspelt `max_budget` must not become an unlimited one. */
export const GrindRequest = z.strictObject({
  prompt: z.string().refine((text) => text.trim() !== '', 'the prompt is empty'),
  model: z.string().nullish(),
  max_tokens: z
    .int()
    .min(1)
    .max(65_536)
    .nullish()
    .describe('Most tokens of the reply. Lowered when a cap leaves less.'),
  temperature: z.number().min(0).max(2).nullish(),
  min_budget: z.number().positive().nullish().describe('US dollars that must be free in every cap.'),
  max_budget: z
    .number()
    .positive()
    .nullish()
    .describe('US dollars that the task may cost, all its calls together.'),
  intensity: z.enum(INTENSITIES).nullish(),
  task_id: z.string().min(1).nullish(),
  idempotency_key: z
    .string()
    .min(1)
    .max(512)
    .nullish()
    .describe('Same key, same recorded reply, never a second payment.'),
  deadline_ms: z
    .int()
    .positive()
    .max(86_400_000)
    .nullish()
    .describe('Milliseconds from receipt after which the caller no longer wants the answer.'),
  home: z.string().nullish().describe('Home the caller works for; a grind of another home refuses.'),
  run_id: z
    .string()
    .min(1)
    .max(128)
    .nullish()
    .describe(
      'A run announced by `orchestrator start`. Without it the request counts against the direct requests of the day.',
    ),
  round: z.int().positive().nullish(),
  attempt: z.int().positive().nullish(),
  task_digest: z.string().nullish(),
  worker_id: z.string().nullish(),
});
export type GrindRequest = Readonly<z.infer<typeof GrindRequest>>;

export const Usage = z.object({
  prompt_tokens: Tokens,
  completion_tokens: Tokens,
  total_tokens: Tokens,
  reasoning_tokens: Tokens.optional(),
  cached_tokens: Tokens.optional(),
});
export type Usage = Readonly<z.infer<typeof Usage>>;

export const GrindReply = z.object({
  status: z.literal('completed'),
  result: z.string(),
  model: z.string().describe('Model that was billed.'),
  task_id: z.string().nullable(),
  usage: Usage.nullable(),
  requested_model: z.string(),
  finish_reason: z.string().describe('`stop`, or `length` when the reply was cut at max_completion_tokens.'),
  cut_by: CutBy.optional(),
  cost_usd: UsdField,
  cost_nano_usd: NanoUsdField,
  latency_ms: z.number().nonnegative(),
  provider: z.string(),
  simulated: z.boolean(),
  call_id: z.string(),
  request_id: z.string(),
  result_sha256: Sha256,
  replayed: z.boolean().describe('True when this reply was already paid for under the same key.'),
  cached: z.literal(true).optional().describe('The reply cache answered, for nothing.'),
});
export type GrindReply = Readonly<z.infer<typeof GrindReply>>;

/** What grind may answer instead. Each stands in docs/errors.md with its HTTP status. */
export const refusalCatalogue = {
  invalid_request: { status: 400, meaning: 'The body is not what the schema says; the fields are named.' },
  unauthorized: { status: 401, meaning: 'A token is needed, or the one given is none (any more).' },
  not_permitted: { status: 403, meaning: 'A token may not do this; the admin of the machine may.' },
  forbidden_origin: {
    status: 403,
    meaning: 'The request did not come from a client of this machine (Host, Origin or Sec-Fetch-Site).',
  },
  refused: { status: 403, meaning: 'The safety gate refused the text; the rules are named.' },
  not_found: { status: 404, meaning: 'No such route.' },
  foreign_home: { status: 409, meaning: 'The request names another home than this grind serves.' },
  unknown_run: {
    status: 409,
    meaning: 'The run named is not announced in this home, or was announced for the other book.',
  },
  cancelled: { status: 409, meaning: 'The task was cancelled while its call was in flight.' },
  idempotency_conflict: { status: 409, meaning: 'The key was used before with another request.' },
  unsupported_media_type: { status: 415, meaning: 'The body is not JSON.' },
  payload_too_large: { status: 413, meaning: 'The body is larger than the limit.' },
  unknown_model: { status: 422, meaning: 'The model is not on the whitelist.' },
  unpriced_model: { status: 422, meaning: 'The model has no price, so no worst case can be held.' },
  deferred: { status: 402, meaning: 'A cap leaves too little for this call; nothing was spent.' },
  rate_limited: {
    status: 429,
    meaning:
      'The provider asked to slow down, longer than the deadline allows to wait; or the token makes more requests than it may.',
  },
  provider_failed: {
    status: 502,
    meaning: 'The provider answered an error, or nothing usable, until the deadline or the retries ran out.',
  },
  provider_rejected: { status: 422, meaning: 'The provider refused the request itself.' },
  provider_key: { status: 503, meaning: 'The provider refused the key.' },
  halted: { status: 503, meaning: 'HALT is in force.' },
  paused: { status: 503, meaning: 'PAUSE is in force.' },
  draining: { status: 503, meaning: 'DRAIN is in force.' },
  circuit_open: {
    status: 503,
    meaning: 'The circuit breaker of the model is open: its upstream failed, or too much was spent.',
  },
  held: { status: 503, meaning: 'A hold is in force: nothing is paid for.' },
  record_unwritable: { status: 503, meaning: 'The record cannot be written, so nothing may be spent.' },
  stopping: { status: 503, meaning: 'This grind is shutting down.' },
  deadline_exceeded: { status: 504, meaning: 'The deadline of the caller passed before an answer came.' },
  internal: {
    status: 500,
    meaning: 'Something that should be impossible happened; the diagnostics of grind say what.',
  },
} as const;
export type RefusalCode = keyof typeof refusalCatalogue;
const REFUSAL_CODES = Object.keys(refusalCatalogue) as [RefusalCode, ...RefusalCode[]];

/** `retry`: the same request may work later. `wait`: not before money, a person or a control state changes. `fail`: never. `stop`: nothing will work until the operator acts. */
export const RemedyField = z.enum(['retry', 'wait', 'fail', 'stop']);

export const GrindRefusal = z.object({
  error: z.object({
    code: z.enum(REFUSAL_CODES),
    message: z.string(),
    remedy: RemedyField,
    hint: z.string().describe('What to do next.'),
    retryable: z.boolean(),
    retry_after_ms: z.number().nonnegative().optional(),
    reason: z
      .string()
      .optional()
      .describe(
        'For deferred: which cap, for example task_budget or run_budget. For provider_failed: unavailable, timeout or malformed. For rate_limited: principal, when it was not the provider.',
      ),
    rule_ids: z.array(z.string()).optional(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    task_id: z.string().nullable(),
    request_id: z.string(),
    cost_nano_usd: z
      .int()
      .nonnegative()
      .default(0)
      .describe('Charged for this request although it has no answer (usage unknown).'),
    simulated: z.boolean().default(false),
  }),
});
export type GrindRefusal = Readonly<z.infer<typeof GrindRefusal>>;

/**
 * `POST /cancel`: cuts the calls of a task that are in flight. What they may have cost stays charged (M2). With a round, only calls of that round and before;
 * and such as come within the next minute are refused.
 */
export const CancelRequest = z.strictObject({
  task_id: z.string().min(1),
  round: z.int().positive().optional(),
});
export const CancelReply = z.object({ cut: z.int().nonnegative().describe('Calls that were in flight.') });
export type CancelReply = Readonly<z.infer<typeof CancelReply>>;

/** A circuit breaker that is not closed. */
export const BreakerView = z.object({
  upstream: z.string(),
  model: z.string(),
  state: z.enum(['open', 'half-open']),
  why: z.string(),
  since: z.string(),
  until: z.string().describe('When one call is let through to try it.'),
  trips: z.int(),
});
export type BreakerView = Readonly<z.infer<typeof BreakerView>>;

/** What a circuit breaker has counted in its window, and what it opens at. */
export const CircuitView = z.object({
  upstream: z.string(),
  model: z.string(),
  state: z.enum(['closed', 'open', 'half-open']),
  calls: z.int(),
  failures: z.int(),
  failures_in_a_row: z.int(),
  spent_nano_usd: NanoUsdField,
  window_ms: z.number(),
  opens_at_failures: z.int(),
  opens_at_nano_usd: NanoUsdField,
});
export type CircuitView = Readonly<z.infer<typeof CircuitView>>;

const AllowanceView = z
  .object({
    limit: z.number(),
    left: z.number().describe('By what its last reply said, and what flowed in since.'),
  })
  .nullable()
  .describe('Null: its replies have not said.');
/** How fast a model may be asked, and who waits for it. */
export const PaceView = z.object({
  model: z.string(),
  waiting: z.int().describe('Requests in the queue.'),
  under_way: z.int().describe('Calls.'),
  most_under_way: z.int().describe('Halved when the provider is out of breath, one more with each success.'),
  tokens: AllowanceView,
  requests: AllowanceView.describe('Of a day.'),
  requests_a_minute: AllowanceView.describe('Null: models.json does not say.'),
  blocked_for_ms: z.number().describe('Until the moment before which the provider wants no call.'),
});
export type PaceView = Readonly<z.infer<typeof PaceView>>;

const SumsReply = z.object({
  settled: z.int(),
  unknown: z.int(),
  held: z.int(),
  calls: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
});
const byScope = <T extends z.ZodType>(schema: T) =>
  z.object({ run: schema, day: schema, principal: schema } satisfies Record<CapScope, T>);
const BookReply = z.object({
  total: SumsReply,
  sums: byScope(z.record(z.string(), SumsReply)),
  caps: byScope(z.record(z.string(), z.int())),
});
/** `GET /books`: what grind believes of money, in units of 1e-9 US dollars, and how long api_audit.log was at that moment. */
export const BooksReply = z.object({
  log_bytes: z.int().nonnegative(),
  real: BookReply,
  simulated: BookReply,
  holds: z.record(z.string(), z.int()).describe('Open holds, by call.'),
});
export type BooksReply = z.infer<typeof BooksReply>;

/** What a fold of money has come to, in that form. */
export const booksOf = (money: MoneySnapshot): Omit<BooksReply, 'log_bytes'> => ({
  real: bookOf(money.real),
  simulated: bookOf(money.simulated),
  holds: Object.fromEntries(money.holds.map(({ callId, amount }) => [callId, amount])),
});

const bookOf = ({ total, sums, caps }: MoneySnapshot['real']): BooksReply['real'] => ({
  total,
  sums: {
    run: Object.fromEntries(sums.run),
    day: Object.fromEntries(sums.day),
    principal: Object.fromEntries(sums.principal),
  },
  caps: {
    run: Object.fromEntries(caps.run),
    day: Object.fromEntries(caps.day),
    principal: Object.fromEntries(caps.principal),
  },
});

/** `POST /breaker/reset`. */
export const BreakerReset = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  reason: z.string().trim().min(1).max(1_000),
});
export const BreakerResetReply = z.object({ reset: z.array(z.string()) });
export type BreakerResetReply = z.infer<typeof BreakerResetReply>;

export const Health = z.object({
  status: z.enum(['ok', 'hold', 'paused', 'draining', 'halted', 'stopping']),
  home: z.string(),
  pid: z.int(),
  version: z.string(),
  provider: z.string(),
  simulated: z.boolean(),
  direct_cap_nano_usd: z.int().describe('Cap of all requests of a UTC day that name no run.'),
  day_cap_nano_usd: z.int().describe('Cap of everything held on a UTC day.'),
  default_model: z.string(),
  network: z.string().nullable().describe('Where it listens for those who bring a token.'),
  breakers: z.array(BreakerView).describe('Those that are not closed.'),
  circuits: z.array(CircuitView).describe('Of every model that was asked since this grind began.'),
  paces: z.array(PaceView).describe('Of every model that was asked since this grind began.'),
  obeys: z
    .array(z.string())
    .describe('The orders it obeys (`orderOf`); it makes no call against them from now on.'),
  calls: z
    .array(
      z.object({ task_id: z.string().nullable(), worker_id: z.string().nullable(), held_nano_usd: z.int() }),
    )
    .describe('Under way, and what is held for each: the most it may still cost.'),
});
export type Health = Readonly<z.infer<typeof Health>>;

const MoneyOf = {
  settled_nano_usd: NanoUsdField,
  unknown_nano_usd: NanoUsdField.describe('Of calls that were cut before their usage was known.'),
  held_nano_usd: NanoUsdField.describe('Of calls under way.'),
  calls: z.int(),
};
/** `GET /me`: the caller as grind knows it, in the book this grind writes in. */
export const MeReply = z.object({
  user: z.string(),
  role: z.enum(['admin', 'lan']),
  budget_nano_usd: NanoUsdField.nullable().describe('Null: no cap of its own.'),
  left_nano_usd: NanoUsdField.nullable(),
  ...MoneyOf,
  requests_per_minute: z.int().nullable(),
  tasks: z.array(z.object({ task_id: z.string(), ...MoneyOf })).describe('Its own; the last 200.'),
  simulated: z.boolean(),
});
export type MeReply = Readonly<z.infer<typeof MeReply>>;

export const ModelsReply = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      default: z.boolean(),
      context_tokens: z.int(),
      max_completion_tokens: z.int(),
      input_usd_per_million: z.number().nullable(),
      output_usd_per_million: z.number().nullable(),
      requests_per_minute: z.int().nullable().describe('Null: models.json does not say.'),
      price_date: z.string().nullable(),
      price_source: z.string().nullable(),
    }),
  ),
});
export type ModelsReply = Readonly<z.infer<typeof ModelsReply>>;
