import { describe, expect, it } from 'vitest';
import { createFaultBook, FaultRules, type FaultRule } from './faults.ts';

const status = { kind: 'status', status: 503 } as const;
const ask = { model: 'm', prompt: 'hello world' };

/** Which of `count` equal requests meet a fault, from 1. */
const hits = (rule: FaultRule, count: number, seed = 's'): readonly number[] => {
  const book = createFaultBook(seed, [rule]);
  return Array.from({ length: count }, (_, index) => (book.next(ask) === undefined ? 0 : index + 1)).filter(
    (hit) => hit > 0,
  );
};

describe('scripted faults', () => {
  it('apply to everything when nothing is said, and as often as `times` allows', () => {
    expect(hits({ fault: status }, 3)).toEqual([1, 2, 3]);
    expect(hits({ fault: status, times: 2 }, 5)).toEqual([1, 2]);
  });

  it('hit the nth matching request, or every nth', () => {
    expect(hits({ match: { nth: 3 }, fault: status }, 6)).toEqual([3]);
    expect(hits({ match: { every: 2 }, fault: status, times: 2 }, 8)).toEqual([2, 4]);
  });

  it('choose by model and by words of the prompt', () => {
    const book = createFaultBook('s', [
      { match: { model: 'm', promptIncludes: 'world', nth: 2 }, fault: status },
    ]);
    expect(book.next({ model: 'other', prompt: 'world' })).toBeUndefined();
    expect(book.next({ model: 'm', prompt: 'moon' })).toBeUndefined();
    expect(book.next(ask)).toBeUndefined();
    expect(book.next(ask)).toEqual(status);
  });

  it('throw the same dice for the same seed, and about as often as asked', () => {
    const rule: FaultRule = { match: { probability: 0.25 }, fault: status };
    expect(hits(rule, 400)).toEqual(hits(rule, 400));
    expect(hits(rule, 400, 'other')).not.toEqual(hits(rule, 400));
    expect(hits(rule, 400).length).toBeGreaterThan(70);
    expect(hits(rule, 400).length).toBeLessThan(130);
  });

  it('are counted one by one, and the first rule that is due speaks alone', () => {
    const book = createFaultBook('s', [{ match: { nth: 1 }, fault: { kind: 'hang' } }, { fault: status }]);
    expect([book.next(ask)?.kind, book.next(ask)?.kind]).toEqual(['hang', 'status']);
    expect(book.state().map(({ matched, applied }) => ({ matched, applied }))).toEqual([
      { matched: 2, applied: 1 },
      { matched: 1, applied: 1 },
    ]);
    book.clear();
    expect(book.next(ask)).toBeUndefined();
  });

  it('are refused when they say something that would do nothing', () => {
    expect(FaultRules.safeParse([{ fault: { kind: 'status', status: 200 } }]).success).toBe(false);
    expect(FaultRules.safeParse([{ fault: { kind: 'explode' } }]).success).toBe(false);
    expect(FaultRules.safeParse([{ fault: { kind: 'hang', after: 3 } }]).success).toBe(false);
    expect(FaultRules.safeParse([{ match: { nht: 3 }, fault: { kind: 'hang' } }]).success).toBe(false);
  });
});
