import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, clockTime, modelName, short, workerName } from './format.ts';
import { rowAt, topOfRow } from './use-window.ts';

describe('how figures are written', () => {
  it('ages in the unit one would say', () => {
    expect([-5, 900, 59_999, 60_000, 3_599_999, 3_600_000, 172_800_000].map(age)).toEqual([
      '0 s',
      '0 s',
      '59 s',
      '1 min',
      '59 min',
      '1 h',
      '2 d',
    ]);
  });
  it('tokens short, and exact while they are few', () => {
    expect([0, 9_999, 12_400, 3_400_000].map(short)).toEqual(['0', '9,999', '12.4k', '3.4M']);
  });
  it('what is no time is shown as it stands', () => {
    expect(clockTime('yesterday')).toBe('yesterday');
    expect(clockTime('2026-11-23T10:00:00.123Z')).toMatch(/^\d\d:00:00\.123$/);
  });
  it('names without what all of them share', () => {
    expect([
      modelName('openai/gpt-oss-20b'),
      modelName('llama'),
      workerName('worker_ab'),
      workerName('grind'),
    ]).toEqual(['gpt-oss-20b', 'llama', 'ab', 'grind']);
  });
});

describe('rows of a windowed list', () => {
  it('every height belongs to the row that is drawn there, opened rows included', () => {
    const opened = fc.uniqueArray(fc.record({ index: fc.nat(99), extra: fc.nat(500) }), {
      selector: ({ index }) => index,
      maxLength: 5,
    });
    fc.assert(
      fc.property(opened, fc.nat(99), fc.nat(29), (rows, index, within) => {
        expect(rowAt(topOfRow(index, 30, rows) + within, 100, 30, rows)).toBe(index);
      }),
    );
  });
  it('above the first and below the last are the first and the last', () => {
    expect([rowAt(-10, 5, 30, []), rowAt(10_000, 5, 30, []), rowAt(0, 0, 30, [])]).toEqual([0, 4, 0]);
  });
});
