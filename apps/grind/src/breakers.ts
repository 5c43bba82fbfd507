/**
 * The circuit breakers of this grind: one for each model at its upstream. Owns their state while it lives; each change is a line of api_audit.log, and what an earlier
 * grind left open is open here too. The rules are in budget/circuit.ts.
 *
 * - Q11: an open breaker makes its caller wait; it fails no task, and takes no attempt.
 * - Times: on the monotonic clock while this process lives; in the record by the wall clock, and never open longer than its rules say, however clocks jumped.
 */
import {
  afterCall,
  CLOSED,
  reopened,
  tryCall,
  wasReset,
  windowOf,
  type CallEnd,
  type Circuit,
  type CircuitRules,
} from '@vivarium/budget';
import type { BreakerLine, BreakerView, CircuitView, ModelProvider, RecordStore } from '@vivarium/contracts';
import { timestamp, type Clock, type IdSource } from '@vivarium/core';
import { ADMIN } from './principal.ts';
import { refuse, type Refusal } from './refusal.ts';

export interface Breakers {
  /** Why no call may be made to this model now; or the turn in which one may, and `ended` is to be told of it. */
  begin(model: string): Refusal | { readonly kind: 'let_through'; readonly turn: number };
  /** Whether that turn is still the one: it is not when the breaker opened since, or was reset. */
  isStillGood(model: string, turn: number): boolean;
  ended(model: string, turn: number, end: CallEnd): void;
  /** Closes the breaker of one model, or all; answers which were not closed. */
  reset(model: string | undefined, reason: string, user: string): readonly string[];
  /** Those that are not closed. */
  views(): readonly BreakerView[];
  /** Of every model that was asked. */
  circuits(): readonly CircuitView[];
}

export interface BreakersDeps {
  readonly rules: CircuitRules;
  readonly provider: Pick<ModelProvider, 'name' | 'simulated'>;
  readonly home: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly record: Pick<RecordStore, 'act'>;
  /** Appends to api_audit.log; throws when it cannot. */
  readonly write: (line: BreakerLine) => void;
  readonly onUnwritable: (error: unknown) => void;
  /** What opened those that an earlier grind left open. */
  readonly earlier: readonly BreakerLine[];
}

const EVENTS = {
  open: 'breaker.opened',
  'half-open': 'breaker.half-opened',
  closed: 'breaker.closed',
} as const;

export function createBreakers(deps: BreakersDeps): Breakers {
  const { rules, provider, clock, ids } = deps;
  const circuits = new Map<string, Circuit>();
  const sinceOf = new Map<string, string>();
  for (const line of deps.earlier) restore(line);

  const tell = (model: string, before: Circuit, now: Circuit): void => {
    circuits.set(model, now);
    if (before.state === now.state) return;
    const event = EVENTS[now.state];
    sinceOf.set(model, timestamp(clock));
    const why = now.state === 'closed' ? 'the call that tried it succeeded' : now.why;
    write(model, event, why, now);
  };
  const write = (
    model: string,
    event: BreakerLine['event'],
    reason: string,
    circuit: Circuit,
    user: string = ADMIN.user,
  ): void => {
    const until = circuit.state === 'open' ? timestampAfter(circuit.until - clock.monotonic()) : undefined;
    try {
      deps.write({
        timestamp: timestamp(clock),
        event,
        user,
        role: ADMIN.role,
        upstream: provider.name,
        model,
        reason,
        trips: circuit.trips,
        ...(until === undefined ? {} : { until }),
        event_id: ids.next('api'),
        home: deps.home,
        provider: provider.name,
        simulated: provider.simulated,
      });
    } catch (error) {
      // It acts all the same: what is open stays open, and what worked is not forbidden for want of a line.
      deps.onUnwritable(error);
    }
    deps.record.act({
      actor: user === ADMIN.user ? 'grind' : user,
      action_type: 'API',
      action: event.slice('breaker.'.length).toUpperCase(),
      detail: `circuit of ${model} at ${provider.name}: ${reason}${until === undefined ? '' : `; no calls until ${until}`}`,
      event,
      metadata: { model, upstream: provider.name, reason, until: until ?? null, trips: circuit.trips },
      provider: provider.name,
      simulated: provider.simulated,
    });
  };
  const timestampAfter = (ms: number): string => new Date(clock.now().getTime() + ms).toISOString();

  function restore(line: BreakerLine): void {
    if (line.upstream !== provider.name) return;
    const left = line.until === undefined ? 0 : Date.parse(line.until) - clock.now().getTime();
    const waitMs = Math.min(Math.max(0, left), rules.windowMs);
    circuits.set(line.model, reopened(line.reason, line.trips, clock.monotonic() + waitMs));
    sinceOf.set(line.model, line.timestamp);
  }

  return {
    begin(model) {
      const before = circuits.get(model) ?? CLOSED;
      const answer = tryCall(before, clock.monotonic());
      tell(model, before, answer.circuit);
      if (answer.may) return { kind: 'let_through', turn: answer.turn };
      return refuse('circuit_open', `The circuit of ${model} at ${provider.name} is open: ${before.why}.`, {
        retryAfterMs: Math.ceil(answer.waitMs),
        reason: 'circuit_open',
      });
    },
    isStillGood: (model, turn) => (circuits.get(model) ?? CLOSED).turn === turn,
    ended(model, turn, end) {
      const before = circuits.get(model) ?? CLOSED;
      tell(model, before, afterCall(before, turn, end, clock.monotonic(), rules));
    },
    reset(model, reason, user) {
      const open = [...circuits].filter(
        ([name, { state }]) => state !== 'closed' && (model === undefined || name === model),
      );
      for (const [name, circuit] of open) {
        circuits.set(name, wasReset(circuit));
        write(name, 'breaker.reset', reason, CLOSED, user);
      }
      return open.map(([name]) => name);
    },
    circuits: () =>
      [...circuits].map(([model, circuit]) => {
        const { calls, failures, inARow, spent } = windowOf(circuit, clock.monotonic(), rules);
        return {
          upstream: provider.name,
          model,
          state: circuit.state,
          calls,
          failures,
          failures_in_a_row: inARow,
          spent_nano_usd: spent,
          window_ms: rules.windowMs,
          opens_at_failures: rules.failures,
          opens_at_nano_usd: rules.spend,
        };
      }),
    views: () =>
      [...circuits].flatMap(([model, { state, why, until, trips }]) =>
        state === 'closed'
          ? []
          : [
              {
                upstream: provider.name,
                model,
                state,
                why,
                since: sinceOf.get(model) ?? timestamp(clock),
                until: timestampAfter(Math.max(0, until - clock.monotonic())),
                trips,
              },
            ],
      ),
  };
}
