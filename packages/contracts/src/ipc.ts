/** Messages between a parent and the processes it forks. Parsed on arrival on both sides: another process is another world. */
import { z } from 'zod';
import { RemedyField } from './grind.ts';

/** Service processes (grind, simulator, panel) say once that they are up, or why not. */
export const ServiceMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.string(), pid: z.int() }),
  /** `remedy`: whether the same may work in a moment. */
  z.object({
    kind: z.literal('failed'),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    remedy: RemedyField.optional(),
  }),
]);
export type ServiceMessage = Readonly<z.infer<typeof ServiceMessage>>;

/** Worker → orchestrator. What became of tasks is not in here: that is in the record. */
export const WorkerMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), worker_id: z.string(), pid: z.int() }),
  /** What the worker is doing; sent when it changes. */
  z.object({
    kind: z.literal('state'),
    state: z.enum(['working', 'waiting', 'drained', 'held', 'no_grind']),
    detail: z.string().optional(),
  }),
  /** Something only the operator can mend, or that ends this worker. */
  z.object({
    kind: z.literal('fault'),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    remedy: RemedyField,
  }),
  z.object({ kind: z.literal('bye'), reason: z.string() }),
]);
export type WorkerMessage = Readonly<z.infer<typeof WorkerMessage>>;

/** Orchestrator → worker. `drain`: no new claims, finish what runs, leave. `stop`: give back what runs and leave now. */
export const OrchestratorMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('drain') }),
  z.object({ kind: z.literal('stop') }),
]);
export type OrchestratorMessage = Readonly<z.infer<typeof OrchestratorMessage>>;
