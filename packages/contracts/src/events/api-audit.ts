/**
 * `logs/api_audit.log`: every call that spent or was refused, and the write-ahead log of money. Written by grind alone.
 * A call that is admitted leaves `call.held` before it is made and exactly one settling line after it: API_CALL_SUCCESS, API_CALL_FAILURE
 * (nothing was billed) or `call.usage-unknown` (it may have been billed; the whole hold stays charged, M2). Before the first hold of a run, a day or a
 * principal a line says what all its calls may cost, so that the caps can be checked from this file alone (M1). Event words and keys of the seed are kept. Lines are chained (S5).
 */
import { z } from 'zod';
import { CutBy, joinFields, NanoUsdField, Sha256, Timestamp, Tokens, UsdField } from '../fields.ts';
import { linkFieldsIfAny } from './seals.ts';

const head = {
  timestamp: Timestamp,
};
const who = {
  user: z.string().describe('Principal: admin on loopback, else the name of a token.'),
  role: z.string().describe('admin or lan.'),
};
const call = {
  call_id: z.string().optional().describe('Joins the hold line and the line that settles it.'),
  idempotency_key: z.string().optional().describe('A recorded reply is never paid twice under one key (M3).'),
  prompt_hash: z.string().optional().describe('First 16 hex digits of the SHA-256 of the prompt.'),
  ...joinFields,
  ...linkFieldsIfAny,
};

/** What a run may cost, before anything of it is asked for; said again when the cap changed. */
export const RunOpened = z.object({
  ...head,
  event: z.literal('run.opened'),
  ...who,
  cap: UsdField,
  cap_nano_usd: NanoUsdField.describe('Most the run may cost, in units of 1e-9 US dollars.'),
  ...joinFields,
  ...linkFieldsIfAny,
});

/** What a UTC day or a principal may cost in this book, before anything is held against it; said again when the cap changed. */
export const CapSet = z.object({
  ...head,
  event: z.literal('cap.set'),
  ...who,
  scope: z.enum(['day', 'principal']).describe('What the cap is on.'),
  name: z.string().describe('The date of the day (UTC), or the name of the principal.'),
  cap: UsdField,
  cap_nano_usd: NanoUsdField.describe('Most it may cost, in units of 1e-9 US dollars.'),
  ...joinFields,
  ...linkFieldsIfAny,
});

const BookTotals = z
  .object({ settled: NanoUsdField, unknown: NanoUsdField, held: NanoUsdField, calls: z.int() })
  .describe('Sums of one book up to here, in units of 1e-9 US dollars.');
/**
 * What everything before this line comes to. Whoever reads from here on needs no line before it: the rest of the state is in run/money.checkpoint, named by its hash,
 * and is made again from the log when that file is gone or is another.
 */
export const Checkpoint = z.object({
  ...head,
  event: z.literal('checkpoint'),
  ...who,
  real_book: BookTotals,
  simulated_book: BookTotals,
  state_sha256: Sha256.describe('SHA-256 of run/money.checkpoint.'),
  ...joinFields,
  ...linkFieldsIfAny,
});

/** Money is set aside: worst case of the call, against every cap at once, before the provider is asked (S1, M1). */
export const CallHeld = z.object({
  ...head,
  event: z.literal('call.held'),
  ...who,
  model: z.string().describe('Model that will be asked.'),
  held: UsdField,
  held_nano_usd: NanoUsdField.describe('Worst case of the call in units of 1e-9 US dollars.'),
  input_token_bound: Tokens.describe('No prompt of this length can have more tokens.'),
  max_completion_tokens: z
    .int()
    .positive()
    .describe('Allowed to the model, after clamping to what the caps leave.'),
  waited_ms: z
    .int()
    .positive()
    .optional()
    .describe(
      'How long the call waited in the queue of grind for the limits of the provider, in milliseconds.',
    ),
  ...call,
});

export const CallSuccess = z.object({
  ...head,
  event: z.literal('API_CALL_SUCCESS'),
  ...who,
  model: z.string().describe('Model that was billed.'),
  cost: UsdField,
  input_tokens: Tokens.describe('Tokens of the prompt, as billed.'),
  output_tokens: Tokens.describe('Tokens of the answer, as billed.'),
  cost_nano_usd: NanoUsdField.optional().describe('What the call cost in units of 1e-9 US dollars.'),
  requested_model: z.string().optional().describe('Model that was asked for.'),
  latency_ms: z
    .number()
    .nonnegative()
    .optional()
    .describe('Milliseconds from asking the provider to its whole reply.'),
  finish_reason: z
    .string()
    .optional()
    .describe('Why the model stopped; `length` means that the answer was cut.'),
  cut_by: CutBy.optional(),
  result_sha256: Sha256.optional().describe('Name of the reply in logs/results/.'),
  provider_request_id: z.string().optional().describe('The id the provider gave the call.'),
  late: z
    .literal(true)
    .optional()
    .describe('It came after the call was charged as unknown, and settles that.'),
  ...call,
});

/** The provider did not answer with a completion and billed nothing; or the call was refused before it was made. */
export const CallFailure = z.object({
  ...head,
  event: z.literal('API_CALL_FAILURE'),
  ...who,
  error: z.string().describe('What went wrong, in our words.'),
  error_code: z.string().optional().describe('Code from docs/errors.md.'),
  model: z.string().optional().describe('Model that was asked, or would have been.'),
  latency_ms: z
    .number()
    .nonnegative()
    .optional()
    .describe('Milliseconds from asking the provider to the failure.'),
  late: z
    .literal(true)
    .optional()
    .describe('It came after the call was charged as unknown, and takes that back.'),
  ...call,
});

/**
 * The call was cut before its usage was known. It is charged in full (M2). With `may_settle` its caller gave up waiting and grind did not: when the provider's usage
 * arrives all the same, a line that is `late` settles it for what it cost.
 */
export const UsageUnknown = z.object({
  ...head,
  event: z.literal('call.usage-unknown'),
  ...who,
  model: z.string().describe('Model that was asked.'),
  error: z.string().describe('What went wrong, in our words.'),
  error_code: z.string().optional().describe('Code from docs/errors.md.'),
  charged: UsdField,
  charged_nano_usd: NanoUsdField.describe('The whole hold, in units of 1e-9 US dollars.'),
  may_settle: z.literal(true).optional().describe('The provider may still say what it was.'),
  ...call,
});

/** A recorded reply was handed out again; nothing was spent (M3). */
export const CallReplayed = z.object({
  ...head,
  event: z.literal('call.replayed'),
  ...who,
  model: z.string().describe('Model that was asked.'),
  result_sha256: Sha256.describe('Name of the reply in logs/results/.'),
  ...call,
});

/** The reply cache answered: nothing was asked, held or spent. */
export const CallCached = z.object({
  ...head,
  event: z.literal('call.cached'),
  ...who,
  model: z.string().describe('Model that was billed for the reply.'),
  from_call_id: z.string().describe('The call that was paid for it.'),
  saved: UsdField,
  saved_nano_usd: NanoUsdField.describe('What that call cost, in units of 1e-9 US dollars.'),
  result_sha256: Sha256.describe('Name of the reply in logs/results/.'),
  ...call,
});

export const ConstitutionalViolation = z.object({
  ...head,
  event: z.literal('CONSTITUTIONAL_VIOLATION'),
  ...who,
  reason: z.string().describe('Why the gate refused, in words.'),
  rule_ids: z.array(z.string()).optional().describe('Rules of the constitution that spoke.'),
  ...call,
});

export const BudgetExceeded = z.object({
  ...head,
  event: z.literal('BUDGET_EXCEEDED'),
  ...who,
  remaining: UsdField.describe('What the tightest cap still leaves, in dollars.'),
  requested: UsdField.describe('The least the call could be held at, in dollars.'),
  remaining_nano_usd: NanoUsdField.optional(),
  requested_nano_usd: NanoUsdField.optional(),
  cap: z.string().optional().describe('Which cap was too tight: task, run, day, principal.'),
  model: z.string().optional().describe('Model that was asked, or would have been.'),
  ...call,
});

export const RateLimited = z.object({
  ...head,
  event: z.literal('RATE_LIMITED'),
  ...who,
  model: z.string().describe('Model that was asked.'),
  retry_after_ms: z.number().nonnegative().optional().describe('How long to wait, as it was asked for.'),
  limited_by: z.enum(['provider', 'principal']).optional().describe('Whose limit it was.'),
  refused: z.int().positive().optional().describe('Requests this line stands for.'),
  ...call,
});

/** The circuit breaker of a model changed: the state of breakers after a restart is the fold of these. */
const breakerChanged = <Event extends `breaker.${string}`>(event: Event) =>
  z.object({
    ...head,
    event: z.literal(event),
    ...who,
    upstream: z.string().describe('Provider it is about.'),
    model: z.string().describe('Model it is about.'),
    reason: z.string().describe('Why: what it counted, or what an operator gave as reason.'),
    trips: z.int().nonnegative().describe('Times in a row that it opened.'),
    until: Timestamp.optional().describe('Opened: when one call will be let through.'),
    ...joinFields,
    ...linkFieldsIfAny,
  });

export const ApiAuditLine = z.discriminatedUnion('event', [
  RunOpened,
  CapSet,
  Checkpoint,
  CallHeld,
  CallSuccess,
  CallFailure,
  UsageUnknown,
  CallReplayed,
  CallCached,
  ConstitutionalViolation,
  BudgetExceeded,
  RateLimited,
  breakerChanged('breaker.opened'),
  breakerChanged('breaker.half-opened'),
  breakerChanged('breaker.closed'),
  breakerChanged('breaker.reset'),
]);
export type ApiAuditLine = Readonly<z.infer<typeof ApiAuditLine>>;
