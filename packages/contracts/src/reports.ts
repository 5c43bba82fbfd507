/** What `--json` of the reading commands prints: contracts, as binding as the HTTP bodies. */
import { z } from 'zod';
import { TASK_STATUSES } from './folds/status.ts';

const Count = z.int().nonnegative();

export const StatusReport = z.object({
  home: z.string(),
  total: Count,
  completed: Count,
  failed: Count,
  refused: Count,
  skipped: Count,
  cancelled: Count,
  queued: Count,
  blocked: Count,
  deferred: Count,
  in_progress: Count,
  retrying: Count,
  cost_nano_usd: z
    .int()
    .nonnegative()
    .describe('Settled and unknown charges of real calls, from api_audit.log.'),
  simulated_cost_nano_usd: z
    .int()
    .nonnegative()
    .describe('The same of simulated calls. Never added to the real figure.'),
  held_nano_usd: z.int().nonnegative(),
  simulated_held_nano_usd: z.int().nonnegative(),
  unknown_nano_usd: z
    .int()
    .nonnegative()
    .describe('Part of cost_nano_usd that was charged at worst case because the usage never became known.'),
  simulated_unknown_nano_usd: z.int().nonnegative(),
  control: z.enum(['running', 'paused', 'halted']),
  control_reason: z.string().nullable(),
  runs: z
    .array(z.object({ run_id: z.string(), pid: z.int(), workers: z.int() }))
    .describe('Orchestrators at work on this home now.'),
  grind: z.object({ url: z.string(), provider: z.string(), simulated: z.boolean() }).nullable(),
  unreadable_lines: Count.describe('Lines of the record that could not be read and were skipped.'),
  tasks: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      status: z.enum(TASK_STATUSES),
      round: z.int(),
      attempt: z.int(),
      worker_id: z.string().nullable(),
      model: z.string().nullable(),
      cost_nano_usd: z.int(),
      simulated: z.boolean(),
      waits_for: z.array(z.string()),
      reason: z.string().nullable(),
      result: z.string().nullable().describe('Path of the output within the home.'),
    }),
  ),
});
export type StatusReport = Readonly<z.infer<typeof StatusReport>>;
