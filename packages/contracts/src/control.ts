/** HALT and PAUSE: files in the home whose presence counts. What stands in them is for people; unreadable content still counts. */
import { z } from 'zod';
import { Timestamp } from './fields.ts';

export const HaltFile = z.object({
  halted: z.literal(true),
  timestamp: Timestamp,
  reason: z.string(),
  actor: z.string().optional(),
});
export const PauseFile = z.object({
  paused: z.literal(true),
  timestamp: Timestamp,
  reason: z.string(),
  actor: z.string().optional(),
});

/** HALT goes before PAUSE. `halted` is also the answer when the state cannot be read. */
export type ControlState =
  | { readonly kind: 'running' }
  | {
      readonly kind: 'paused';
      readonly reason: string;
      readonly actor: string | undefined;
      readonly since: string | undefined;
    }
  | {
      readonly kind: 'halted';
      readonly reason: string;
      readonly actor: string | undefined;
      readonly since: string | undefined;
    };

export const CONTROL_VERBS = ['pause', 'resume', 'halt'] as const;
export type ControlVerb = (typeof CONTROL_VERBS)[number];

/** Asked of the control state by CLI or panel. */
export interface ControlRequest {
  readonly verb: ControlVerb;
  /** Who asks, as the record names them. */
  readonly actor: string;
  /** Needed to leave HALT (S3); a default is written for the others. */
  readonly reason: string | undefined;
}

export type ControlReceipt =
  | { readonly kind: 'changed'; readonly before: ControlState; readonly after: ControlState }
  | { readonly kind: 'unchanged'; readonly state: ControlState }
  | { readonly kind: 'needs_reason'; readonly state: ControlState };
