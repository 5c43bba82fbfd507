import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createHashTable } from './hash-table.ts';

it('answers what was set last, and nothing for what never was, also after it was saved and read again', () => {
  const steps = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 1e15 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, fc.nat({ max: 200 }), (all, cut) => {
      let table = createHashTable();
      const model = new Map<string, number>();
      for (const [index, [text, value]] of all.entries()) {
        table.set(text, value);
        model.set(text, value);
        if (index === cut) table = createHashTable(table.save());
      }
      for (const [text, value] of model) expect(table.get(text)).toBe(value);
      expect(table.get('never set')).toBeUndefined();
    }),
  );
});

it('holds many, in order of nothing', () => {
  const table = createHashTable();
  for (let n = 0; n < 30_000; n += 1) table.set(`task-${n % 20_000}`, n);
  const again = createHashTable(table.save());
  expect(again.size).toBe(20_000);
  for (const n of [0, 1, 9_999, 10_000, 19_999])
    expect(again.get(`task-${n}`)).toBe(n < 10_000 ? n + 20_000 : n);
});

it('what was not saved by it is refused', () => {
  expect(() => createHashTable({ keys: 'AAAA', values: '' })).toThrow(RangeError);
  expect(() => createHashTable({ keys: 'AAAAAAAAAAA=', values: '' })).toThrow('as many values');
});
