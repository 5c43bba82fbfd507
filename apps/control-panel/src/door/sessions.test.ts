import { createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createSessions, TOKEN_GRACE_MS } from './sessions.ts';

function world(key?: string) {
  const { clock, ids } = createMemoryMachine();
  const tokens: string[] = [];
  const sessions = createSessions({
    clock,
    ids,
    ...(key === undefined ? {} : { key }),
    onToken: (token) => tokens.push(token),
  });
  const cookieBy = (token: string): string | undefined => {
    const entry = sessions.enter(token);
    return entry.kind === 'entered' ? entry.cookie : undefined;
  };
  return { clock, sessions, tokens, cookieBy };
}

describe('coming in', () => {
  it('the token of the link becomes a session, and only that token', () => {
    const { sessions, cookieBy } = world();
    expect(sessions.enter('f'.repeat(64)).kind).toBe('wrong');
    const cookie = cookieBy(sessions.token);
    expect(sessions.csrfOf(cookie)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('D5: once used, a link works for ten more minutes, and a fresh one stands ready', () => {
    const { clock, sessions, tokens, cookieBy } = world();
    const printed = sessions.token;
    clock.advance(86_400_000);
    expect(cookieBy(printed)).toBeDefined();
    expect(tokens).toEqual([sessions.token]);
    expect(sessions.token).not.toBe(printed);
    clock.advance(TOKEN_GRACE_MS);
    expect(cookieBy(printed)).toBeDefined();
    clock.advance(1);
    expect(sessions.enter(printed).kind).toBe('wrong');
    expect(cookieBy(sessions.token)).toBeDefined();
  });

  it('D6: a session of another key is none', () => {
    const { sessions, cookieBy } = world();
    const cookie = cookieBy(sessions.token);
    expect(world('0'.repeat(64)).sessions.csrfOf(cookie)).toBeUndefined();
    expect(world(sessions.key).sessions.csrfOf(cookie)).toBe(sessions.csrfOf(cookie));
  });

  it('a cookie cannot be made up or bent', () => {
    const { sessions, cookieBy } = world();
    const cookie = cookieBy(sessions.token) ?? '';
    const [session = '', signature = ''] = cookie.split('.');
    for (const bent of [
      '',
      '.',
      `${session}.`,
      `.${signature}`,
      `${session}x.${signature}`,
      `${session}.${signature}0`,
      signature,
      sessions.token,
    ]) {
      expect(sessions.csrfOf(bent)).toBeUndefined();
    }
  });

  it('the proof for changes belongs to one session', () => {
    const { sessions, cookieBy } = world();
    const [first, second] = [cookieBy(sessions.token), cookieBy(sessions.token)];
    const proof = sessions.csrfOf(first) ?? '';
    expect(sessions.isCsrf(first, proof)).toBe(true);
    expect(sessions.isCsrf(second, proof)).toBe(false);
    expect(sessions.isCsrf(undefined, proof)).toBe(false);
  });

  it('D7: ten wrong tokens in a minute, and nobody comes in by token until the minute is over', () => {
    const { clock, sessions, cookieBy } = world();
    for (let tries = 0; tries < 10; tries += 1) expect(sessions.enter('guess').kind).toBe('wrong');
    expect(sessions.enter(sessions.token)).toMatchObject({ kind: 'slow_down', retryAfterMs: 60_000 });
    clock.advance(60_001);
    expect(cookieBy(sessions.token)).toBeDefined();
  });
});
