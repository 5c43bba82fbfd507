/**
 * Paying for an answer: admission, hold, provider, end; and once more when the fault may pass. Owns nothing: admission and hold are in admitting.ts, ends in
 * closing.ts.
 *
 * - S1, S2: the provider is asked only after the hold is in the record.
 * - M2: each try has its own hold and its own end: what it cost, nothing, or all of it when nobody can know.
 * - M4: each try leaves two lines, with requested and billed model, tokens, cost, latency and provider.
 */
import { inputTokenBound, type Models } from '@vivarium/budget';
import type { BudgetStore, ModelProvider } from '@vivarium/contracts';
import {
  addUsd,
  messageOf,
  runId,
  zeroUsd,
  type Clock,
  type IdSource,
  type Milliseconds,
} from '@vivarium/core';
import { createAdmitting, type Wish } from './admitting.ts';
import type { GrindAnswer } from './answer.ts';
import type { Breakers } from './breakers.ts';
import { endOf, NOT_MADE, NOTHING_TAKEN, pacedEnd } from './call-ends.ts';
import type { CallLines } from './call-lines.ts';
import type { Caps } from './caps.ts';
import { createClosing } from './closing.ts';
import {
  recordUnwritable,
  refuseFault,
  tooLate,
  unknownModel,
  unsettled,
  withCharge,
} from './money-refusals.ts';
import { createNote } from './note.ts';
import type { Notices } from './notices.ts';
import type { Order } from './order.ts';
import type { NoTurn, Pacing } from './pacing.ts';
import { refuse, stopping, type Refusal } from './refusal.ts';
import { planRetry } from './retry-plan.ts';
import type { Settlements } from './settlements.ts';

export interface SpendDeps {
  readonly models: Models;
  readonly breakers: Pick<Breakers, 'begin' | 'isStillGood' | 'ended'>;
  readonly provider: ModelProvider;
  readonly budget: BudgetStore;
  readonly caps: Pick<Caps, 'over' | 'holding' | 'spent'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly pacing: Pick<Pacing, 'enter' | 'hasRoom'>;
  readonly lines: CallLines;
  readonly settlements: Settlements;
  readonly notices: Notices;
}

/** How a call under way is cut, and what forbids another try. */
export interface Leave {
  readonly signal: AbortSignal;
  /** Why no call may be made now, or why this one was cut. */
  whyNot(): Refusal | undefined;
  /** What goes on after the answer, and can be cut until it has ended. */
  linger(ended: Promise<void>): void;
}

export type Spend = (order: Order, leave: Leave) => Promise<GrindAnswer>;

/** Longest one try may take, whatever the deadline: the longest answer of the slowest model takes two minutes. */
export const LONGEST_TRY_MS: Milliseconds = 150_000;

/** How long the provider is listened to after the caller has gone. */
export const LATE_MS: Milliseconds = 30_000;

export function createSpend(deps: SpendDeps): Spend {
  const { models, breakers, pacing, provider, clock, ids, lines, notices } = deps;
  const note = createNote(deps.budget, notices);
  const admitting = createAdmitting({ ...deps, note });
  const closing = createClosing({ ...deps, simulated: provider.simulated });

  return async (order, leave) => {
    const model = models.find(order.requestedModel);
    if (model === undefined) return unknownModel(order.requestedModel);
    const inputBound = inputTokenBound(order.prompt);
    let charged = zeroUsd;
    /** Less when the provider finds the request too large. */
    let most = order.wantedCompletionTokens;
    /** When it first asked for the turn that came to nothing. */
    let askedAt: Milliseconds | undefined;

    for (let tries = 1; ; tries += 1) {
      const remainingMs = timeLeft(order);
      // Before the first try the caller has just looked, in this same step.
      const hindrance =
        (tries === 1 ? undefined : leave.whyNot()) ?? (remainingMs > 0 ? undefined : tooLate());
      if (hindrance !== undefined) return withCharge(hindrance, charged);
      const asking = {
        user: order.caller.principal.user,
        model: model.id,
        need: inputBound + Math.min(most, model.maxCompletionTokens),
        patienceMs: remainingMs,
        since: askedAt,
        signal: leave.signal,
      };
      const wish: Wish = { model, inputBound, tries, most, charged };
      // Nobody waits for a turn that it could not pay for. What is held now may be free by then.
      const poor = pacing.hasRoom(asking) ? undefined : admitting.afford(order, wish, 'gone');
      if (poor?.kind === 'refusal') return withCharge(poor, charged);
      const entered = pacing.enter(asking);
      const turn = entered instanceof Promise ? await entered : entered;
      // Whoever had to wait looks again: orders may have been given meanwhile (S9), and its time be over.
      const since =
        entered === turn ? undefined : (leave.whyNot() ?? (isOver(order) ? tooLate() : undefined));
      if (turn.kind !== 'turn') return withCharge(since ?? noTurn(order, turn), charged);
      const passing = (refusal: Refusal): Refusal => {
        turn.end(NOTHING_TAKEN);
        return withCharge(refusal, charged);
      };
      if (since !== undefined) return passing(since);
      const begun = breakers.begin(model.id);
      if (begun.kind === 'refusal') return passing(begun);

      let opened: Awaited<ReturnType<typeof admitting.open>>;
      try {
        opened = await admitting.open(order, wish, turn.waitedMs);
      } catch (error) {
        // A place that is never given back would be missing until the next start.
        breakers.ended(model.id, begun.turn, { kind: 'neither', cost: zeroUsd });
        turn.end(NOTHING_TAKEN);
        throw error;
      }
      if (opened.kind === 'refusal') {
        breakers.ended(model.id, begun.turn, { kind: 'neither', cost: zeroUsd });
        return passing(opened);
      }
      const { call } = opened;
      // While the hold was written down, orders may have been given (S9), its time be over, a wait be asked for (M6), the breaker have opened.
      const forbidden = leave.whyNot() ?? (isOver(order) ? tooLate() : undefined);
      if (forbidden !== undefined || !turn.isStillGood() || !breakers.isStillGood(model.id, begun.turn)) {
        breakers.ended(model.id, begun.turn, { kind: 'neither', cost: zeroUsd });
        const ended = closing.end(order, call, NOT_MADE);
        if (ended === 'kept') return passing(recordUnwritable());
        if (ended === 'refused') return withCharge(passing(unsettled()), addUsd(charged, call.hold));
        if (forbidden !== undefined) return passing(forbidden);
        turn.end(NOTHING_TAKEN);
        // It was no try, and it keeps its place.
        askedAt = turn.since;
        tries -= 1;
        continue;
      }
      askedAt = undefined;
      const asked = provider.complete(
        {
          callId: call.id,
          runId: runId(order.runId),
          model: call.model,
          prompt: order.prompt,
          maxCompletionTokens: call.maxCompletionTokens,
          temperature: order.temperature,
          timeoutMs: Math.min(LONGEST_TRY_MS, timeLeft(order) + LATE_MS),
        },
        leave.signal,
      );
      void asked.then((outcome) => turn.end(pacedEnd(outcome)));
      const outcome = await within(asked, timeLeft(order));
      if (outcome === undefined) {
        leave.linger(
          asked
            .then((late) => {
              breakers.ended(model.id, begun.turn, endOf(late, call, models));
              return closing.settleLate(order, call, late);
            })
            // Nobody waits for it any more: what it throws would end the process. The call stays charged in full.
            .catch((error: unknown) => notices.trouble(order, 'internal', messageOf(error))),
        );
        const total = addUsd(charged, call.hold);
        return withCharge(closing.giveUp(order, call) === 'kept' ? recordUnwritable() : tooLate(), total);
      }
      breakers.ended(model.id, begun.turn, endOf(outcome, call, models));
      if (outcome.kind === 'completed') return closing.settle(order, call, outcome, charged);

      const before = charged;
      charged = addUsd(before, outcome.billing === 'none' ? zeroUsd : call.hold);
      const ended = closing.end(order, call, outcome);
      if (ended === 'kept') return withCharge(recordUnwritable(), charged);
      if (ended === 'refused') return withCharge(unsettled(), addUsd(before, call.hold));
      const plan = planRetry({
        fault: outcome,
        tries,
        asked: { inputBound, maxCompletionTokens: call.maxCompletionTokens },
        remainingMs: timeLeft(order),
        chance: parseInt(ids.hex(4), 16) / 2 ** 32,
      });
      if (plan.kind === 'give_up') {
        const why = outcome.code === 'call_aborted' ? leave.whyNot() : undefined;
        const refusal = why ?? refuseFault(outcome, plan, tries, isOver(order));
        if (why === undefined) notices.trouble(order, outcome.code, refusal.message);
        if (refusal.code === 'rate_limited') note(order, lines.rateLimited(order, plan.waitMs));
        return withCharge(refusal, charged);
      }
      if (plan.kind === 'smaller') most = plan.maxCompletionTokens;
      // What the provider asked of everybody is waited for in the queue.
      else if (outcome.code !== 'provider_rate_limited') await clock.sleep(plan.waitMs, leave.signal);
    }
  };

  function timeLeft(order: Order): Milliseconds {
    return order.deadlineAt - clock.monotonic();
  }
  function isOver(order: Order): boolean {
    return timeLeft(order) <= 0;
  }
  function noTurn(order: Order, turn: NoTurn): Refusal {
    if (turn.kind === 'left') return tooLate();
    if (turn.kind === 'closed') return stopping();
    note(order, lines.rateLimited(order, turn.waitMs));
    return refuse(
      'rate_limited',
      "Within the caller's time the provider's limits leave no room for this call.",
      {
        retryAfterMs: turn.waitMs,
      },
    );
  }

  /** Undefined when `ms` are over before. */
  async function within<T>(asked: Promise<T>, ms: Milliseconds): Promise<T | undefined> {
    if (ms >= LONGEST_TRY_MS) return asked;
    const ended = new AbortController();
    const over = clock.sleep(ms, ended.signal).then(() => undefined);
    return Promise.race([asked, over]).finally(() => ended.abort());
  }
}
