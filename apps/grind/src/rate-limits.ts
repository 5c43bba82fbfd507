/**
 * How many requests a principal may make: a bucket that holds a minute's worth and fills evenly. Owns the buckets, in memory: a grind that starts anew begins with
 * full ones. What is refused leaves a line, at most one a second for each principal, with how many it stands for.
 */
import type { Clock, Milliseconds } from '@vivarium/core';
import type { LimitedRequest } from './plugins/principals.ts';
import type { Principal } from './principal.ts';

export interface Limited extends LimitedRequest {
  readonly principal: Principal;
  readonly waitMs: Milliseconds;
  /** Requests refused since the last such line, this one included. */
  readonly refused: number;
}

export interface RateLimits {
  /** Takes one; answers how long to wait when there is none left. */
  take(principal: Principal, request: LimitedRequest): Milliseconds | undefined;
}

interface Bucket {
  /** Parts of a request are kept. */
  left: number;
  at: Milliseconds;
  refused: number;
  quietUntil: Milliseconds;
}

const MINUTE_MS: Milliseconds = 60_000;
const QUIET_MS: Milliseconds = 1_000;

export function createRateLimits(clock: Clock, onLimited: (limited: Limited) => void): RateLimits {
  const buckets = new Map<string, Bucket>();
  return {
    take(principal, request) {
      const { user, requestsPerMinute: most } = principal;
      if (most === undefined) return undefined;
      const now = clock.monotonic();
      const bucket = buckets.get(user) ?? { left: most, at: now, refused: 0, quietUntil: now };
      buckets.set(user, bucket);
      bucket.left = Math.min(most, bucket.left + ((now - bucket.at) * most) / MINUTE_MS);
      bucket.at = now;
      if (bucket.left >= 1) {
        bucket.left -= 1;
        return undefined;
      }
      const waitMs = Math.ceil(((1 - bucket.left) * MINUTE_MS) / most);
      bucket.refused += 1;
      if (now >= bucket.quietUntil) {
        const { refused } = bucket;
        bucket.quietUntil = now + QUIET_MS;
        bucket.refused = 0;
        onLimited({ ...request, principal, waitMs, refused });
      }
      return waitMs;
    },
  };
}
