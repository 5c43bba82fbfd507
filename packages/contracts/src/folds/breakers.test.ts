import { describe, expect, it } from 'vitest';
import type { ApiAuditLine } from '../events/api-audit.ts';
import { createBreakerFold, type BreakerLine } from './breakers.ts';

const line = (event: BreakerLine['event'], model: string, upstream = 'groq', reason = ''): ApiAuditLine => ({
  timestamp: '2026-11-27T08:00:00.000Z', event, user: 'admin', role: 'admin', upstream, model, reason, trips: 1,
}); // prettier-ignore
const openAfter = (...lines: readonly ApiAuditLine[]): readonly string[] => {
  const fold = createBreakerFold();
  for (const each of lines) fold.apply(each);
  return fold.open().map(({ upstream, model, reason }) => `${upstream} ${model} ${reason}`.trim());
};

describe('fold of breakers', () => {
  it('holds the line that opened each last, a half-open one included, until it is closed or reset', () => {
    const opened = line('breaker.opened', 'm');
    expect(openAfter(opened)).toEqual(['groq m']);
    expect(openAfter(opened, line('breaker.half-opened', 'm'))).toEqual(['groq m']);
    expect(openAfter(opened, line('breaker.opened', 'm', 'groq', 'again'))).toEqual(['groq m again']);
    expect(openAfter(opened, line('breaker.closed', 'm'))).toEqual([]);
    expect(openAfter(opened, line('breaker.reset', 'm'))).toEqual([]);
    expect(openAfter(line('breaker.half-opened', 'm'))).toEqual([]);
  });

  it('tells models and upstreams from each other, whatever their names', () => {
    expect(
      openAfter(
        line('breaker.opened', 'b c', 'a'),
        line('breaker.opened', 'c', 'a b'),
        line('breaker.reset', 'c', 'a b'),
      ),
    ).toEqual(['a b c']);
  });
});
