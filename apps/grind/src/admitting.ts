/**
 * Admission: what the caps leave for a call, and the hold that makes it the call's. Owns nothing: the sums are in the fold of `budget`, what is being held is in
 * `caps`, the rule is `admit`.
 *
 * - M1: between reading the sums and taking the hold nothing else of this process runs, and no other process writes: admission is one step. Its line is written
 *   with those of the same turn.
 * - S2: a call is opened only when its hold is in the record.
 */
import { admit, type Admission, type ModelInfo } from '@vivarium/budget';
import type { BudgetStore } from '@vivarium/contracts';
import {
  callId,
  messageOf,
  timestamp,
  zeroUsd,
  type Clock,
  type IdSource,
  type Milliseconds,
  type NanoUsd,
} from '@vivarium/core';
import type { CallLines } from './call-lines.ts';
import type { Call } from './call.ts';
import type { Caps } from './caps.ts';
import { recordUnwritable, refuseAdmission } from './money-refusals.ts';
import type { Note } from './note.ts';
import type { Notices } from './notices.ts';
import type { Order } from './order.ts';
import type { Refusal } from './refusal.ts';
import type { Settlements } from './settlements.ts';

export interface AdmittingDeps {
  readonly budget: Pick<BudgetStore, 'commit'>;
  readonly caps: Pick<Caps, 'over' | 'holding'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly lines: Pick<CallLines, 'exceeded' | 'held'>;
  readonly settlements: Pick<Settlements, 'flush'>;
  readonly notices: Pick<Notices, 'exceeded' | 'trouble'>;
  readonly note: Note;
}

/** What one try asks for. */
export interface Wish {
  readonly model: ModelInfo;
  /** Upper bound of the prompt's tokens. */
  readonly inputBound: number;
  /** This one included: 1 for the first. */
  readonly tries: number;
  /** Completion tokens. */
  readonly most: number;
  /** By the tries before. */
  readonly charged: NanoUsd;
}
/** `at`: the moment it was looked at. */
type Afforded = Extract<Admission, { kind: 'admitted' }> & { readonly at: string };

export interface Admitting {
  /** What the caps leave for the call at this moment, counting all that is committed, or only what is gone for good. What they leave too little for is in the record. */
  afford(order: Order, wish: Wish, counting: 'committed' | 'gone'): Afforded | Refusal;
  /** Admission and hold, in one step that nothing can get between. Resolves when the hold is in the record: in the meantime orders may have been given (S9). */
  open(
    order: Order,
    wish: Wish,
    waitedMs: Milliseconds,
  ): Promise<{ readonly kind: 'opened'; readonly call: Call } | Refusal>;
}

export function createAdmitting(deps: AdmittingDeps): Admitting {
  const { budget, caps, clock, ids, lines, settlements, notices, note } = deps;
  const afford: Admitting['afford'] = (order, wish, counting) => {
    if (!settlements.flush()) return recordUnwritable();
    const { model, inputBound, tries, most, charged } = wish;
    const at = timestamp(clock);
    const limits = caps.over(order, at, charged);
    if ('kind' in limits) return limits;
    const admission = admit({
      model,
      inputBound,
      wantedCompletionTokens: most,
      // A floor for starting; what has started may use what it has left.
      minBudget: tries === 1 ? order.minBudget : zeroUsd,
      caps: limits.map((limit) => ({ name: limit.name, cap: limit.cap, committed: limit[counting] })),
    });
    if (admission.kind !== 'admitted') {
      if (admission.kind === 'deferred') {
        note(order, lines.exceeded(order, admission.cap, admission.remaining, admission.requested));
        notices.exceeded(order, admission.cap, admission.requested, admission.remaining);
      }
      return refuseAdmission(admission, at);
    }
    return { ...admission, at };
  };

  const open: Admitting['open'] = async (order, wish, waitedMs) => {
    const { model } = wish;
    const afforded = afford(order, wish, 'committed');
    if (afforded.kind === 'refusal') return afforded;
    const call: Call = {
      id: callId(ids.next('call')),
      model: model.id,
      hold: afforded.hold,
      inputTokenBound: wish.inputBound,
      maxCompletionTokens: afforded.maxCompletionTokens,
      mostOfModel: model.maxCompletionTokens,
      isSmaller: wish.most < order.wantedCompletionTokens,
      waitedMs: Math.round(waitedMs),
      heldAt: afforded.at,
    };
    const heldNow = caps.holding(order, call.heldAt, call.hold);
    try {
      await budget.commit(lines.held(order, call), (fold) => {
        heldNow();
        fold();
      });
      return { kind: 'opened', call };
    } catch (error) {
      heldNow();
      notices.trouble(order, 'record_unwritable', messageOf(error));
      return recordUnwritable();
    }
  };

  return { afford, open };
}
