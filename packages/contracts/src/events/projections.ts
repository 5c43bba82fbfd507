/** The two JSON arrays of the seed. They are projections, rebuilt from the record; these schemas read the seed's own files. */
import { z } from 'zod';
import { Timestamp } from '../fields.ts';

export const PerformanceRecord = z.object({
  timestamp: Timestamp,
  session_id: z.int(),
  duration_seconds: z.number().nonnegative(),
  success: z.boolean(),
  quality_score: z.number().min(0).max(1),
  task_description: z.string(),
  files_modified: z.array(z.string()),
  lessons_learned: z.array(z.string()),
});
export type PerformanceRecord = Readonly<z.infer<typeof PerformanceRecord>>;

export const ToolOperation = z.object({
  timestamp: Timestamp,
  session_id: z.int(),
  type: z.enum(['verification', 'claimed', 'actual']),
  claimed_files: z.array(z.string()).optional(),
  verified_files: z.array(z.string()).optional(),
  hallucination_detected: z.boolean().optional(),
  discrepancy_count: z.int().nonnegative().optional(),
  operation: z.string().optional(),
  file: z.string().optional(),
  file_hash: z.string().nullable().optional(),
  details: z.unknown().optional(),
  source: z.string(),
});
export type ToolOperation = Readonly<z.infer<typeof ToolOperation>>;
