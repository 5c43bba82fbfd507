/**
 * The circuit breaker of one model at one upstream, as a reducer: closed, open, half-open. Pure; times are milliseconds of a clock of the caller's that never goes back, and
 * only ever compared with each other.
 *
 * - Closed: calls go through. It opens at so many failures in a row; at so many in the window, when they are at least half of its calls (one in a thousand is no
 *   outage, however many calls there are); and when more than so much was spent in the window, which is no failure but looks like a runaway.
 * - Open: no calls until a time. Half-open: one call is let through to see. It closes by the success of that call, and opens for twice as long by its failure.
 * - A call that was let through in an earlier turn decides nothing when it ends, in whatever state: it only cost what it cost. It is not the one call.
 */
import type { Milliseconds, NanoUsd } from '@vivarium/core';
import { addUsd, formatUsd, nanoUsd, zeroUsd } from '@vivarium/core';

export interface CircuitRules {
  readonly failures: number;
  readonly windowMs: Milliseconds;
  readonly spend: NanoUsd;
}

/** How long it is open the first time. It doubles with each time in a row, up to the window. */
export const FIRST_OPEN_MS: Milliseconds = 15_000;
const FAILING_SHARE = 0.5;
/** Calls are counted by slices of the window, not one by one. */
const SLICES = 30;

interface Slice {
  readonly from: Milliseconds;
  readonly calls: number;
  readonly failures: number;
  readonly spent: NanoUsd;
}

export interface Circuit {
  readonly state: 'closed' | 'open' | 'half-open';
  /** Why it opened last; empty while it never did. */
  readonly why: string;
  /** Open: when it becomes half-open. */
  readonly until: Milliseconds;
  /** Times in a row that it opened. */
  readonly trips: number;
  /** Half-open: the one call is under way. */
  readonly isProbing: boolean;
  readonly inARow: number;
  readonly slices: readonly Slice[];
  /** Goes up when it opens, when it lets one call through to see, and when it is reset. */
  readonly turn: number;
}

export const CLOSED: Circuit = {
  state: 'closed',
  why: '',
  until: 0,
  trips: 0,
  isProbing: false,
  inARow: 0,
  slices: [],
  turn: 0,
};

export type CallEnd =
  | { readonly kind: 'succeeded'; readonly cost: NanoUsd }
  /** The upstream's fault: no answer, no connection, nonsense. */
  | { readonly kind: 'failed'; readonly cost: NanoUsd }
  /** Cut by us, or refused for what it asked: says nothing of the upstream. */
  | { readonly kind: 'neither'; readonly cost: NanoUsd };

/** Whether a call may be made now, and the circuit if it is. The turn is to be told with its end. */
export function tryCall(
  circuit: Circuit,
  now: Milliseconds,
):
  | { readonly may: true; readonly circuit: Circuit; readonly turn: number }
  | { readonly may: false; readonly circuit: Circuit; readonly waitMs: Milliseconds } {
  if (circuit.state === 'closed') return { may: true, circuit, turn: circuit.turn };
  if (circuit.state === 'open' && now < circuit.until)
    return { may: false, circuit, waitMs: circuit.until - now };
  if (circuit.isProbing) return { may: false, circuit, waitMs: PROBE_WAIT_MS };
  const turn = circuit.turn + 1;
  return { may: true, circuit: { ...circuit, state: 'half-open', isProbing: true, turn }, turn };
}
/** For those who come while the one call is under way. */
const PROBE_WAIT_MS: Milliseconds = 2_000;

/** A call that `tryCall` let through in that turn has ended. */
export function afterCall(
  circuit: Circuit,
  turn: number,
  said: CallEnd,
  now: Milliseconds,
  rules: CircuitRules,
): Circuit {
  const isOfNow = turn === circuit.turn;
  const end: CallEnd = isOfNow ? said : { kind: 'neither', cost: said.cost };
  const counted = count(circuit, end, now, rules);
  const spent = sumOf(counted.slices, ({ spent: amount }) => amount);
  if (circuit.state === 'half-open') {
    if (!isOfNow) return counted;
    if (end.kind === 'failed')
      return open(counted, `the call that tried it failed; before: ${first(circuit.why)}`, now, rules);
    return end.kind === 'succeeded'
      ? { ...CLOSED, slices: sliceOfSpend(counted), turn }
      : { ...counted, isProbing: false };
  }
  if (circuit.state === 'open') return counted;
  if (spent >= rules.spend)
    return open(
      counted,
      `Cost threshold exceeded: ${formatUsd(nanoUsd(spent))} >= ${formatUsd(rules.spend)}`,
      now,
      rules,
    );
  if (end.kind !== 'failed') return counted;
  if (counted.inARow >= rules.failures)
    return open(counted, `Consecutive failure threshold exceeded: ${counted.inARow} failures`, now, rules);
  const failures = sumOf(counted.slices, (slice) => slice.failures);
  const calls = sumOf(counted.slices, (slice) => slice.calls);
  if (failures >= rules.failures && failures >= calls * FAILING_SHARE)
    return open(
      counted,
      `Failure rate exceeded: ${failures} failures in ${rules.windowMs / 1_000}s`,
      now,
      rules,
    );
  return counted;
}

export interface CircuitWindow {
  readonly calls: number;
  readonly failures: number;
  readonly inARow: number;
  readonly spent: NanoUsd;
}
/** What it has counted, of the window that ends now. */
export function windowOf(circuit: Circuit, now: Milliseconds, { windowMs }: CircuitRules): CircuitWindow {
  const slices = circuit.slices.filter((slice) => slice.from > now - windowMs);
  return {
    calls: sumOf(slices, (slice) => slice.calls),
    failures: sumOf(slices, (slice) => slice.failures),
    inARow: circuit.inARow,
    spent: nanoUsd(sumOf(slices, ({ spent }) => spent)),
  };
}

/** Closed by an operator: what is under way says nothing of what comes after. */
export const wasReset = ({ turn }: Circuit): Circuit => ({ ...CLOSED, turn: turn + 1 });

/** Opened for `forMs` longer, as the record of an earlier process says. */
export const reopened = (why: string, trips: number, until: Milliseconds): Circuit => ({
  ...CLOSED,
  state: 'open',
  why,
  trips,
  until,
});

/** How long it stays open, given how often in a row it has opened. */
export const openMs = (trips: number, { windowMs }: Pick<CircuitRules, 'windowMs'>): Milliseconds =>
  Math.min(windowMs, FIRST_OPEN_MS * 2 ** Math.min(trips - 1, 20));

const open = (circuit: Circuit, why: string, now: Milliseconds, rules: CircuitRules): Circuit => ({
  ...circuit,
  state: 'open',
  why,
  trips: circuit.trips + 1,
  until: now + openMs(circuit.trips + 1, rules),
  isProbing: false,
  inARow: 0,
  turn: circuit.turn + 1,
  // What was counted has had its effect: it is not to open the next time again by itself.
  slices: [],
});

function count(
  circuit: Circuit,
  { kind, cost }: CallEnd,
  now: Milliseconds,
  { windowMs }: CircuitRules,
): Circuit {
  const from = Math.floor(now / (windowMs / SLICES)) * (windowMs / SLICES);
  const [oldest] = circuit.slices;
  const kept =
    oldest === undefined || oldest.from > now - windowMs
      ? circuit.slices
      : circuit.slices.filter((slice) => slice.from > now - windowMs);
  const last = kept.at(-1);
  const here = last?.from === from ? last : { from, calls: 0, failures: 0, spent: zeroUsd };
  const added: Slice = {
    from,
    calls: here.calls + (kind === 'neither' ? 0 : 1),
    failures: here.failures + (kind === 'failed' ? 1 : 0),
    spent: addUsd(here.spent, cost),
  };
  // Field by field, as every call comes by here: a spread takes several times as long (measured, Node 20).
  return {
    state: circuit.state,
    why: circuit.why,
    until: circuit.until,
    trips: circuit.trips,
    isProbing: circuit.isProbing,
    inARow: kind === 'failed' ? circuit.inARow + 1 : kind === 'succeeded' ? 0 : circuit.inARow,
    slices: here === last ? kept.with(-1, added) : [...kept, added],
    turn: circuit.turn,
  };
}

/** Closing forgets the failures and not the money. */
const sliceOfSpend = ({ slices }: Circuit): readonly Slice[] =>
  slices.map((slice) => ({ ...slice, calls: 0, failures: 0 }));
const sumOf = (slices: readonly Slice[], of: (slice: Slice) => number): number =>
  slices.reduce((sum, slice) => sum + of(slice), 0);
/** Reasons are not nested in each other. */
const first = (why: string): string => why.replace(/^the call that tried it failed; before: /, '');
