import type { ActionRow } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LogItem, MOST_ITEMS, placeStretch } from './log-items.ts';

const row = (from: number, to = from + 10): ActionRow => ({
  kind: 'unreadable',
  from,
  to,
  why: 'for the test',
});
const rowsOf = (from: number, to: number): readonly ActionRow[] =>
  Array.from({ length: (to - from) / 10 }, (_, index) => row(from + index * 10));
const stretch = (from: number, to: number, rowsFrom = from) => ({
  from,
  to,
  rowsFrom,
  rows: rowsOf(rowsFrom, to),
});
const told = (items: readonly LogItem[]): readonly string[] =>
  items.map((item) => (item.kind === 'gap' ? `gap ${item.from}-${item.to}` : `${item.from}`));

describe('the action log of the page', () => {
  it('W1: lines before the first page are a gap, and the page follows it', () => {
    expect(told(placeStretch([], stretch(0, 40, 20)))).toEqual(['gap 0-20', '20', '30']);
  });

  it('W1: what a delta left out is a gap between what was there and what came', () => {
    expect(told(placeStretch(placeStretch([], stretch(0, 20)), stretch(20, 60, 40)))).toEqual([
      '0',
      '10',
      'gap 20-40',
      '40',
      '50',
    ]);
  });

  it('W1: the end of a gap is filled first and the rest stays a gap', () => {
    const items = placeStretch([], stretch(0, 60, 40));
    expect(told(placeStretch(items, stretch(0, 40, 20)))).toEqual(['gap 0-20', '20', '30', '40', '50']);
  });

  it('W2: the same stretch twice changes nothing', () => {
    const once = placeStretch(placeStretch([], stretch(0, 30)), stretch(30, 50));
    expect(placeStretch(once, stretch(30, 50))).toEqual(once);
    expect(placeStretch(once, stretch(10, 40))).toEqual(once);
  });

  it('W1, W2: any order of stretches of one file ends in the same rows, each once', () => {
    const pieces = Array.from({ length: 12 }, (_, index) => stretch(index * 20, index * 20 + 20));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(pieces, { minLength: 12 }),
        fc.array(fc.constantFrom(...pieces), { maxLength: 6 }),
        (order, again) => {
          const items = [...order, ...again].reduce<readonly LogItem[]>(
            (before, piece) => placeStretch(before, piece),
            [],
          );
          expect(told(items)).toEqual(rowsOf(0, 240).map((each) => String(each.from)));
        },
      ),
    );
  });

  it('lets the oldest rows go and says that they are there', () => {
    const items = placeStretch([], stretch(0, (MOST_ITEMS + 10) * 10));
    expect(items.length).toBeLessThan(MOST_ITEMS);
    expect(items[0]).toMatchObject({ kind: 'gap', from: 0, to: items[1]?.from });
  });
});
