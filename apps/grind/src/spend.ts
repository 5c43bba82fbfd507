/**
 * Paying for an answer: admission, hold, provider, settlement; and once more when the fault may pass. Owns nothing: money is in the fold of
 * `budget`, what could not be written yet is in `settlements`.
 *
 * - M1: between reading the sums and writing the hold nothing else of this process runs, and no other process writes: admission is one step.
 * - S1, S2: the provider is asked only after the hold is in the record.
 * - M2: each try has its own hold and its own end: what it cost, nothing, or all of it when nobody can know.
 * - M4: each try leaves two lines, with requested and billed model, tokens, cost, latency and provider.
 */
import {
  admit,
  costOf,
  inputTokenBound,
  type Admission,
  type ModelInfo,
  type Models,
} from '@vivarium/budget';
import {
  sha256,
  type ApiAuditLine,
  type BudgetStore,
  type Completion,
  type ModelProvider,
  type ProviderFault,
} from '@vivarium/contracts';
import {
  addUsd,
  callId,
  messageOf,
  runId,
  timestamp,
  zeroUsd,
  type Clock,
  type IdSource,
  type Milliseconds,
  type NanoUsd,
} from '@vivarium/core';
import { replyOf, type GrindAnswer } from './answer.ts';
import type { Breakers } from './breakers.ts';
import { brokenPromises } from './broken-promises.ts';
import { endOf, NOTHING_TAKEN, pacedEnd } from './call-ends.ts';
import type { CallLines } from './call-lines.ts';
import type { Caps } from './caps.ts';
import type { Call } from './call.ts';
import {
  recordUnwritable,
  refuseAdmission,
  refuseFault,
  tooLate,
  unknownModel,
  unsettled,
} from './money-refusals.ts';
import type { Notices } from './notices.ts';
import type { Order } from './order.ts';
import type { NoTurn, Pacing } from './pacing.ts';
import { refuse, stopping, type Refusal } from './refusal.ts';
import { planRetry } from './retry-plan.ts';
import type { Settled, Settlements } from './settlements.ts';
import { sharesPassed } from './shares-passed.ts';

export interface SpendDeps {
  readonly models: Models;
  readonly breakers: Pick<Breakers, 'begin' | 'ended'>;
  readonly provider: ModelProvider;
  readonly budget: BudgetStore;
  readonly caps: Pick<Caps, 'over' | 'spent'>;
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

/** What one try asks for. */
interface Wish {
  readonly tries: number;
  /** Completion tokens. */
  readonly most: number;
  /** By the tries before. */
  readonly charged: NanoUsd;
}
/** `at`: the moment it was looked at. */
type Afforded = Extract<Admission, { kind: 'admitted' }> & { readonly at: string };

export type Spend = (order: Order, leave: Leave) => Promise<GrindAnswer>;

/** Longest one try may take, whatever the deadline: the longest answer of the slowest model takes two minutes. */
export const LONGEST_TRY_MS: Milliseconds = 150_000;

/** How long the provider is listened to after the caller has gone. */
export const LATE_MS: Milliseconds = 30_000;

export function createSpend(deps: SpendDeps): Spend {
  const { models, breakers, pacing, provider, budget, caps, clock, ids, lines, settlements, notices } = deps;

  return async (order, leave) => {
    const model = models.find(order.requestedModel);
    if (model === undefined) return unknownModel(order.requestedModel);
    const inputBound = inputTokenBound(order.prompt);
    let charged = zeroUsd;
    /** Less when the provider finds the request too large. */
    let most = order.wantedCompletionTokens;

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
        signal: leave.signal,
      };
      const wish: Wish = { tries, most, charged };
      // Nobody waits for a turn that it could not pay for. What is held now may be free by then.
      const poor = pacing.hasRoom(asking) ? undefined : afford(order, model, inputBound, wish, 'gone');
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

      const opened = open(order, model, inputBound, wish, turn.waitedMs);
      if (opened.kind === 'refusal') {
        breakers.ended(model.id, begun.turn, { kind: 'neither', cost: zeroUsd });
        return passing(opened);
      }
      const { call } = opened;
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
          asked.then((late) => {
            breakers.ended(model.id, begun.turn, endOf(late, call, models));
            settleLate(order, call, late);
          }),
        );
        const total = addUsd(charged, call.hold);
        return withCharge(
          close(order, call, lines.tooLate(order, call)) === 'kept' ? recordUnwritable() : tooLate(),
          total,
        );
      }
      breakers.ended(model.id, begun.turn, endOf(outcome, call, models));
      if (outcome.kind === 'completed') return settle(order, call, outcome, charged);

      const before = charged;
      charged = addUsd(before, outcome.billing === 'none' ? zeroUsd : call.hold);
      const ended = end(order, call, outcome);
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

  /** What the provider says of a call that is charged as unknown by now. What it leaves unsaid stays charged. */
  function settleLate(order: Order, call: Call, late: Completion | ProviderFault): void {
    if (late.kind === 'completed') settle(order, call, late, zeroUsd, true);
    else if (late.billing === 'none') close(order, call, lines.failure(order, call, late, true));
  }

  /** What the caps leave for the call at this moment. What they leave too little for is in the record. */
  function afford(
    order: Order,
    model: ModelInfo,
    inputBound: number,
    wish: Wish,
    counting: 'committed' | 'gone',
  ): Afforded | Refusal {
    if (!settlements.flush()) return recordUnwritable();
    const { tries, most, charged } = wish;
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
  }

  /** Admission and hold, in one step that nothing can get between. */
  function open(
    order: Order,
    model: ModelInfo,
    inputBound: number,
    wish: Wish,
    waitedMs: Milliseconds,
  ): { readonly kind: 'opened'; readonly call: Call } | Refusal {
    const afforded = afford(order, model, inputBound, wish, 'committed');
    if (afforded.kind === 'refusal') return afforded;
    const call: Call = {
      id: callId(ids.next('call')),
      model: model.id,
      hold: afforded.hold,
      inputTokenBound: inputBound,
      maxCompletionTokens: afforded.maxCompletionTokens,
      mostOfModel: model.maxCompletionTokens,
      isSmaller: wish.most < order.wantedCompletionTokens,
      waitedMs: Math.round(waitedMs),
      heldAt: afforded.at,
    };
    return note(order, lines.held(order, call)) ? { kind: 'opened', call } : recordUnwritable();
  }

  /** A call that brought nothing: what it may have cost stays charged. */
  function end(order: Order, call: Call, fault: ProviderFault): Settled {
    const line =
      fault.billing === 'none'
        ? lines.failure(order, call, fault)
        : lines.usageUnknown(order, call, fault.message, fault.code);
    return close(order, call, line);
  }

  /** Writes what became of the call, and says when a share of a cap was passed by it. */
  function close(order: Order, call: Call, line: ApiAuditLine, text?: string): Settled {
    const before = caps.spent(order, call.heldAt);
    const settled = settlements.settle({
      text,
      line,
      chargeInFull: (why) => lines.usageUnknown(order, call, why, 'internal'),
    });
    for (const [index, now] of caps.spent(order, call.heldAt).entries())
      for (const share of sharesPassed(before[index]?.spent ?? zeroUsd, now.spent, now.cap))
        notices.spent(order, now, share);
    return settled;
  }

  function settle(
    order: Order,
    call: Call,
    completion: Completion,
    charged: NanoUsd,
    late?: true,
  ): GrindAnswer {
    const price = models.find(completion.model)?.price;
    if (price === undefined) {
      const error = 'the provider billed a model that has no price here';
      notices.trouble(order, 'provider_malformed', error);
      if (late === true) return tooLate();
      const settled = close(order, call, lines.usageUnknown(order, call, error, 'provider_malformed'));
      return withCharge(
        settled === 'written' ? refuse('provider_failed', `Not usable: ${error}.`) : recordUnwritable(),
        addUsd(charged, call.hold),
      );
    }
    const { inputTokens, outputTokens, cachedTokens = 0 } = completion;
    const cost = costOf(price, inputTokens, outputTokens, Math.min(cachedTokens, inputTokens));
    for (const broken of brokenPromises(call, completion, cost, provider.simulated))
      notices.trouble(order, 'internal', broken);

    const resultSha256 = sha256(completion.text);
    const total = addUsd(charged, cost);
    const line = lines.success(order, call, completion, cost, resultSha256, late);
    const settled = close(order, call, line, completion.text);
    if (settled === 'kept') return withCharge(recordUnwritable(), total);
    if (settled === 'refused') return withCharge(unsettled(), addUsd(charged, call.hold));
    notices.answered(order, completion, cost, call.id);
    return { kind: 'reply', reply: replyOf(order, call, completion, total, resultSha256) };
  }

  /** False when the line could not be written; then it counts for nothing, and whoever needed it goes no further. */
  function note(order: Order, line: Parameters<BudgetStore['write']>[0]): boolean {
    try {
      budget.write(line);
      return true;
    } catch (error) {
      notices.trouble(order, 'record_unwritable', messageOf(error));
      return false;
    }
  }
}

const withCharge = (refusal: Refusal, charged: NanoUsd): Refusal =>
  charged === zeroUsd ? refusal : { ...refusal, details: { ...refusal.details, charged } };
