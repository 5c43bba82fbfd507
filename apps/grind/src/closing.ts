/**
 * The end of a call: what it cost, its line, and the answer it comes to. Owns nothing: what could not be written yet is in `settlements`.
 *
 * - M2: each call has one end: what it cost, nothing, or all of its hold when nobody can know. What the provider says late replaces only the last.
 * - M4: the line says the model billed, whatever was asked, and is paid by that model's price.
 */
import { costOf, type Models } from '@vivarium/budget';
import { sha256, type ApiAuditLine, type Completion, type ProviderFault } from '@vivarium/contracts';
import { addUsd, zeroUsd, type NanoUsd } from '@vivarium/core';
import { replyOf, type GrindAnswer } from './answer.ts';
import { brokenPromises } from './broken-promises.ts';
import type { CallLines } from './call-lines.ts';
import type { Call } from './call.ts';
import type { Caps } from './caps.ts';
import { recordUnwritable, tooLate, unsettled, withCharge } from './money-refusals.ts';
import type { Notices } from './notices.ts';
import type { Order } from './order.ts';
import { refuse } from './refusal.ts';
import type { Around, Settled, Settlements } from './settlements.ts';
import { sharesPassed } from './shares-passed.ts';

export interface ClosingDeps {
  readonly models: Models;
  readonly simulated: boolean;
  readonly caps: Pick<Caps, 'spent'>;
  readonly lines: CallLines;
  readonly settlements: Pick<Settlements, 'settle' | 'settleSoon'>;
  readonly notices: Notices;
}

export interface Closing {
  /** Brought nothing: what it may have cost stays charged. */
  end(order: Order, call: Call, fault: ProviderFault): Settled;
  /** Its caller waits no longer: all of it is charged until the provider says more. */
  giveUp(order: Order, call: Call): Settled;
  /** What the provider says of a call that was given up. What it leaves unsaid stays charged. */
  settleLate(order: Order, call: Call, late: Completion | ProviderFault): Promise<void>;
  /** `charged`: by the tries before. */
  settle(order: Order, call: Call, completion: Completion, charged: NanoUsd): Promise<GrindAnswer>;
}

export function createClosing({
  models,
  simulated,
  caps,
  lines,
  settlements,
  notices,
}: ClosingDeps): Closing {
  return {
    end,
    giveUp: (order, call) => close(order, call, lines.tooLate(order, call)),
    settleLate,
    settle,
  };

  /** What the provider says of a call that is charged as unknown by now. What it leaves unsaid stays charged. */
  async function settleLate(order: Order, call: Call, late: Completion | ProviderFault): Promise<void> {
    if (late.kind === 'completed') await settle(order, call, late, zeroUsd, true);
    else if (late.billing === 'none') close(order, call, lines.failure(order, call, late, true));
  }

  /** A call that brought nothing: what it may have cost stays charged. */
  function end(order: Order, call: Call, fault: ProviderFault): Settled {
    const line =
      fault.billing === 'none'
        ? lines.failure(order, call, fault)
        : lines.usageUnknown(order, call, fault.message, fault.code);
    return close(order, call, line);
  }

  /** Writes what became of the call. */
  function close(order: Order, call: Call, line: ApiAuditLine): Settled {
    const shares = sharesOf(order, call);
    const settled = settlements.settle(
      {
        text: undefined,
        line,
        chargeInFull: (why) => lines.usageUnknown(order, call, why, 'internal'),
      },
      shares.around,
    );
    shares.tell();
    return settled;
  }

  /** Says when a share of a cap was passed by what `around` made count. */
  function sharesOf(order: Order, call: Call): { readonly around: Around; readonly tell: () => void } {
    const passed: (() => void)[] = [];
    return {
      around(fold) {
        const before = caps.spent(order, call.heldAt);
        fold();
        for (const [index, now] of caps.spent(order, call.heldAt).entries())
          for (const share of sharesPassed(before[index]?.spent ?? zeroUsd, now.spent, now.cap))
            passed.push(() => notices.spent(order, now, share));
      },
      tell() {
        for (const say of passed) say();
      },
    };
  }

  async function settle(
    order: Order,
    call: Call,
    completion: Completion,
    charged: NanoUsd,
    late?: true,
  ): Promise<GrindAnswer> {
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
    for (const broken of brokenPromises(call, completion, cost, simulated))
      notices.trouble(order, 'internal', broken);

    const resultSha256 = sha256(completion.text);
    const total = addUsd(charged, cost);
    const line = lines.success(order, call, completion, cost, resultSha256, late);
    const shares = sharesOf(order, call);
    const settled = await settlements.settleSoon(
      {
        text: completion.text,
        line,
        chargeInFull: (why) => lines.usageUnknown(order, call, why, 'internal'),
      },
      shares.around,
    );
    shares.tell();
    if (settled === 'kept') return withCharge(recordUnwritable(), total);
    if (settled === 'refused') return withCharge(unsettled(), addUsd(charged, call.hold));
    notices.answered(order, completion, cost, call.id);
    return { kind: 'reply', reply: replyOf(order, call, completion, total, resultSha256) };
  }
}
