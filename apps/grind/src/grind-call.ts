/**
 * One request from receipt to answer, in the order in which it is dealt with. Owns the order alone: calls under way are in under-way.ts.
 *
 * - S1: home, control state and run, recorded replies, gate, money, provider; nothing reaches the next without passing the one before.
 * - M3: a reply that is recorded is handed out again, one that is on its way is shared; neither is paid twice. One that could not be recorded yet
 *   is recorded before anybody looks for it. With a key a caller that goes away does not end the call: its reply will be asked for again. One whose
 *   caller's time is over is listened to for a while (M2), and who asks again waits for it: half of its own time, then it is cut and made anew.
 * - S9: orders are read in the same step in which the call is made or tried again, by a look that is of this turn of the event loop: none is made against
 *   an order that is told to be obeyed, which is told by the same look or a later one.
 */
import {
  type BudgetStore,
  type ControlStore,
  type GrindRequest,
  type RecordedReply,
  type RecordStore,
} from '@vivarium/contracts';
import { callId, messageOf, type Clock, type IdSource } from '@vivarium/core';
import { cachedReplyOf, replayOf, type GrindAnswer } from './answer.ts';
import type { CallLines } from './call-lines.ts';
import { createCancelledRounds } from './cancelled-rounds.ts';
import { createFlights } from './flights.ts';
import type { Gate } from './gate.ts';
import { refuseUnder } from './in-force.ts';
import { recordUnwritable, tooLate } from './money-refusals.ts';
import type { Notices } from './notices.ts';
import { foreignFields, readOrder, type Caller, type Order, type OrderSettings } from './order.ts';
import type { Principal } from './principal.ts';
import { refuse, stopping, type Refusal } from './refusal.ts';
import type { Caps } from './caps.ts';
import type { ReplyCache } from './reply-cache.ts';
import type { Pacing } from './pacing.ts';
import type { Settlements } from './settlements.ts';
import type { Spend } from './spend.ts';
import { createUnderWay, subjectOf, wasCancelled, type Late } from './under-way.ts';

export interface GrindCallsDeps {
  readonly settings: OrderSettings;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly control: ControlStore;
  readonly record: RecordStore;
  readonly budget: BudgetStore;
  readonly caps: Pick<Caps, 'openRun'>;
  readonly gate: Gate;
  readonly cache: ReplyCache;
  readonly pacing: Pick<Pacing, 'close'>;
  readonly spend: Spend;
  readonly settlements: Pick<Settlements, 'flush'>;
  readonly lines: CallLines;
  readonly notices: Notices;
}

export interface GrindCalls {
  answer(request: GrindRequest, caller: Caller): Promise<GrindAnswer>;
  /** New requests are refused from now on; those under way go on. */
  close(): void;
  /**
   * Cuts the calls of one task that are in flight; answers how many there were. With a round: those up to it, and what a worker asks for it
   * afterwards is refused.
   */
  cancel(taskId: string, round?: number): number;
  /** Cuts every provider call in flight: this process leaves now. */
  stop(): void;
  /** Cuts the calls that an order to halt concerns (S3). */
  heed(): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  readonly underWay: readonly Order[];
}

export function createGrindCalls(deps: GrindCallsDeps): GrindCalls {
  const {
    settings,
    clock,
    ids,
    control,
    record,
    budget,
    caps,
    gate,
    cache,
    pacing,
    spend,
    settlements,
    lines,
    notices,
  } = deps;
  const flights = createFlights<GrindAnswer>();
  const underWay = createUnderWay(control);
  const cancelled = createCancelledRounds(clock);
  let isClosed = false;

  const answer = async (request: GrindRequest, caller: Caller): Promise<GrindAnswer> => {
    const order = readOrder(request, caller, settings);
    const state = control.read(subjectOf(order));
    const refusal =
      (isClosed ? stopping() : undefined) ??
      checkFields(request, caller.principal) ??
      checkNames(request) ??
      checkHome(order) ??
      refuseUnder(state) ??
      checkBudgets(order) ??
      checkCancelled(order) ??
      caps.openRun(order);
    if (refusal !== undefined) return refusal;

    const pay = (): Promise<GrindAnswer> =>
      underWay.run(
        order,
        async (leave) =>
          (await gate(order, state)) ??
          // While the decision was written down, orders may have been given (S9).
          leave.whyNot() ??
          fromCache(order) ??
          keepReply(order, await spend(order, leave)),
      );
    return order.key === undefined ? pay() : underKey(order, order.key, pay);
  };

  const underKey = async (
    order: Order,
    key: string,
    pay: () => Promise<GrindAnswer>,
  ): Promise<GrindAnswer> => {
    const late = underWay.lateCall(key);
    if (late !== undefined) {
      if (!isSameRequest(order, late.order.promptHash, late.order.requestedModel)) return conflict();
      await outlast(order, late);
      return anew(order, key, pay);
    }
    const known = recall(order, key);
    if (known === undefined)
      return flights.start(key, { promptHash: order.promptHash, model: order.requestedModel }, pay);
    const answer = await known;
    // Whoever began the call had less time than this caller has.
    const isOthersHaste = answer.kind === 'refusal' && answer.code === 'deadline_exceeded';
    return isOthersHaste && clock.monotonic() < order.deadlineAt ? anew(order, key, pay) : answer;
  };

  /** After waiting: orders may have been given meanwhile (S9). */
  const anew = async (order: Order, key: string, pay: () => Promise<GrindAnswer>): Promise<GrindAnswer> =>
    (isClosed ? stopping() : undefined) ??
    refuseUnder(control.read(subjectOf(order))) ??
    checkCancelled(order) ??
    underKey(order, key, pay);

  const outlast = async (order: Order, late: Late): Promise<void> => {
    const waiting = new AbortController();
    const patience = Math.max(0, order.deadlineAt - clock.monotonic()) / 2;
    await Promise.race([late.ended, clock.sleep(patience, waiting.signal)]);
    waiting.abort();
    late.cut('gone');
    await late.ended;
  };

  /** What the key stands for already: a recorded reply, or a call in flight. */
  const recall = (order: Order, key: string): GrindAnswer | Promise<GrindAnswer> | undefined => {
    const isWritten = settlements.flush();
    const recorded = findReply(order, key);
    if (recorded !== undefined && 'kind' in recorded) return recorded;
    if (recorded !== undefined) {
      const isSame = isSameRequest(order, recorded.prompt_hash, recorded.requested_model);
      return isSame ? replay(order, recorded) : conflict();
    }
    const flight = flights.find(key);
    // What is not written may be the reply to this very request.
    if (flight === undefined) return isWritten ? undefined : recordUnwritable();
    return isSameRequest(order, flight.promptHash, flight.model) ? share(order, flight.answer) : conflict();
  };

  /** A key that is known but cannot be looked up is nobody's licence to pay again (M3). */
  const findReply = (order: Order, key: string): RecordedReply | Refusal | undefined => {
    try {
      return budget.money.replyFor(settings.simulated, key);
    } catch (error) {
      notices.trouble(order, 'record_unreadable', messageOf(error));
      return refuse('internal', 'The reply was paid for and recorded, but the record cannot be read now.');
    }
  };

  const replay = (order: Order, recorded: RecordedReply): GrindAnswer => {
    const name = recorded.result_sha256;
    const text = name === undefined ? undefined : record.getResult(name);
    if (name === undefined || text === undefined) {
      const message =
        'The reply was paid for and recorded, but its text is gone from logs/results. It is not paid for again under this key.';
      notices.trouble(order, 'record_unreadable', message);
      return refuse('internal', message);
    }
    try {
      budget.write(lines.replayed(order, recorded, name));
    } catch (error) {
      notices.trouble(order, 'record_unwritable', messageOf(error));
      return refuse('record_unwritable', 'The record cannot be written.');
    }
    return { kind: 'reply', reply: replayOf(order, recorded, text, name) };
  };

  /** Nothing where it is off, where the text is gone, or where the line cannot be written: then the call is made. */
  const fromCache = (order: Order): GrindAnswer | undefined => {
    const found = cache.find(order);
    const text = found === undefined ? undefined : record.getResult(found.result_sha256);
    if (found === undefined || text === undefined) return undefined;
    const id = callId(ids.next('call'));
    try {
      budget.write(lines.cached(order, found, id));
    } catch (error) {
      notices.trouble(order, 'record_unwritable', messageOf(error));
      return undefined;
    }
    notices.cached(order, found);
    return { kind: 'reply', reply: cachedReplyOf(order, found, text, id) };
  };
  const keepReply = (order: Order, answer: GrindAnswer): GrindAnswer => {
    if (answer.kind === 'reply') cache.keep(order, answer.reply);
    return answer;
  };

  /** Waits for another's call as long as this caller wants to wait. What that call was charged is told to the one who began it. */
  const share = async (order: Order, shared: Promise<GrindAnswer>): Promise<GrindAnswer> => {
    const waiting = new AbortController();
    const other = await Promise.race([
      shared,
      clock.sleep(Math.max(0, order.deadlineAt - clock.monotonic()), waiting.signal).then(tooLate),
    ]).finally(() => waiting.abort());
    if (other.kind === 'refusal') {
      const { charged: _told, ...details } = other.details;
      return { ...other, details };
    }
    return { kind: 'reply', reply: { ...other.reply, request_id: order.caller.requestId, replayed: true } };
  };

  return {
    answer,
    close() {
      isClosed = true;
      pacing.close();
      underWay.close();
    },
    cancel(taskId, round) {
      if (round !== undefined) cancelled.add(taskId, round);
      return underWay.cut(
        'cancelled',
        (order) => order.taskId === taskId && (round === undefined || (order.joins.round ?? round) <= round),
      );
    },
    stop: () => void underWay.cut('stopping', () => true),
    heed: () => underWay.heed(),
    idle: () => underWay.idle(),
    get underWay() {
      return underWay.orders;
    },
  };

  function checkCancelled({ taskId, joins }: Order): Refusal | undefined {
    const { round } = joins;
    if (taskId === undefined || round === undefined || !cancelled.has(taskId, round)) return undefined;
    return wasCancelled();
  }

  /** What is taken out of the lines (S6) could not be found by anybody who reads them: not its sums (M1), not its reply (M3). */
  function checkNames(request: GrindRequest): Refusal | undefined {
    const bad = NAMES.filter((name) => record.holdsSecret(request[name] ?? ''));
    if (bad.length === 0) return undefined;
    const message = 'has the shape of a secret, which the record would not keep';
    return refuse('invalid_request', 'A name in the request cannot be recorded.', {
      issues: bad.map((path) => ({ path, message })),
    });
  }

  function checkHome(order: Order): Refusal | undefined {
    if (order.claimedHome === undefined || order.claimedHome === settings.home) return undefined;
    return refuse('foreign_home', 'This grind serves another home.');
  }
}

/** Of a request: what its lines are found by. */
const NAMES = ['task_id', 'idempotency_key', 'run_id', 'worker_id', 'task_digest'] as const;

function checkFields(request: GrindRequest, principal: Principal): Refusal | undefined {
  const fields = foreignFields(request, principal);
  if (fields.length === 0) return undefined;
  const message = 'speaks for a run, and a token has none';
  return refuse('invalid_request', 'A token asks for itself alone.', {
    issues: fields.map((path) => ({ path, message })),
  });
}

function checkBudgets(order: Order): Refusal | undefined {
  if (order.minBudget <= order.maxBudget) return undefined;
  const message = 'min_budget is above max_budget: the call could never start';
  return refuse('invalid_request', 'The request contradicts itself.', {
    issues: [{ path: 'min_budget', message }],
  });
}

/** A caller that leaves the model to grind means the one that was chosen then. */
const isSameRequest = (order: Order, promptHash: string | undefined, model: string | undefined): boolean =>
  promptHash === order.promptHash && (!order.namesModel || model === order.requestedModel);

const conflict = (): Refusal =>
  refuse('idempotency_conflict', 'The key was used before with another prompt or model.');
