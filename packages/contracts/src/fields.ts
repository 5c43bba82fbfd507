/** Fields that more than one schema shares, each with its meaning: docs/logs.md is generated from these words. */
import { z } from 'zod';

/**
 * Seconds with 0, 3 or 6 decimals; `Z`, an offset, or no zone at all. The seed wrote naive local time and UTC side by side; all of
 * it must parse. New lines are written in UTC with `Z` and milliseconds.
 */
export const Timestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?$/, 'not an ISO 8601 date and time')
  .describe(
    'When, as ISO 8601. UTC with Z and milliseconds; lines of the seed may carry microseconds or no zone.',
  );

export const NanoUsdField = z.int().describe('US dollars in units of 1e-9, exact.');
export const UsdField = z
  .number()
  .describe('The same amount in dollars, as the seed wrote it. For reading; sums use the integer.');
export const Tokens = z.int().nonnegative();
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hex');

/** Ids that join the lines of all logs. Optional because lines of the seed lack them; every new line has those that apply. */
export const joinFields = {
  event_id: z
    .string()
    .optional()
    .describe('Unique id of this line. A line written twice after a torn write has the same id.'),
  home: z.string().optional().describe('Id of the home this line belongs to.'),
  run_id: z
    .string()
    .optional()
    .describe('Run that caused it: one `orchestrator start`, or the session of a grind for direct requests.'),
  task_id: z.string().optional().describe('Task it is about.'),
  round: z
    .int()
    .positive()
    .optional()
    .describe('Round of the task: 1, and one more whenever the task is reopened or edited after its end.'),
  attempt: z.int().nonnegative().optional().describe('Attempt within the round; 0 before the first claim.'),
  task_digest: z.string().optional().describe('Digest of what the task asks of the model.'),
  worker_id: z.string().optional().describe('Worker that did it.'),
  request_id: z.string().optional().describe('Request to grind it belongs to.'),
  provider: z.string().optional().describe('Who answered: groq or simulator.'),
  simulated: z.boolean().optional().describe('True when no real model was asked and no real money moved.'),
} as const;

/** What ended an answer before the model was done (`finish_reason` is `length`). */
export const CutBy = z
  .enum(['max_tokens', 'model', 'budget', 'rate_limit'])
  .describe(
    'Why the answer was cut: at the max_tokens asked for, at the most the model gives, at what its budget could buy, or at what the provider takes of a request at its rate limits.',
  );
export type CutBy = z.infer<typeof CutBy>;
