/**
 * The queue before the provider: one lane for each model, shared by all callers of this grind. Owns who waits in it and what is known of each model's pace; the rules are in
 * budget/pace.ts.
 *
 * - M6: nobody passes by the lane, so no two callers find the same room, and none comes back by its own clock.
 * - M7: principals take turns by what they took: a burst of one delays nobody else by more than a call. Of one principal, who came first goes first; who comes back from a turn that came to nothing
 *   stands before those that came after it.
 * - A caller that cannot be served within its time is told at once for how long to stay away, instead of waiting for nothing.
 * - Nothing is held and no control state is read here: whoever comes out of the queue looks again (S9).
 */
import {
  began,
  ended,
  expectedWait,
  freshPace,
  waitFor,
  type Begun,
  type Pace,
  type PacedEnd,
} from '@vivarium/budget';
import type { PaceView } from '@vivarium/contracts';
import type { Clock, Milliseconds } from '@vivarium/core';

/** A place among the calls under way. Every one is given back, once. */
export interface Turn {
  readonly kind: 'turn';
  /** When the call first asked. */
  readonly since: Milliseconds;
  readonly waitedMs: Milliseconds;
  /** False when the provider has asked for a wait since. */
  isStillGood(): boolean;
  end(how: PacedEnd): void;
}
/** `waitMs`: when to come again. */
export type NoTurn =
  | { readonly kind: 'too_long'; readonly waitMs: Milliseconds }
  | { readonly kind: 'left' }
  /** This grind is leaving. */
  | { readonly kind: 'closed' };

export interface Asking {
  readonly user: string;
  readonly model: string;
  /** Tokens the call may take at most. */
  readonly need: number;
  /** How long it may wait. */
  readonly patienceMs: Milliseconds;
  /** Of a call whose turn came to nothing: when it first asked. */
  readonly since?: Milliseconds | undefined;
  readonly signal: AbortSignal;
}

export interface Pacing {
  /** Whether it would be let in at once. */
  hasRoom(asking: Pick<Asking, 'model' | 'need'>): boolean;
  /** At once when there is room and nobody waits: then nothing can have changed meanwhile. */
  enter(asking: Asking): Turn | Promise<Turn | NoTurn> | NoTurn;
  /** Nobody is let in any more, and who waits is told so. */
  close(): void;
  views(): readonly PaceView[];
}

interface Waiter {
  readonly asking: Asking;
  readonly since: Milliseconds;
  readonly answer: (turn: Turn | NoTurn) => void;
}

interface Lane {
  pace: Pace;
  readonly waiting: Map<string, Waiter[]>;
  /** What each principal took, in tokens; one that comes anew begins where the others are. */
  readonly passes: Map<string, number>;
  /** Of the last turn: where a newcomer begins. */
  pass: number;
  alarm: AbortController | undefined;
}

/** `requestsPerMinute`: of a model, what its provider allows without telling. */
export function createPacing(
  clock: Clock,
  tellsLimits: boolean,
  requestsPerMinute: (model: string) => number | undefined = () => undefined,
): Pacing {
  const lanes = new Map<string, Lane>();
  let isClosed = false;
  const laneOf = (model: string): Lane => {
    const known = lanes.get(model);
    if (known !== undefined) return known;
    const lane: Lane = {
      pace: freshPace(tellsLimits, requestsPerMinute(model)),
      waiting: new Map(),
      passes: new Map(),
      pass: 0,
      alarm: undefined,
    };
    lanes.set(model, lane);
    return lane;
  };

  const turnOf = (lane: Lane, { user, need }: Asking, since: Milliseconds): Turn => {
    const now = clock.monotonic();
    lane.pass = Math.max(lane.pass, lane.passes.get(user) ?? 0);
    lane.passes.set(user, lane.pass + need);
    let begun: Begun | undefined;
    [lane.pace, begun] = began(lane.pace, need, now);
    return {
      kind: 'turn',
      since,
      waitedMs: now - since,
      isStillGood: () => lane.pace.blockedUntil <= clock.monotonic(),
      end(how) {
        if (begun === undefined) return;
        lane.pace = ended(lane.pace, begun, how, clock.monotonic());
        // What took nothing is nobody's debt.
        const pass = lane.passes.get(user);
        if (how.kind === 'nothing' && pass !== undefined) lane.passes.set(user, pass - need);
        begun = undefined;
        callNext(lane);
      },
    };
  };

  /** Lets in who may go, the principal that took least first, and sets the alarm for the next. */
  const callNext = (lane: Lane): void => {
    lane.alarm?.abort();
    lane.alarm = undefined;
    for (let next = firstOf(lane); next !== undefined; next = firstOf(lane)) {
      const wait = waitFor(lane.pace, next.asking.need, clock.monotonic());
      if (wait > 0) return wakeAfter(lane, wait);
      leave(lane, next);
      next.answer(turnOf(lane, next.asking, next.since));
    }
    // Nobody is left to compare with: what was taken long ago is nobody's debt.
    if (lane.pace.underWay === 0) lane.passes.clear();
  };

  const wakeAfter = (lane: Lane, ms: Milliseconds): void => {
    // Without an end in sight the next end of a call wakes it.
    if (!Number.isFinite(ms)) return;
    const alarm = new AbortController();
    lane.alarm = alarm;
    void clock.sleep(Math.min(LONGEST_NAP_MS, Math.max(1, ms)), alarm.signal).then(() => {
      if (!alarm.signal.aborted) callNext(lane);
    });
  };

  const queue = async (lane: Lane, asking: Asking): Promise<Turn | NoTurn> =>
    new Promise((resolve) => {
      const settled = new AbortController();
      const waiter: Waiter = {
        asking,
        since: asking.since ?? clock.monotonic(),
        answer(turn) {
          settled.abort();
          asking.signal.removeEventListener('abort', giveUp);
          resolve(turn);
        },
      };
      const giveUp = (): void => {
        if (leave(lane, waiter)) waiter.answer({ kind: 'left' });
      };
      const waiters = lane.waiting.get(asking.user) ?? [];
      waiters.splice(olderThan(waiters, waiter.since), 0, waiter);
      lane.waiting.set(asking.user, waiters);
      if (!lane.passes.has(asking.user)) lane.passes.set(asking.user, lane.pass);
      asking.signal.addEventListener('abort', giveUp, { once: true });
      void clock.sleep(asking.patienceMs, settled.signal).then(() => {
        if (settled.signal.aborted || !leave(lane, waiter)) return;
        waiter.answer({ kind: 'too_long', waitMs: comeAgainAfter(lane, asking) });
        callNext(lane);
      });
      callNext(lane);
    });

  /** Finite: somebody has to say when. */
  const comeAgainAfter = (lane: Lane, asking: Asking): Milliseconds => {
    const wait = expectedWait(lane.pace, aheadOf(lane, asking), asking.need, clock.monotonic());
    return Math.ceil(Number.isFinite(wait) ? Math.min(LATEST_MS, Math.max(wait, SOON_MS)) : SOON_MS);
  };

  const isOpenTo = (lane: Lane, need: number, now: Milliseconds): boolean =>
    lane.waiting.size === 0 && waitFor(lane.pace, need, now) === 0;

  return {
    hasRoom: ({ model, need }) => isOpenTo(laneOf(model), need, clock.monotonic()),
    enter(asking) {
      if (isClosed) return { kind: 'closed' };
      const lane = laneOf(asking.model);
      const now = clock.monotonic();
      if (isOpenTo(lane, asking.need, now)) return turnOf(lane, asking, asking.since ?? now);
      const expected = expectedWait(lane.pace, aheadOf(lane, asking), asking.need, now);
      if (Number.isFinite(expected) && expected > asking.patienceMs)
        return { kind: 'too_long', waitMs: comeAgainAfter(lane, asking) };
      return queue(lane, asking);
    },
    close() {
      isClosed = true;
      for (const lane of lanes.values()) {
        lane.alarm?.abort();
        const waiters = [...lane.waiting.values()].flat();
        lane.waiting.clear();
        for (const waiter of waiters) waiter.answer({ kind: 'closed' });
      }
    },
    views: () => [...lanes].map(([model, lane]) => viewOf(model, lane, clock.monotonic())),
  };
}

/** For a caller whose call would have to wait for the end of another, which nobody knows. */
const SOON_MS: Milliseconds = 1_000;
/** What a header says of a time further away than that is not to be relied on. */
const LATEST_MS: Milliseconds = 86_400_000;
/** Timers do not reach for ever; whoever naps looks again. */
const LONGEST_NAP_MS: Milliseconds = 60_000;

/** How many came no later than that. */
function olderThan(waiters: readonly Waiter[], since: Milliseconds): number {
  const at = waiters.findIndex((waiter) => waiter.since > since);
  return at === -1 ? waiters.length : at;
}

/** Who is served before it: of its own those that came before, and of each other principal as many, and one more (M7). */
function aheadOf({ waiting }: Lane, { user, since = Number.POSITIVE_INFINITY }: Asking): number {
  const own = olderThan(waiting.get(user) ?? [], since);
  let ahead = own;
  for (const [other, { length }] of waiting) if (other !== user) ahead += Math.min(length, own + 1);
  return ahead;
}

function firstOf({ waiting, passes }: Lane): Waiter | undefined {
  let first: Waiter | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [user, [waiter]] of waiting) {
    const pass = passes.get(user) ?? 0;
    if (waiter === undefined || pass >= least) continue;
    first = waiter;
    least = pass;
  }
  return first;
}

/** False when it was not there any more. */
function leave({ waiting }: Lane, waiter: Waiter): boolean {
  const { user } = waiter.asking;
  const waiters = waiting.get(user) ?? [];
  const at = waiters.indexOf(waiter);
  if (at === -1) return false;
  waiters.splice(at, 1);
  if (waiters.length === 0) waiting.delete(user);
  return true;
}

function viewOf(model: string, { pace, waiting }: Lane, now: Milliseconds): PaceView {
  const { tokens, requests, minute, blockedUntil } = pace;
  const allowance = (of: Pace['tokens']): PaceView['tokens'] =>
    of === undefined
      ? null
      : {
          limit: of.limit,
          left: Math.max(0, Math.floor(Math.min(of.limit, of.left + (now - of.at) * of.perMs))),
        };
  return {
    model,
    waiting: [...waiting.values()].reduce((sum, waiters) => sum + waiters.length, 0),
    under_way: pace.underWay,
    most_under_way: pace.window,
    tokens: allowance(tokens),
    requests: allowance(requests),
    requests_a_minute: allowance(minute),
    blocked_for_ms: Math.max(0, Math.ceil(blockedUntil - now)),
  };
}
