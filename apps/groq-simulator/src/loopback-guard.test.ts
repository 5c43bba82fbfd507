import { describe, expect, it } from 'vitest';
import { guardLoopback, type GuardedRequest } from './loopback-guard.ts';

const post = (headers: GuardedRequest['headers']): number | undefined =>
  guardLoopback(
    { method: 'POST', headers: { host: '127.0.0.1:9', 'content-type': 'application/json', ...headers } },
    9,
  )?.status;

describe('S8: a loopback service answers only its own pages and clients', () => {
  it('S8: answers a plain client and its own origin', () => {
    expect(post({})).toBeUndefined();
    expect(
      post({ host: 'localhost:9', origin: 'http://localhost:9', 'sec-fetch-site': 'same-origin' }),
    ).toBeUndefined();
    expect(post({ 'content-type': 'application/json; charset=utf-8' })).toBeUndefined();
    expect(guardLoopback({ method: 'GET', headers: { host: '127.0.0.1:9' } }, 9)).toBeUndefined();
  });

  it('S8: refuses a Host that is not its own (DNS rebinding), also another port', () => {
    for (const host of ['evil.example', 'evil.example:9', '127.0.0.1', '127.0.0.1:10', ''])
      expect(post({ host })).toBe(403);
    expect(guardLoopback({ method: 'GET', headers: {} }, 9)?.status).toBe(403);
  });

  it('S8: refuses foreign origins and sites', () => {
    for (const origin of ['http://evil.example', 'http://127.0.0.1:10', 'null', 'https://127.0.0.1:9'])
      expect(post({ origin })).toBe(403);
    for (const site of ['cross-site', 'same-site']) expect(post({ 'sec-fetch-site': site })).toBe(403);
  });

  it('S8: takes JSON only, so that no plain form reaches it', () => {
    for (const type of [
      undefined,
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/jsonp',
    ]) {
      expect(post({ 'content-type': type })).toBe(415);
    }
  });
});
