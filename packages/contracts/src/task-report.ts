/** What `show --json` prints of one task: everything the record has, round by round and attempt by attempt. */
import { z } from 'zod';
import { CutBy } from './fields.ts';
import { TASK_STATUSES } from './folds/status.ts';

const text = z.string().nullable();
const number = z.number().nullable();
const amount = z.int().nullable();

/** One line of the record, in words and whole. */
export const HistoryLine = z.object({
  timestamp: z.string(),
  log: z.enum(['execution', 'apiAudit', 'safetyAudit']),
  event: z.string(),
  worker_id: text,
  text: z.string(),
  nano_usd: amount,
  counts: z
    .boolean()
    .describe(
      'False for a line that changed nothing: it came too late, twice, or from one who no longer held the task.',
    ),
  line: z.record(z.string(), z.unknown()).describe('The line as it stands in the log.'),
});
export type HistoryLine = Readonly<z.infer<typeof HistoryLine>>;

/** A call to the provider, from the money set aside for it to what it cost. */
export const CallReport = z.object({
  call_id: z.string(),
  state: z
    .enum(['held', 'settled', 'unknown', 'nothing_billed'])
    .describe('`unknown`: cut before its usage was known, charged at worst case.'),
  model: text,
  held_nano_usd: amount,
  charged_nano_usd: z.int(),
  input_tokens: amount,
  output_tokens: amount,
  latency_ms: number,
  simulated: z.boolean(),
});
export type CallReport = Readonly<z.infer<typeof CallReport>>;

export const AttemptReport = z.object({
  attempt: z.int().nonnegative().describe('0: what the record ties to no attempt.'),
  worker_id: text,
  run_id: text,
  started_at: text,
  ended_at: text,
  takes_over: z
    .object({ worker_id: z.string(), attempt: z.int(), why: z.string() })
    .nullable()
    .describe('The claim it took over, and why that was allowed.'),
  status: z.string().describe('How it ended; `in_progress` while it has not, `taken_over` when another did.'),
  reason: text,
  error_code: text,
  fingerprint: text,
  not_before: text.describe('Earliest next attempt, after a fault or a deferral.'),
  requested_model: text,
  model: text.describe('Model that was billed.'),
  input_tokens: amount,
  output_tokens: amount,
  cost_nano_usd: amount,
  simulated: z.boolean(),
  latency_ms: number,
  finish_reason: text,
  cut_by: CutBy.nullable(),
  result_sha256: text,
  calls: z.array(CallReport),
  history: z.array(HistoryLine),
});
export type AttemptReport = Readonly<z.infer<typeof AttemptReport>>;

export const TaskReport = z.object({
  id: z.string(),
  status: z.enum(TASK_STATUSES),
  task: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('The task as the queue has it; null when it is no longer there.'),
  digest: text,
  edited: z.boolean().describe('It was edited after its end, and runs again as new work.'),
  waits_for: z.array(z.string()),
  dependants: z.array(z.string()).describe('Tasks that wait for it directly.'),
  round: z.int(),
  attempt: z.int(),
  charged_nano_usd: z.int().describe('Settled and unknown charges of real calls, all rounds together.'),
  simulated_charged_nano_usd: z.int().describe('The same of simulated calls.'),
  result: text.describe('Path, within the home, of the file that holds the output, among others.'),
  unreadable_lines: z.int().nonnegative().describe('Lines of the three logs that could not be read.'),
  rounds: z.array(
    z.object({
      round: z.int(),
      attempts: z.array(AttemptReport),
      history: z
        .array(HistoryLine)
        .describe('What happened outside of its attempts: opened again, skipped, cancelled.'),
    }),
  ),
});
export type TaskReport = Readonly<z.infer<typeof TaskReport>>;
