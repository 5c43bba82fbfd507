/** What `--json` of the reading commands prints: contracts, as binding as the HTTP bodies. */
import { z } from 'zod';
import { CONTROL_KINDS } from './control.ts';
import { CutBy } from './fields.ts';
import { PaceView } from './grind.ts';
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
  breakers: z
    .array(
      z.object({
        upstream: z.string(),
        model: z.string(),
        why: z.string(),
        since: z.string(),
        until: z.string().nullable().describe('When one call is let through to try it.'),
      }),
    )
    .describe('Circuit breakers that are not closed, by the record.'),
  paces: z
    .array(PaceView)
    .describe('How fast each model may be asked, as the grind that is up says; empty when none answers.'),
  control: z.enum(CONTROL_KINDS),
  control_reason: z.string().nullable(),
  orders: z
    .array(
      z.object({ kind: z.string(), scope: z.string(), reason: z.string(), actor: z.string().nullable() }),
    )
    .describe('Every order that stands, those for one worker or task included.'),
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
      error_code: z.string().nullable(),
      fingerprint: z.string().nullable().describe('Failures that are alike have the same one.'),
      finish_reason: z.string().nullable().describe('`length`: the answer was cut.'),
      cut_by: CutBy.nullable(),
      priority: z
        .int()
        .describe('Of tasks that could be claimed the highest goes first; 0 when none is set.'),
      not_before: z.string().nullable().describe('Not claimed before this time.'),
      depends_on: z.array(z.string()),
      result: z
        .string()
        .nullable()
        .describe('Path, within the home, of the file that holds the output, among others.'),
    }),
  ),
  cut_short: z.array(z.string()).describe('Completed tasks whose answer was cut at a limit.'),
  graph: z
    .object({
      waves: z.array(z.array(z.string())).describe('Topological levels: what could run at once.'),
      critical_path: z.array(z.string()).describe('The longest chain of unfinished tasks.'),
      expected_ms: z.number().nullable().describe('What it will take, by what alike tasks took.'),
    })
    .optional()
    .describe('With --graph.'),
});
export type StatusReport = Readonly<z.infer<typeof StatusReport>>;
