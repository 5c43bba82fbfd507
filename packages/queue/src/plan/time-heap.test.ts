import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTimeHeap } from './time-heap.ts';

it('gives what falls due in the order of its time, whatever the order in which it came', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (times) => {
      const heap = createTimeHeap();
      for (const at of times) heap.push({ at, id: String(at) });
      const given: number[] = [];
      for (let due = heap.pop(); due !== undefined; due = heap.pop()) given.push(due.at);
      expect(given).toEqual(times.toSorted((a, b) => a - b));
      expect(heap.earliest).toBeUndefined();
    }),
  );
});
