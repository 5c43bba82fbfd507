/**
 * Everything between a request and its answer, put together for one home: reads the log of money, charges what a dead grind left open, and is ready
 * to answer. To be opened by the one grind of the home alone.
 */
import type { CircuitRules, Models } from '@vivarium/budget';
import {
  booksOf,
  createBreakerFold,
  type BooksReply,
  type BudgetStore,
  type ControlStore,
  type Health,
  type MeReply,
  type ModelProvider,
  type RecordStore,
} from '@vivarium/contracts';
import type { AlsoTold } from '@vivarium/home';
import { messageOf, type HomeId, type Machine, type Milliseconds } from '@vivarium/core';
import { createBreakers, type Breakers } from './breakers.ts';
import { createCallLines } from './call-lines.ts';
import { chargeDeadHolds } from './charge-dead-holds.ts';
import { createGate } from './gate.ts';
import { createGrindCalls, type GrindCalls } from './grind-call.ts';
import type { Limits } from './live-limits.ts';
import { createNotices, type Diagnostics } from './notices.ts';
import { createPacing, type Pacing } from './pacing.ts';
import { createCaps, directRunId, type CapsDeps } from './caps.ts';
import { describePrincipal } from './describe-principal.ts';
import type { OrderSettings } from './order.ts';
import type { Principal } from './principal.ts';
import { createRateLimits, type RateLimits } from './rate-limits.ts';
import type { ReplyCache } from './reply-cache.ts';
import { createSettlements, type Settlements } from './settlements.ts';
import { createSpend } from './spend.ts';

export interface DeskDeps {
  readonly home: HomeId;
  readonly machine: Pick<Machine, 'clock' | 'ids'>;
  readonly record: RecordStore;
  readonly control: ControlStore;
  /** Reads the log of money. */
  readonly openBudget: (also: AlsoTold) => BudgetStore;
  readonly models: Models;
  readonly breakerRules: CircuitRules;
  readonly provider: ModelProvider;
  readonly defaultModel: string;
  readonly limits: Limits;
  /** `NO_CACHE` unless an operator asked for one. */
  readonly cache: ReplyCache;
  readonly announced: CapsDeps['announced'];
  /** For requests that give no deadline. */
  readonly defaultDeadlineMs: Milliseconds;
  readonly diagnostics: Diagnostics;
}

export interface Desk {
  readonly calls: GrindCalls;
  readonly underWay: () => Health['calls'];
  readonly breakers: Breakers;
  readonly pacing: Pick<Pacing, 'views'>;
  readonly books: () => BooksReply;
  readonly rateLimits: RateLimits;
  readonly describe: (principal: Principal) => MeReply;
  readonly onTrouble: (detail: string) => void;
  readonly settlements: Settlements;
}

/** Throws `record_unwritable` when what a dead grind left cannot be charged: then nothing may be spent. */
export function openDesk(deps: DeskDeps): Desk {
  const { home, record, control, provider, defaultModel, defaultDeadlineMs, diagnostics } = deps;
  const { clock, ids } = deps.machine;
  // The only writer of these two: neither may be left with an end that the next line would change, or found unwritable by the first request.
  record.mend('safetyAudit');
  const earlier = createBreakerFold();
  const budget = deps.openBudget({ apply: (line) => earlier.apply(line), keep: () => earlier.open() });
  const lines = createCallLines({ clock, ids });
  const notices = createNotices(record, diagnostics);
  chargeDeadHolds(budget, lines, notices);

  const settlements = createSettlements({
    budget,
    record,
    clock,
    onKept: (error) =>
      notices.trouble(undefined, 'record_unwritable', `a call could not be settled yet: ${messageOf(error)}`),
    onRefused: (why) => notices.trouble(undefined, 'internal', why),
  });
  const settings: OrderSettings = {
    home,
    directRunId: (principal) => directRunId(clock, principal),
    defaultModel,
    defaultDeadlineMs,
    provider: provider.name,
    simulated: provider.simulated,
  };
  const gate = createGate({ clock, ids, record, writeAudit: (line) => budget.write(line), lines, notices });
  const breakers = createBreakers({
    rules: deps.breakerRules,
    provider,
    home,
    clock,
    ids,
    record,
    write: (line) => budget.write(line),
    onUnwritable: (error) => notices.trouble(undefined, 'record_unwritable', messageOf(error)),
    earlier: earlier.open(),
  });
  const caps = createCaps({
    budget,
    lines,
    announced: deps.announced,
    limits: deps.limits,
    simulated: provider.simulated,
    onUnwritable: (order, error) => notices.trouble(order, 'record_unwritable', messageOf(error)),
  });
  const pacing = createPacing(
    clock,
    provider.tellsLimits,
    (model) => deps.models.find(model)?.requestsPerMinute,
  );
  const spend = createSpend({
    pacing,
    models: deps.models,
    breakers,
    provider,
    budget,
    caps,
    clock,
    ids,
    lines,
    settlements,
    notices,
  });
  const calls = createGrindCalls({
    settings,
    clock,
    ids,
    cache: deps.cache,
    control,
    record,
    budget,
    caps,
    gate,
    pacing,
    spend,
    settlements,
    lines,
    notices,
  });
  /** What is held for a call stands in the log of money: a call that has no hold yet costs nothing yet. */
  const underWay = (): Health['calls'] => {
    const held = new Map<string | undefined, number>();
    for (const { amount, line } of budget.money.openHolds()) held.set(line.request_id, amount);
    return calls.underWay.map(({ taskId, joins }) => ({
      task_id: taskId ?? null,
      worker_id: joins.worker_id ?? null,
      held_nano_usd: held.get(joins.request_id) ?? 0,
    }));
  };
  /** The log has one writer, this process, so its end is at this moment what the sums are of. */
  const books = (): BooksReply => ({
    log_bytes: record.size('apiAudit'),
    ...booksOf(budget.money.snapshot()),
  });
  const rateLimits = createRateLimits(clock, (limited) => {
    try {
      budget.write(lines.tooMany(limited, settings));
    } catch (error) {
      notices.trouble(undefined, 'record_unwritable', messageOf(error));
    }
  });
  const describe = (principal: Principal): MeReply =>
    describePrincipal(principal, budget.money.book(provider.simulated), provider.simulated);
  const onTrouble = (detail: string): void => notices.trouble(undefined, 'config_invalid', detail);
  return { calls, settlements, underWay, breakers, pacing, books, rateLimits, describe, onTrouble };
}
