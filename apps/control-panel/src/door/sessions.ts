/**
 * Who has come in: the launch token of this panel becomes a session cookie. Owns the token in force and the key of the sessions; nothing of
 * a session is kept but what the cookie carries.
 *
 * - D5: the token works until it is replaced: once somebody has come in by it, for ten minutes more (another browser, a second try). The link
 *   that stands in the file is always a fresh one, so that it can be printed again.
 * - D6: a session is bound to the key, and the key to this process: a panel that was stopped properly leaves none behind. After a crash the
 *   next panel of the home may take over the key, so that open pages find their way back by themselves.
 * - D7: guessing is pointless (256 bits) and still slowed down: ten wrong tokens a minute, then nobody comes in by token for a while.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, IdSource, Milliseconds } from '@vivarium/core';

export const TOKEN_GRACE_MS = 10 * 60_000;
const WRONG_TRIES = 10;
const WRONG_WINDOW_MS = 60_000;

export type Entry =
  | { readonly kind: 'entered'; readonly cookie: string }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'slow_down'; readonly retryAfterMs: Milliseconds };

export interface Sessions {
  /** Exchanges a launch token for the value of a session cookie. */
  enter(token: string): Entry;
  /** Proof for changes, or undefined when the cookie is none of ours. */
  csrfOf(cookie: string | undefined): string | undefined;
  isCsrf(cookie: string | undefined, csrf: string): boolean;
  readonly key: string;
  /** The token in force. */
  readonly token: string;
}

export function createSessions({
  clock,
  ids,
  key = ids.hex(32),
  onToken,
}: {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Taken over from a panel that crashed. */
  readonly key?: string;
  /** Called with every token that replaces the first. */
  readonly onToken: (token: string) => void;
}): Sessions {
  let current = ids.hex(32);
  const spent: { readonly token: string; readonly until: Milliseconds }[] = [];
  const wrong: Milliseconds[] = [];

  const sign = (purpose: string, session: string): string =>
    createHmac('sha256', key).update(`${purpose}:${session}`).digest('hex');
  /** The id a cookie was made for, when its signature is right. */
  const sessionOf = (cookie: string | undefined): string | undefined => {
    const [session = '', signature = ''] = (cookie ?? '').split('.');
    return session !== '' && same(signature, sign('session', session)) ? session : undefined;
  };
  const csrfOf = (cookie: string | undefined): string | undefined => {
    const session = sessionOf(cookie);
    return session === undefined ? undefined : sign('csrf', session);
  };

  return {
    key,
    get token() {
      return current;
    },
    csrfOf,
    isCsrf(cookie, csrf) {
      const right = csrfOf(cookie);
      return right !== undefined && same(csrf, right);
    },
    enter(token) {
      const now = clock.monotonic();
      while (wrong[0] !== undefined && now - wrong[0] > WRONG_WINDOW_MS) wrong.shift();
      if (wrong.length >= WRONG_TRIES)
        return { kind: 'slow_down', retryAfterMs: WRONG_WINDOW_MS - (now - (wrong[0] ?? now)) };
      while (spent[0] !== undefined && spent[0].until < now) spent.shift();
      if (same(token, current)) {
        spent.push({ token: current, until: now + TOKEN_GRACE_MS });
        current = ids.hex(32);
        onToken(current);
      } else if (!spent.some((old) => same(token, old.token))) {
        wrong.push(now);
        return { kind: 'wrong' };
      }
      const session = ids.hex(16);
      return { kind: 'entered', cookie: `${session}.${sign('session', session)}` };
    },
  };
}

/** Compares without telling by its time where the difference is. */
function same(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
