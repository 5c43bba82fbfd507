/**
 * `logs/execution_log.jsonl`: what happened to each task; the authority on task state (Q1). Keys of the seed first, in its order.
 * Written by workers (claims and their ends) and by the orchestrator (cancel, reopen). Lines are small: whole outputs are in logs/results/.
 */
import { z } from 'zod';
import { CutBy, joinFields, NanoUsdField, Sha256, Timestamp, Tokens, UsdField } from '../fields.ts';

const head = {
  task_id: z.string().describe('Task it is about.'),
  worker_id: z.string().describe('Worker that did it; `orchestrator` for operator acts.'),
};
const { task_id: _task, worker_id: _worker, ...joins } = joinFields;

const usage = {
  model: z.string().nullable().optional().describe('Model that was billed.'),
  requested_model: z.string().optional().describe('Model that was asked for.'),
  input_tokens: Tokens.optional().describe('Tokens of the prompt, as billed.'),
  output_tokens: Tokens.optional().describe('Tokens of the answer, as billed.'),
  cost: UsdField.optional(),
  cost_nano_usd: NanoUsdField.optional().describe('What the attempt cost, in units of 1e-9 US dollars.'),
  latency_ms: z
    .number()
    .nonnegative()
    .optional()
    .describe('Milliseconds from request to answer, as the worker saw it.'),
  call_id: z.string().optional().describe('Call in api_audit.log.'),
} as const;

const fingerprint = z
  .string()
  .regex(/^[0-9a-f]{8}$/)
  .optional()
  .describe(
    'Faults of one kind have the same one, whatever numbers, ids and quotations their messages hold.',
  );

const ended = {
  completed_at: Timestamp,
  result_summary: z
    .string()
    .nullable()
    .default(null)
    .describe('The beginning of the output; the whole is in logs/results/, named result_sha256.'),
  errors: z.string().nullable().default(null).describe('Why it ended this way.'),
  error_code: z.string().optional().describe('Code from docs/errors.md.'),
  fingerprint,
  ...usage,
} as const;

export const ClaimLine = z.object({
  ...head,
  status: z.literal('in_progress'),
  timestamp: Timestamp,
  started_at: Timestamp,
  event: z.literal('task.claimed').optional(),
  ...joins,
  supersedes: z
    .strictObject({
      worker_id: z.string(),
      attempt: z.int(),
      why: z.enum(['holder_gone', 'beat_stood_still']),
    })
    .optional()
    .describe('The claim this one takes over, and why that was allowed (Q5).'),
});

export const CompletedLine = z.object({
  ...head,
  status: z.literal('completed'),
  timestamp: Timestamp,
  ...ended,
  event: z.literal('task.completed').optional(),
  ...joins,
  result_sha256: Sha256.optional().describe('Name of the whole output in logs/results/.'),
  finish_reason: z
    .string()
    .optional()
    .describe('Why the model stopped; `length` means that the output was cut.'),
  cut_by: CutBy.optional(),
});

export const FailedLine = z.object({
  ...head,
  status: z.literal('failed'),
  timestamp: Timestamp,
  ...ended,
  event: z.literal('task.failed').optional(),
  ...joins,
});

export const RefusedLine = z.object({
  ...head,
  status: z.literal('refused'),
  timestamp: Timestamp,
  ...ended,
  event: z.literal('task.refused').optional(),
  ...joins,
  rule_ids: z.array(z.string()).optional().describe('Rules of the constitution that spoke.'),
});

export const SkippedLine = z.object({
  ...head,
  status: z.literal('skipped'),
  timestamp: Timestamp,
  ...ended,
  event: z.literal('task.skipped').optional(),
  ...joins,
  dependency: z.string().optional().describe('The dependency that did not complete.'),
});

export const CancelledLine = z.object({
  ...head,
  status: z.literal('cancelled'),
  timestamp: Timestamp,
  ...ended,
  event: z.literal('task.cancelled').optional(),
  ...joins,
});

/** Ends an attempt without ending the task: it waits for money, for a rate limit, or for a person. */
export const DeferredLine = z.object({
  ...head,
  status: z.literal('deferred'),
  timestamp: Timestamp,
  reason: z.string().describe('What it waits for, for example task_budget, run_budget, rate_limit.'),
  until: Timestamp.nullable().describe('When it may be tried again; null: not in this run.'),
  errors: z.string().nullable().default(null).describe('Why it waits, in words.'),
  event: z.literal('task.deferred').optional(),
  ...joins,
});

/** Ends an attempt that failed for a reason that may pass. */
export const RetryingLine = z.object({
  ...head,
  status: z.literal('retrying'),
  timestamp: Timestamp,
  errors: z.string().describe('What went wrong this time.'),
  error_code: z.string().optional().describe('Code from docs/errors.md.'),
  fingerprint,
  blame: z
    .enum(['task', 'upstream'])
    .optional()
    .describe(
      'What was at fault. The limit on attempts counts only faults of the task; an outage of the provider has a longer one.',
    ),
  not_before: Timestamp.describe('When the next attempt may begin.'),
  ...usage,
  event: z.literal('task.retrying').optional(),
  ...joins,
});

/** Gives a claimed task back without blame (HALT, unreachable grind, drain), opens a new round of a task that had ended, or
 * begins a task at the round that follows those in an archived log. */
export const QueuedLine = z.object({
  ...head,
  status: z.literal('queued'),
  timestamp: Timestamp,
  reason: z.string().describe('Why it was given back, or opened again.'),
  event: z.enum(['task.released', 'task.reopened', 'task.carried-over']),
  ...joins,
});

export const ExecutionLogLine = z.discriminatedUnion('status', [
  ClaimLine,
  CompletedLine,
  FailedLine,
  RefusedLine,
  SkippedLine,
  CancelledLine,
  DeferredLine,
  RetryingLine,
  QueuedLine,
]);
export type ExecutionLogLine = Readonly<z.infer<typeof ExecutionLogLine>>;
