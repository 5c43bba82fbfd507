import { createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createReadyList } from './plan/ready-list.ts';
import { createSpread } from './spread.ts';

const listOf = (length: number) => {
  const list = createReadyList();
  for (let index = 0; index < length; index += 1) list.append(String(index), 0);
  return list;
};

describe('the order in which a worker tries tasks', () => {
  it('is that of the queue for a worker that meets nobody', () => {
    const { ids } = createMemoryMachine();
    expect([...createSpread(ids).order(listOf(5).first)]).toEqual(['0', '1', '2', '3', '4']);
  });

  it('Q6: begins elsewhere after collisions, near the front, and still tries every task once', () => {
    const { ids } = createMemoryMachine();
    const spread = createSpread(ids);
    for (let collision = 0; collision < 20; collision += 1) spread.widen();
    const starts = new Set<number>();
    for (let claim = 0; claim < 200; claim += 1) {
      const order = [...spread.order(listOf(1_000).first)].map(Number);
      starts.add(order[0] ?? -1);
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    }
    expect(starts.size).toBeGreaterThan(40);
    expect(Math.max(...starts)).toBeLessThan(64);
  });

  it('Q6: those who take many at a time begin that far apart', () => {
    const { ids } = createMemoryMachine();
    const spread = createSpread(ids);
    for (let collision = 0; collision < 20; collision += 1) spread.widen();
    const starts = new Set<number>();
    for (let claim = 0; claim < 200; claim += 1)
      starts.add(Number(spread.order(listOf(2_000).first, 16).next().value));
    expect([...starts].filter((start) => start % 16 !== 0)).toEqual([]);
    expect(starts.size).toBeGreaterThan(40);
  });

  it('comes back to the order of the queue when nobody is met any more', () => {
    const { ids } = createMemoryMachine();
    const spread = createSpread(ids);
    for (let collision = 0; collision < 3; collision += 1) spread.widen();
    for (let claim = 0; claim < 200; claim += 1) spread.narrow();
    expect(spread.order(listOf(100).first).next().value).toBe('0');
  });
});
