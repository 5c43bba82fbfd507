/** A task as `queue.json` holds it: keys and order of the seed, then ours. People edit this file by hand. */
import { whyNotTaskId } from '@vivarium/core';
import { z } from 'zod';
import { Timestamp } from './fields.ts';
import { secretsIn } from './redact.ts';

export const INTENSITIES = ['low', 'medium', 'high'] as const;
export const TASK_DEFAULTS = {
  min_budget: 0.05,
  max_budget: 0.1,
  intensity: 'medium',
  type: 'grind',
} as const;

export const DEFAULT_ATTEMPTS = 4;

/** As `whyNotTaskId`; and the record holds no secret (S6), so what is shaped like one cannot name anything in it. */
export function whyNotRecordableId(text: string): string | undefined {
  const [kind] = secretsIn(text);
  return whyNotTaskId(text) ?? (kind && `it has the shape of ${kind}, which the record would not keep`);
}

const TaskIdField = z.string().superRefine((text, context) => {
  const why = whyNotRecordableId(text);
  if (why !== undefined) context.addIssue({ code: 'custom', message: `not a task id: ${why}` });
});

/** Where an imported task came from, so that a result can be traced to a line of a file. */
export const TaskSource = z.strictObject({
  file: z.string(),
  index: z.int().nonnegative(),
  line: z.int().positive().optional(),
});
export type TaskSource = z.infer<typeof TaskSource>;

const TaskFields = z.object({
  id: TaskIdField,
  type: z.string().min(1).default(TASK_DEFAULTS.type),
  prompt: z.string().refine((text) => text.trim() !== '', 'the prompt is empty'),
  min_budget: z
    .number()
    .positive()
    .default(TASK_DEFAULTS.min_budget)
    .describe('US dollars that must be free in every cap before the task starts.'),
  max_budget: z
    .number()
    .positive()
    .default(TASK_DEFAULTS.max_budget)
    .describe('US dollars the task may cost at most, all attempts together.'),
  intensity: z.enum(INTENSITIES).default(TASK_DEFAULTS.intensity),
  status: z
    .literal('pending')
    .optional()
    .describe('Written by the seed, read by nobody: the state of a task is in the record.'),
  depends_on: z.array(z.string()).default([]),
  parallel_safe: z.boolean().default(true),
  model: z.string().nullable().default(null).describe('One of the whitelist; null means the default model.'),
  requested_model: z
    .string()
    .optional()
    .describe('What an imported file asked for, when it was mapped to another model.'),
  max_tokens: z.int().min(1).max(65_536).optional(),
  temperature: z.number().min(0).max(2).optional(),
  priority: z
    .int()
    .min(-100)
    .max(100)
    .optional()
    .describe(
      'Of tasks that could be claimed, the highest goes first; among equals the order of the queue. Default 0.',
    ),
  not_before: Timestamp.optional().describe('Not claimed before this time.'),
  timeout_seconds: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe('Most seconds that one attempt may take. Default: WORKER_TIMEOUT_SECONDS.'),
  attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(`Attempts that may end in a fault before the task is failed. Default ${DEFAULT_ATTEMPTS}.`),
  source: TaskSource.optional(),
});

/** Files of the seed spell the prompt `task`, `instruction` or `description`. */
function withPrompt(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entry: Record<string, unknown> = { ...value };
  entry['prompt'] ??= entry['task'] ?? entry['instruction'] ?? entry['description'];
  return entry;
}

export const Task = z.preprocess(
  withPrompt,
  TaskFields.refine((task) => task.max_budget >= task.min_budget, {
    message: 'max_budget is below min_budget',
    path: ['max_budget'],
  }),
);
export type Task = Readonly<z.infer<typeof TaskFields>>;
/** What a caller must give; the rest has defaults. */
export type NewTask = Readonly<z.input<typeof TaskFields>>;

/** `queue.json`. Unknown keys beside these are kept as they are when the file is rewritten. */
export const QueueFile = z.object({
  version: z.string().default('1.0'),
  api_endpoint: z
    .string()
    .optional()
    .describe('Written by the seed. The address in use is SWARM_API_URL or run/grind.json, never this.'),
  tasks: z.array(Task),
});
export type QueueFile = Readonly<z.infer<typeof QueueFile>>;

export const EMPTY_QUEUE = { version: '1.0', api_endpoint: 'http://127.0.0.1:8420', tasks: [] } as const;
