/**
 * The fold of api_audit.log: what is held, spent and unknown, and which replies are already paid for. Grind admits by it and every
 * screen shows it. Simulated and real money are separate books (M5); the sums of one are never added to the other.
 *
 * - M1 is stated over these sums: for every cap, `committed` (settled + unknown + held) never exceeds it, at every prefix of the log; for one that was
 *   lowered later, what was committed before stays, and nothing is added.
 * - M2: a hold is released only by a line saying that nothing was billed; an unsettled hold of a dead grind stays charged. What was charged as unknown is
 *   settled by the provider's own word that comes late, and by nothing else.
 * - M3: `replyFor` finds the recorded reply of a key, for as long as the log goes back: one that is no longer kept is looked up again. A key that is
 *   known is never answered as unknown.
 */
import { addUsd, nanoUsd, subtractUsd, usdToNano, zeroUsd, type NanoUsd } from '@vivarium/core';
import type { ApiAuditLine } from '../events/api-audit.ts';
import { createRoster } from '../roster.ts';

/** One book: amounts in 1e-9 US dollars. */
export interface Sums {
  readonly settled: NanoUsd;
  readonly unknown: NanoUsd;
  readonly held: NanoUsd;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export const NO_SUMS: Sums = {
  settled: zeroUsd,
  unknown: zeroUsd,
  held: zeroUsd,
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
};

/** Everything that counts against a cap. */
export const committed = (sums: Sums): NanoUsd => addUsd(addUsd(sums.settled, sums.unknown), sums.held);

export interface OpenHold {
  readonly callId: string;
  readonly amount: NanoUsd;
  readonly line: Extract<ApiAuditLine, { event: 'call.held' }>;
}

/** A line about one call. */
type CallLine = Extract<ApiAuditLine, { call_id?: unknown }>;

export type RecordedReply = Extract<ApiAuditLine, { event: 'API_CALL_SUCCESS' }>;

/** What a cap can be set on, beside a task: a run by its id, a UTC day by its date, a principal by its name. */
export const CAP_SCOPES = ['run', 'day', 'principal'] as const;
export type CapScope = (typeof CAP_SCOPES)[number];

export interface Book {
  readonly total: Sums;
  /** Of the day: what was admitted on it, whenever it was settled. */
  of(scope: CapScope, name: string): Sums;
  /** Undefined while none was recorded in this book. */
  capOf(scope: CapScope, name: string): NanoUsd | undefined;
  /** The tasks of a principal that is not the admin, in the order of their first calls. */
  tasksOf(principal: string): readonly { readonly taskId: string; readonly sums: Sums }[];
  /** A task's cap covers all attempts of one round; a new round is a person's decision to spend again. */
  task(taskId: string, round: number): Sums;
}

/** The sums a fold has come to, as plain data, to go on from later. Recorded replies are not in it. */
export interface MoneySnapshot {
  readonly real: BookSnapshot;
  readonly simulated: BookSnapshot;
  readonly holds: readonly OpenHold[];
  readonly unsettled: readonly OpenHold[];
  readonly refusals: number;
}
interface BookSnapshot {
  readonly total: Sums;
  readonly sums: ByScope<readonly (readonly [string, Sums])[]>;
  readonly caps: ByScope<readonly (readonly [string, NanoUsd])[]>;
  /** Of those that are kept. */
  readonly tasks: readonly (readonly [string, Sums])[];
  readonly owned: readonly (readonly [string, readonly (readonly [string, string])[]])[];
}
type ByScope<T> = Readonly<Record<CapScope, T>>;

export interface MoneyFold {
  snapshot(): MoneySnapshot;
  /** Takes the sums of tasks out of memory that hold no money and are nobody's to ask for: what each has come to, for `older` to know from now on. */
  letGo(): ReadonlyMap<string, NanoUsd>;
  apply(line: ApiAuditLine): void;
  book(simulated: boolean): Book;
  openHolds(): readonly OpenHold[];
  /** The reply already paid for under this key, if there is one. Throws what looking it up again throws. */
  replyFor(simulated: boolean, idempotencyKey: string): RecordedReply | undefined;
  /** Refusals for lack of money, by this fold's whole log. */
  readonly refusals: number;
}

interface MutableBook {
  total: Sums;
  readonly sums: ByScope<Map<string, Sums>>;
  readonly caps: ByScope<Map<string, NanoUsd>>;
  readonly tasks: Map<string, Sums>;
  /** By principal: its tasks and their keys in `tasks`. */
  readonly owned: Map<string, Map<string, string>>;
}

/** What a fold need not keep itself. */
export interface OlderMoney {
  /** Is told of each reply at the line that brings it: the fold keeps none itself. */
  replied(key: string): void;
  /** Reads a reply again that it was told of; undefined when it never was, throws when it cannot. */
  find(key: string): RecordedReply | undefined;
  /** What a task had come to when the fold let go of it; zero when it never did. */
  task(key: string): NanoUsd;
}

export interface MoneyFoldOptions {
  /** False for those who only show sums: recorded replies are most of what the fold of a long log keeps in memory. */
  readonly replies?: boolean | ((idempotencyKey: string) => boolean);
  /** Without it everything is kept. */
  readonly older?: OlderMoney;
  /** False for those who show no sums of single tasks. */
  readonly tasks?: boolean;
  /** A fold that goes on from a snapshot knows replies, and tasks that were let go of, by `older` alone. */
  readonly from?: MoneySnapshot | undefined;
}

export function createMoneyFold({
  replies: keeps = true,
  older,
  tasks: keepsTasks = true,
  from,
}: MoneyFoldOptions = {}): MoneyFold {
  const books = { real: newBook(from?.real), simulated: newBook(from?.simulated) };
  const holds = createRoster<OpenHold>(from?.holds.map((hold) => [hold.callId, hold]));
  /** Calls charged as unknown that the provider may still tell of. */
  const unsettled = new Map<string, OpenHold>(from?.unsettled.map((charge) => [charge.callId, charge]));
  const keepsReply = (key: string): boolean => (typeof keeps === 'boolean' ? keeps : keeps(key));
  const replies = new Map<string, RecordedReply>();
  let refusals = from?.refusals ?? 0;

  const bookOf = (line: ApiAuditLine): MutableBook =>
    line.simulated === true ? books.simulated : books.real;
  /** `line`: the hold of the call, where there is one: what it was held against is what its end counts against. */
  const change = (line: CallLine, by: Change): void => {
    const book = bookOf(line);
    book.total = changed(book.total, by);
    if (line.run_id !== undefined) update(book.sums.run, line.run_id, by);
    update(book.sums.day, dayOf(line.timestamp), by);
    update(book.sums.principal, line.user, by);
    if (!keepsTasks || line.task_id === undefined) return;
    const key = taskKey(line.task_id, line.round ?? 1);
    const sums = book.tasks.get(key) ?? olderTask(moneyKey(line.simulated === true, key));
    book.tasks.set(key, changed(sums, by));
    if (line.role === 'admin') return;
    const owned = book.owned.get(line.user) ?? new Map<string, string>();
    book.owned.set(line.user, owned.set(line.task_id, key));
    if (owned.size <= MOST_OWNED) return;
    for (const oldest of owned.keys()) {
      owned.delete(oldest);
      return;
    }
  };
  const olderTask = (key: string): Sums => {
    const settled = older?.task(key) ?? zeroUsd;
    return settled === zeroUsd ? NO_SUMS : { ...NO_SUMS, settled };
  };
  const release = (line: CallLine): OpenHold | undefined => {
    const hold = line.call_id === undefined ? undefined : holds.delete(line.call_id);
    if (hold === undefined) return undefined;
    change(hold.line, { held: subtractUsd(zeroUsd, hold.amount) });
    return hold;
  };
  const settleLate = (line: CallLine): OpenHold | undefined => {
    const charge = line.call_id === undefined ? undefined : unsettled.get(line.call_id);
    if (charge === undefined) return undefined;
    unsettled.delete(charge.callId);
    change(charge.line, { unknown: subtractUsd(zeroUsd, charge.amount), calls: -1 });
    return charge;
  };
  const keepUnsettled = (charge: OpenHold): void => {
    unsettled.set(charge.callId, charge);
    if (unsettled.size <= MOST_UNSETTLED) return;
    for (const oldest of unsettled.keys()) {
      unsettled.delete(oldest);
      return;
    }
  };

  return {
    snapshot: () => ({
      real: snapshotOf(books.real),
      simulated: snapshotOf(books.simulated),
      holds: holds.values(),
      unsettled: [...unsettled.values()],
      refusals,
    }),
    letGo() {
      const gone = new Map<string, NanoUsd>();
      for (const [simulated, book] of [[false, books.real] as const, [true, books.simulated] as const]) {
        const asked = new Set([...book.owned.values()].flatMap((owned) => [...owned.values()]));
        for (const [key, sums] of book.tasks) {
          if (sums.held !== zeroUsd || asked.has(key)) continue;
          book.tasks.delete(key);
          gone.set(moneyKey(simulated, key), committed(sums));
        }
      }
      return gone;
    },
    apply(line) {
      switch (line.event) {
        case 'run.opened':
          if (line.run_id !== undefined) bookOf(line).caps.run.set(line.run_id, nanoUsd(line.cap_nano_usd));
          return;
        case 'cap.set':
          bookOf(line).caps[line.scope].set(line.name, nanoUsd(line.cap_nano_usd));
          return;
        case 'call.held': {
          // A line repeated after a torn write is the same hold, not a second one.
          if (line.call_id === undefined || holds.get(line.call_id) !== undefined) return;
          const amount = nanoUsd(line.held_nano_usd);
          holds.set(line.call_id, { callId: line.call_id, amount, line });
          change(line, { held: amount });
          return;
        }
        case 'API_CALL_SUCCESS': {
          // Lines of the seed have no call id and no hold; ours count once, when they close theirs.
          const hold = release(line) ?? settleLate(line);
          if (line.call_id !== undefined && hold === undefined) return;
          const cost = line.cost_nano_usd === undefined ? usdToNano(line.cost) : nanoUsd(line.cost_nano_usd);
          change(hold?.line ?? line, {
            settled: cost,
            calls: 1,
            inputTokens: line.input_tokens,
            outputTokens: line.output_tokens,
          });
          if (line.idempotency_key === undefined || !keepsReply(line.idempotency_key)) return;
          const key = moneyKey(line.simulated === true, line.idempotency_key);
          if (older === undefined) replies.set(key, line);
          else older.replied(key);
          return;
        }
        case 'call.usage-unknown': {
          const hold = release(line);
          if (hold === undefined) return;
          const charge = nanoUsd(line.charged_nano_usd);
          change(hold.line, { unknown: charge, calls: 1 });
          if (line.may_settle === true) keepUnsettled({ ...hold, amount: charge });
          return;
        }
        case 'API_CALL_FAILURE':
          if (release(line) === undefined) settleLate(line);
          return;
        case 'BUDGET_EXCEEDED':
          refusals += 1;
          return;
        case 'checkpoint':
        case 'call.replayed':
        case 'call.cached':
        case 'CONSTITUTIONAL_VIOLATION':
        case 'RATE_LIMITED':
        case 'breaker.opened':
        case 'breaker.half-opened':
        case 'breaker.closed':
        case 'breaker.reset':
          return;
      }
    },
    book(simulated) {
      const book = simulated ? books.simulated : books.real;
      return {
        total: book.total,
        of: (scope, name) => book.sums[scope].get(name) ?? NO_SUMS,
        capOf: (scope, name) => book.caps[scope].get(name),
        tasksOf: (principal) =>
          [...(book.owned.get(principal) ?? [])].map(([id, key]) => ({
            taskId: id,
            sums: book.tasks.get(key) ?? NO_SUMS,
          })),
        task(taskId, round) {
          const key = taskKey(taskId, round);
          return book.tasks.get(key) ?? olderTask(moneyKey(simulated, key));
        },
      };
    },
    openHolds: () => holds.values(),
    replyFor(simulated, idempotencyKey) {
      const key = moneyKey(simulated, idempotencyKey);
      return older === undefined ? replies.get(key) : older.find(key);
    },
    get refusals() {
      return refusals;
    },
  };
}

/** Tasks of a principal that it is shown. */
const MOST_OWNED = 200;
/** More than are listened to at a time. One that is forgotten stays charged. */
const MOST_UNSETTLED = 4_096;

const byScope = <T>(make: (scope: CapScope) => T): ByScope<T> => ({
  run: make('run'),
  day: make('day'),
  principal: make('principal'),
});
const newBook = (from?: BookSnapshot): MutableBook => ({
  total: from?.total ?? NO_SUMS,
  sums: byScope((scope) => new Map(from?.sums[scope])),
  caps: byScope((scope) => new Map(from?.caps[scope])),
  tasks: new Map(from?.tasks),
  owned: new Map(from?.owned.map(([user, tasks]) => [user, new Map(tasks)])),
});
const snapshotOf = ({ total, sums, caps, tasks, owned }: MutableBook): BookSnapshot => ({
  total,
  sums: byScope((scope) => [...sums[scope]]),
  caps: byScope((scope) => [...caps[scope]]),
  tasks: [...tasks],
  owned: [...owned].map(([user, named]) => [user, [...named]] as const),
});
/** UTC, as new lines are written; a line of the seed without a zone counts for the day it names. */
export const dayOf = (timestamp: string): string => timestamp.slice(0, 10);
/** What a key, or a round of a task, is called where both books are in one place: they have nothing in common (M5). */
export const moneyKey = (simulated: boolean, key: string): string =>
  `${simulated ? 'simulated' : 'real'}#${key}`;
const taskKey = (taskId: string, round: number): string => `${round}#${taskId}`;

/** What is added to sums; less than nothing is taken away. */
type Change = { readonly [Figure in keyof Sums]?: number };

/** Field by field: a spread of six fields takes five times as long (measured, Node 20), and every line of a call changes five sums. */
const changed = (sums: Sums, by: Change): Sums => ({
  settled: nanoUsd(sums.settled + (by.settled ?? 0)),
  unknown: nanoUsd(sums.unknown + (by.unknown ?? 0)),
  held: nanoUsd(sums.held + (by.held ?? 0)),
  calls: sums.calls + (by.calls ?? 0),
  inputTokens: sums.inputTokens + (by.inputTokens ?? 0),
  outputTokens: sums.outputTokens + (by.outputTokens ?? 0),
});
function update(sums: Map<string, Sums>, key: string, by: Change): void {
  sums.set(key, changed(sums.get(key) ?? NO_SUMS, by));
}
