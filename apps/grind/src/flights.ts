/**
 * Calls under way, by idempotency key. Owns the roster. M3: a request that comes while one with its key is in flight shares that call, instead of
 * paying for a second.
 */
import { createRoster } from '@vivarium/contracts';

export interface Flight<T> {
  /** What was asked under the key; another asking under it is a conflict. */
  readonly promptHash: string;
  readonly model: string;
  readonly answer: Promise<T>;
}

export interface Flights<T> {
  find(key: string): Flight<T> | undefined;
  /** Starts a call and keeps it findable until it has ended. */
  start(key: string, what: Omit<Flight<T>, 'answer'>, call: () => Promise<T>): Promise<T>;
}

export function createFlights<T>(): Flights<T> {
  const flights = createRoster<Flight<T>>();
  return {
    find: (key) => flights.get(key),
    start(key, what, call) {
      const answer = call().finally(() => flights.delete(key));
      flights.set(key, { ...what, answer });
      return answer;
    },
  };
}
