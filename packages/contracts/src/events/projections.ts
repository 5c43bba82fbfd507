/** The two JSON arrays of the seed. They are projections, rebuilt from the record; these schemas read the seed's own files. */
import { z } from 'zod';
import { Timestamp } from '../fields.ts';

export const PerformanceRecord = z.object({
  timestamp: Timestamp,
  session_id: z.int().describe('Session of the seed.'),
  duration_seconds: z.number().nonnegative().describe('How long it took.'),
  success: z.boolean().describe('Whether it did what it set out to do.'),
  quality_score: z.number().min(0).max(1).describe('The seed’s own mark, 0 to 1.'),
  task_description: z.string().describe('What was to be done.'),
  files_modified: z.array(z.string()).describe('Files it changed, as it said.'),
  lessons_learned: z.array(z.string()).describe('What it wrote down to remember.'),
});
export type PerformanceRecord = Readonly<z.infer<typeof PerformanceRecord>>;

export const ToolOperation = z.object({
  timestamp: Timestamp,
  session_id: z.int().describe('Session of the seed.'),
  type: z
    .enum(['verification', 'claimed', 'actual'])
    .describe('A claim, what really happened, or the comparison of both.'),
  claimed_files: z.array(z.string()).optional().describe('Files somebody said were written.'),
  verified_files: z.array(z.string()).optional().describe('Files that were found.'),
  hallucination_detected: z.boolean().optional().describe('Whether something claimed was not there.'),
  discrepancy_count: z.int().nonnegative().optional().describe('How many claims were not true.'),
  operation: z.string().optional().describe('What was done to the file.'),
  file: z.string().optional().describe('The file it is about.'),
  file_hash: z.string().nullable().optional().describe('Hash of its content.'),
  details: z.unknown().optional().describe('Anything else.'),
  source: z.string().describe('Who noted it.'),
});
export type ToolOperation = Readonly<z.infer<typeof ToolOperation>>;
