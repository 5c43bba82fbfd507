/**
 * `logs/action_log.jsonl`: what anyone would want to watch, nothing cut. `logs/action_log.log` is its readable twin.
 * Written by every process; the seed's keys and its eleven types.
 */
import { z } from 'zod';
import { joinFields, Timestamp } from '../fields.ts';

export const ACTION_TYPES = [
  'TOOL',
  'COST',
  'SOCIAL',
  'IDENTITY',
  'SAFETY',
  'BUDGET',
  'TEST',
  'JOURNAL',
  'ERROR',
  'SYSTEM',
  'API',
] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

export const ActionLogLine = z.object({
  timestamp: Timestamp,
  actor: z.string().describe('Worker id, grind, orchestrator, operator, or SYSTEM.'),
  action_type: z.enum(ACTION_TYPES).describe('The subject it belongs to, in the words of the seed.'),
  action: z.string().describe('What was done, one word or a model name.'),
  detail: z.string().describe('The whole detail; only the readable twin shortens it.'),
  session_id: z
    .union([z.int(), z.string()])
    .nullable()
    .default(null)
    .describe('Session of the seed; null in new lines.'),
  metadata: z
    .record(z.string(), z.unknown())
    .nullable()
    .default(null)
    .describe('Anything else worth keeping, by name.'),
  event: z.string().optional().describe('What happened, as subject.past-verb, for programs.'),
  ...joinFields,
  cost_nano_usd: z.int().optional().describe('What it cost, in units of 1e-9 US dollars.'),
});
export type ActionLogLine = Readonly<z.infer<typeof ActionLogLine>>;
/** What a writer gives; `home` adds timestamp, event_id and the id of the home. */
export type Action = Omit<ActionLogLine, 'timestamp' | 'event_id' | 'home' | 'session_id' | 'metadata'> & {
  readonly metadata?: Readonly<Record<string, unknown>>;
};
