/**
 * What an operator may order, and what follows from the orders that stand. HALT and PAUSE are the seed's files in the home, whose presence counts; the others are
 * files in `control/`. What stands in them is for people; unreadable content still counts.
 */
import { z } from 'zod';
import { Timestamp } from './fields.ts';

const words = {
  timestamp: Timestamp,
  reason: z.string(),
  actor: z.string().optional(),
  order: z.string().optional(),
};
export const HaltFile = z.object({ halted: z.literal(true), ...words });
export const PauseFile = z.object({ paused: z.literal(true), ...words });

/** What holds, the strictest last: each forbids what the one before forbids. */
export const CONTROL_KINDS = ['running', 'hold', 'paused', 'draining', 'halted'] as const;
export type ControlKind = (typeof CONTROL_KINDS)[number];
export type StoppedKind = Exclude<ControlKind, 'running'>;
/** The strictest last. */
export const STOPPED_KINDS = CONTROL_KINDS.filter((kind): kind is StoppedKind => kind !== 'running');

export type ControlScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'worker'; readonly id: string }
  | { readonly kind: 'task'; readonly id: string };
export const EVERYTHING: ControlScope = { kind: 'all' };

/** An order that stands. */
export interface ControlOrder {
  readonly kind: StoppedKind;
  readonly scope: ControlScope;
  readonly reason: string;
  readonly actor: string | undefined;
  readonly since: string | undefined;
  /** Tells it from every other order, also of the same kind: processes say by it what they obey. */
  readonly order: string;
}

/** `halted` is also the answer when the state cannot be read. */
export type ControlState = { readonly kind: 'running' } | ControlOrder;
export type Stopped = ControlOrder;

/** Who asks whether it may go on. */
export interface ControlSubject {
  readonly workerId?: string | undefined;
  readonly taskId?: string | undefined;
}

const RUNNING: ControlState = { kind: 'running' };

/** What holds for a subject: the strictest of the orders that concern it. Of a subject that names nobody, those for everything. */
export function strictest(orders: readonly ControlOrder[], subject: ControlSubject = {}): ControlState {
  let state: ControlState = RUNNING;
  for (const order of orders)
    if (concerns(order.scope, subject) && strictness(order.kind) > strictness(state.kind)) state = order;
  return state;
}

/** Higher forbids more. */
export const strictness = (kind: ControlKind): number => CONTROL_KINDS.indexOf(kind);

function concerns(scope: ControlScope, { workerId, taskId }: ControlSubject): boolean {
  switch (scope.kind) {
    case 'all':
      return true;
    case 'worker':
      return scope.id === workerId;
    case 'task':
      return scope.id === taskId;
  }
}

/** An order in a word, by which processes say that they obey it. */
export const orderOf = ({ kind, order }: Pick<ControlOrder, 'kind' | 'order'>): string => `${kind} ${order}`;

/** Whether somebody who obeys these orders has taken notice of what was changed. */
export const hasHeard = (
  obeyed: readonly string[],
  { before, after }: Extract<ControlReceipt, { kind: 'changed' }>,
): boolean =>
  after.kind !== 'running'
    ? obeyed.includes(orderOf(after))
    : before.kind === 'running' || !obeyed.includes(orderOf(before));

export const CONTROL_VERBS = ['hold', 'pause', 'drain', 'halt', 'resume', 'clear-halt'] as const;
export type ControlVerb = (typeof CONTROL_VERBS)[number];

/** What each verb brings about; nothing for those that lift. */
export const BROUGHT_ABOUT: Readonly<Record<ControlVerb, StoppedKind | undefined>> = {
  hold: 'hold',
  pause: 'paused',
  drain: 'draining',
  halt: 'halted',
  resume: undefined,
  'clear-halt': undefined,
};

/** Asked of the control state by CLI or panel. */
export interface ControlRequest {
  readonly verb: ControlVerb;
  /** Default: everything. */
  readonly scope?: ControlScope | undefined;
  /** Who asks, as the record names them. */
  readonly actor: string;
  /** Needed to leave HALT (S3); a default is written for the others. */
  readonly reason: string | undefined;
}

/** `before`, `after`, `state`: of the scope that was asked about, alone. */
export type ControlReceipt =
  | { readonly kind: 'changed'; readonly before: ControlState; readonly after: ControlState }
  | { readonly kind: 'unchanged'; readonly state: ControlState }
  /** `clear-halt` without a reason. */
  | { readonly kind: 'needs_reason'; readonly state: ControlState }
  /** `resume` while HALT is in force: only `clear-halt` leaves it. */
  | { readonly kind: 'needs_clear_halt'; readonly state: ControlState };
