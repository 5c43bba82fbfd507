/**
 * How fast a model may be asked: what its provider allows, as far as its replies have told, and what is under way. Pure; times are of one monotonic clock, in milliseconds.
 *
 * - M6: by what is known, no call is begun that the provider would refuse for its rate: what a call may take at most must be free in every allowance beside what the calls under way
 *   may take; and a wait it asked for is kept. When the limits are not known yet, one call goes ahead to learn them; while it is
 *   not back, twice as many may be under way with every second.
 * - A refusal that its limits do not explain, and a provider that is out of breath, halve how many calls may be under way; each success allows one more (AIMD).
 *
 * An allowance is a bucket that refills evenly, as Groq describes its limits; a reply says what was left when it was taken in, which is some time before the reply is here. So what is
 * said is bounded from both sides: at least that much less what others took since the call began, at most that much and what flowed in since.
 */

/** Figures of a reply's headers; what was not said is left out. */
export interface SaidLimits {
  readonly limitRequests?: number;
  readonly limitTokens?: number;
  readonly remainingRequests?: number;
  readonly remainingTokens?: number;
  readonly resetRequestsMs?: number;
  readonly resetTokensMs?: number;
}

export interface Allowance {
  readonly limit: number;
  /** At `at`; less than nothing after a call that took more than was known to be there. */
  readonly left: number;
  readonly perMs: number;
  readonly at: number;
  /** Taken since the beginning, for telling what was taken since some moment. */
  readonly taken: number;
}

export interface Pace {
  readonly tokens: Allowance | undefined;
  readonly requests: Allowance | undefined;
  /** Requests of a minute. No reply tells of it. */
  readonly minute: Allowance | undefined;
  /** False until a reply has come: then what it did not say is not limited. */
  readonly isKnown: boolean;
  readonly blockedUntil: number;
  /** Most calls under way. */
  readonly window: number;
  readonly underWay: number;
  /** Most tokens that the calls under way may take. */
  readonly reserved: number;
  /** When the first of the calls under way began that is to teach the limits. */
  readonly learningSince: number;
  /** What a call took on the average of late; undefined before the first. */
  readonly usual: number | undefined;
}

export const MOST_UNDER_WAY = 256;
/** How long a call that goes ahead to learn the limits is waited for before there are twice as many. */
export const LEARN_MS = 1_000;
/** For a provider that says "too many" and not until when. */
export const BLOCK_MS = 1_000;

/** `tellsLimits`: its replies say what it allows. Of one that does not, nothing is to be learnt by a call that goes ahead. `requestsPerMinute`: what it allows
 * without telling. */
export const freshPace = (tellsLimits: boolean, requestsPerMinute?: number): Pace => ({
  tokens: undefined,
  requests: undefined,
  minute:
    requestsPerMinute === undefined
      ? undefined
      : {
          limit: requestsPerMinute,
          left: requestsPerMinute,
          perMs: requestsPerMinute / 60_000,
          at: 0,
          taken: 0,
        },
  isKnown: !tellsLimits,
  blockedUntil: Number.NEGATIVE_INFINITY,
  window: MOST_UNDER_WAY,
  underWay: 0,
  reserved: 0,
  learningSince: Number.NEGATIVE_INFINITY,
  usual: undefined,
});

/** A call that may take up to `need` tokens. */
export interface Begun {
  readonly need: number;
  readonly at: number;
  /** Of both allowances, when it began. */
  readonly tokensTaken: number;
  readonly requestsTaken: number;
}

export type PacedEnd =
  | { readonly kind: 'answered'; readonly tokens: number; readonly limits: SaidLimits }
  /** `retryAfterMs`: what it asked for. */
  | {
      readonly kind: 'too_many';
      readonly retryAfterMs: number | undefined;
      readonly limits: SaidLimits;
    }
  | { readonly kind: 'out_of_breath'; readonly limits: SaidLimits }
  /** It may have taken everything it could: nobody knows. */
  | { readonly kind: 'unknown'; readonly limits: SaidLimits }
  /** It took nothing: it was never made, or refused for what it asked. */
  | { readonly kind: 'nothing'; readonly limits: SaidLimits };

/** Milliseconds until a call may begin, by what is known; 0: now. Infinity: not before another ends. */
export function waitFor(pace: Pace, need: number, now: number): number {
  if (pace.underWay >= pace.window) return Number.POSITIVE_INFINITY;
  const learning =
    pace.isKnown || pace.underWay === 0
      ? 0
      : pace.learningSince + LEARN_MS * (Math.floor(Math.log2(pace.underWay)) + 1) - now;
  return Math.max(
    0,
    pace.blockedUntil - now,
    learning,
    untilFree(pace.tokens, need, pace.reserved, now),
    untilFree(pace.requests, 1, pace.underWay, now),
    untilFree(pace.minute, 1, pace.underWay, now),
  );
}

/** A call larger than the limit waits for all there can be: what it really takes may be less. */
function untilFree(of: Allowance | undefined, need: number, reserved: number, now: number): number {
  if (of === undefined) return 0;
  const missing = Math.min(need, of.limit) + reserved - leftAt(of, now);
  // Parts of a token are an error of arithmetic.
  return missing <= 1e-6 ? 0 : of.perMs === 0 ? Number.POSITIVE_INFINITY : Math.ceil(missing / of.perMs);
}

const leftAt = ({ limit, left, perMs, at }: Allowance, now: number): number =>
  Math.min(limit, left + Math.max(0, now - at) * perMs);

/**
 * Milliseconds after which a call may expect to begin that stands behind `ahead` others. Those are taken to be as large as calls were of late: an expectation, not a promise.
 */
export function expectedWait(pace: Pace, ahead: number, need: number, now: number): number {
  const own = waitFor(pace, need, now);
  const { tokens, minute } = pace;
  const behind = Math.max(
    tokens === undefined || tokens.perMs === 0 ? 0 : (ahead * (pace.usual ?? need)) / tokens.perMs,
    minute === undefined ? 0 : ahead / minute.perMs,
  );
  return behind === 0 ? own : (Number.isFinite(own) ? own : 0) + behind;
}

export function began(pace: Pace, need: number, now: number): readonly [Pace, Begun] {
  const begun = {
    need,
    at: now,
    tokensTaken: pace.tokens?.taken ?? 0,
    requestsTaken: pace.requests?.taken ?? 0,
  };
  // Here and in `ended` field by field, as every call comes by: a spread takes several times as long (measured, Node 20).
  return [
    {
      tokens: pace.tokens,
      requests: pace.requests,
      minute: pace.minute,
      isKnown: pace.isKnown,
      blockedUntil: pace.blockedUntil,
      window: pace.window,
      underWay: pace.underWay + 1,
      reserved: pace.reserved + need,
      learningSince: pace.underWay === 0 ? now : pace.learningSince,
      usual: pace.usual,
    },
    begun,
  ];
}

export function ended(pace: Pace, begun: Begun, end: PacedEnd, now: number): Pace {
  const took = end.kind === 'answered' ? end.tokens : end.kind === 'unknown' ? begun.need : 0;
  const hit = took > 0 ? 1 : 0;
  const { limits } = end;
  return {
    tokens: after(pace.tokens, took, begun.tokensTaken, begun.at, now, {
      limit: limits.limitTokens,
      left: limits.remainingTokens,
      resetMs: limits.resetTokensMs,
      windowMs: 60_000,
    }),
    requests: after(pace.requests, hit, begun.requestsTaken, begun.at, now, {
      limit: limits.limitRequests,
      left: limits.remainingRequests,
      resetMs: limits.resetRequestsMs,
      windowMs: 86_400_000,
    }),
    minute: pace.minute && after(pace.minute, hit, 0, begun.at, now, UNSAID),
    // A call that brought no word of the provider has taught nothing.
    isKnown: pace.isKnown || end.kind === 'answered' || end.kind === 'too_many',
    blockedUntil:
      end.kind === 'too_many'
        ? Math.max(pace.blockedUntil, now + (end.retryAfterMs ?? BLOCK_MS))
        : pace.blockedUntil,
    window: windowAfter(pace, begun, end),
    underWay: pace.underWay - 1,
    reserved: pace.reserved - begun.need,
    learningSince: pace.learningSince,
    usual: end.kind === 'answered' ? (pace.usual ?? took) * 0.8 + took * 0.2 : pace.usual,
  };
}

function windowAfter(pace: Pace, begun: Begun, end: PacedEnd): number {
  switch (end.kind) {
    case 'answered':
      return Math.min(MOST_UNDER_WAY, pace.window + 1);
    case 'too_many': {
      const { remainingTokens = Number.POSITIVE_INFINITY, remainingRequests } = end.limits;
      const isExplained = remainingTokens < begun.need || remainingRequests === 0;
      return isExplained ? pace.window : halved(pace);
    }
    case 'out_of_breath':
      return halved(pace);
    case 'unknown':
    case 'nothing':
      return pace.window;
  }
}

const halved = ({ window, underWay }: Pace): number =>
  Math.max(1, Math.floor(Math.min(window, underWay) / 2));

interface Said {
  readonly limit: number | undefined;
  readonly left: number | undefined;
  /** Until it is full again. */
  readonly resetMs: number | undefined;
  /** Over which it refills, where the reset does not say. */
  readonly windowMs: number;
}

const UNSAID: Said = { limit: undefined, left: undefined, resetMs: undefined, windowMs: 60_000 };

function after(
  before: Allowance | undefined,
  took: number,
  takenThen: number,
  beganAt: number,
  now: number,
  said: Said,
): Allowance | undefined {
  const known = before && leftAt(before, now) - took;
  const taken = (before?.taken ?? 0) + took;
  if (said.limit === undefined || said.left === undefined)
    return before && { limit: before.limit, left: known ?? 0, perMs: before.perMs, at: now, taken };
  const perMs = rateOf(said.limit, said.left, said.resetMs, said.windowMs);
  const byOthers = Math.max(0, taken - took - takenThen);
  const least = said.left - byOthers;
  const most = Math.min(said.limit, said.left + (now - beganAt) * perMs);
  const left = known === undefined ? said.left : Math.min(Math.max(known, least), most);
  return { limit: said.limit, left, perMs, at: now, taken };
}

/**
 * What is missing flows in until the reset. Both are rounded: a rate that is about that of the limit's own window is that. Where too little is missing to tell, it is that too.
 */
function rateOf(limit: number, left: number, resetMs: number | undefined, windowMs: number): number {
  const usual = limit / windowMs;
  const missing = limit - left;
  // Of one that is missing, what a rounded reset says is nothing, and a rate of nothing would never let anybody in again.
  if (resetMs === undefined || resetMs <= 0 || missing < limit / 20 || missing <= 1) return usual;
  const rate = (missing - 1) / resetMs;
  return Math.abs(rate / usual - 1) < 0.05 ? usual : rate;
}
