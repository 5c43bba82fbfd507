/**
 * Rate limits per model: requests per day and per minute and tokens per minute, each a bucket that refills evenly. What the headers say is
 * enforced; of requests per minute they say nothing, as with Groq. The defaults are far above what one machine can ask for, so that a bench is never throttled by accident.
 */
import { durationText } from './duration-text.ts';

export interface LimitOptions {
  readonly requestsPerDay: number;
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
}

export const defaultLimits: LimitOptions = {
  requestsPerDay: 100_000_000,
  tokensPerMinute: 10_000_000_000,
  requestsPerMinute: 100_000_000,
};

export type Take =
  | { readonly kind: 'taken'; readonly headers: RateHeaders }
  | {
      readonly kind: 'short';
      readonly of: 'requests' | 'tokens';
      readonly retryAfterSeconds: number;
      readonly headers: RateHeaders;
    }
  /** More than a full bucket: waiting will not help. */
  | { readonly kind: 'never'; readonly headers: RateHeaders };

export type RateHeaders = Readonly<
  Record<`x-ratelimit-${'limit' | 'remaining' | 'reset'}-${'requests' | 'tokens'}`, string>
>;

interface Bucket {
  readonly capacity: number;
  readonly perMs: number;
  level: number;
  at: number;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export interface Limits {
  take(model: string, tokens: number, nowMs: number): Take;
}

export function createLimits(given: Partial<LimitOptions>): Limits {
  const options = { ...defaultLimits, ...given };
  const buckets = new Map<string, Readonly<Record<'requests' | 'tokens' | 'minute', Bucket>>>();

  const bucketsOf = (model: string, now: number) => {
    let found = buckets.get(model);
    if (found === undefined) {
      found = {
        requests: full(options.requestsPerDay, DAY_MS, now),
        tokens: full(options.tokensPerMinute, MINUTE_MS, now),
        minute: full(options.requestsPerMinute, MINUTE_MS, now),
      };
      buckets.set(model, found);
    }
    refill(found.requests, now);
    refill(found.tokens, now);
    refill(found.minute, now);
    return found;
  };

  return {
    take(model, wanted, now) {
      const { requests, tokens, minute } = bucketsOf(model, now);
      if (wanted > tokens.capacity) return { kind: 'never', headers: headersOf(requests, tokens) };
      if (requests.level < 1)
        return short('requests', (1 - requests.level) / requests.perMs, requests, tokens);
      if (tokens.level < wanted)
        return short('tokens', (wanted - tokens.level) / tokens.perMs, requests, tokens);
      if (minute.level < 1) return short('requests', (1 - minute.level) / minute.perMs, requests, tokens);
      minute.level -= 1;
      requests.level -= 1;
      tokens.level -= wanted;
      return { kind: 'taken', headers: headersOf(requests, tokens) };
    },
  };
}

const full = (capacity: number, windowMs: number, now: number): Bucket => ({
  capacity,
  perMs: capacity / windowMs,
  level: capacity,
  at: now,
});

function refill(bucket: Bucket, now: number): void {
  bucket.level = Math.min(bucket.capacity, bucket.level + Math.max(0, now - bucket.at) * bucket.perMs);
  bucket.at = now;
}

const short = (of: 'requests' | 'tokens', waitMs: number, requests: Bucket, tokens: Bucket): Take => ({
  kind: 'short',
  of,
  retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
  headers: headersOf(requests, tokens),
});

const headersOf = (requests: Bucket, tokens: Bucket): RateHeaders => ({
  'x-ratelimit-limit-requests': String(requests.capacity),
  'x-ratelimit-remaining-requests': String(Math.floor(requests.level)),
  'x-ratelimit-reset-requests': durationText((requests.capacity - requests.level) / requests.perMs),
  'x-ratelimit-limit-tokens': String(tokens.capacity),
  'x-ratelimit-remaining-tokens': String(Math.floor(tokens.level)),
  'x-ratelimit-reset-tokens': durationText((tokens.capacity - tokens.level) / tokens.perMs),
});
