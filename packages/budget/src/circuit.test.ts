/** The circuit breaker: what opens it, what closes it, and what never happens. */
import { nanoUsd, zeroUsd } from '@vivarium/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterCall,
  CLOSED,
  FIRST_OPEN_MS,
  openMs,
  reopened,
  tryCall,
  type CallEnd,
  type Circuit,
} from './circuit.ts';

const rules = { failures: 5, windowMs: 300_000, spend: nanoUsd(100_000_000_000) };
const failed: CallEnd = { kind: 'failed', cost: zeroUsd };
const succeeded: CallEnd = { kind: 'succeeded', cost: nanoUsd(1_000) };
const neither: CallEnd = { kind: 'neither', cost: zeroUsd };
const after = (ends: readonly CallEnd[], from: Circuit = CLOSED, stepMs = 10): Circuit =>
  ends.reduce((circuit, end, index) => afterCall(circuit, end, 1_000 + index * stepMs, rules), from);
const times = (count: number, end: CallEnd): readonly CallEnd[] => Array.from({ length: count }, () => end);

describe('circuit', () => {
  it('opens at five failures in a row, in the words of the seed, and not at four, nor when a success comes between', () => {
    expect(after(times(4, failed)).state).toBe('closed');
    expect(after(times(5, failed))).toMatchObject({
      state: 'open',
      why: 'Consecutive failure threshold exceeded: 5 failures',
    });
    expect(after([...times(4, failed), ...times(20, succeeded), ...times(4, failed)]).state).toBe('closed');
  });
  it('opens when half of the calls of the window fail, and not when one in a hundred does', () => {
    expect(after(Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? failed : succeeded)))).toMatchObject({
      state: 'open',
      why: 'Failure rate exceeded: 5 failures in 300s',
    });
    expect(after(Array.from({ length: 5_000 }, (_, n) => (n % 100 === 0 ? failed : succeeded))).state).toBe(
      'closed',
    );
  });
  it('failures that have left the window count no more', () => {
    const slow = Array.from({ length: 30 }, (_, n) => (n % 3 === 2 ? succeeded : failed));
    expect(after(slow, CLOSED, 90_000).state).toBe('closed');
  });
  it('opens when more is spent in the window than the threshold, and not when it is spread over more', () => {
    const dear: CallEnd = { kind: 'succeeded', cost: nanoUsd(30_000_000_000) };
    expect(after(times(4, dear))).toMatchObject({
      state: 'open',
      why: 'Cost threshold exceeded: $120.00 >= $100.00',
    });
    expect(after(times(20, dear), CLOSED, 120_000).state).toBe('closed');
  });
  it('what was cut by us or refused for what it asked says nothing of the upstream', () => {
    expect(after(times(50, neither))).toMatchObject({ state: 'closed', inARow: 0 });
    expect(after([...times(4, failed), neither, failed]).state).toBe('open');
  });
  it('open lets nobody through until its time, then one, and that one decides', () => {
    const opened = after(times(5, failed));
    const early = tryCall(opened, opened.until - 1);
    expect(early).toMatchObject({ may: false, waitMs: 1 });
    const probe = tryCall(opened, opened.until);
    expect(probe).toMatchObject({ may: true, circuit: { state: 'half-open', isProbing: true } });
    expect(tryCall(probe.circuit, opened.until + 1)).toMatchObject({ may: false });
    expect(afterCall(probe.circuit, succeeded, opened.until + 9, rules).state).toBe('closed');
    const again = afterCall(probe.circuit, failed, opened.until + 9, rules);
    expect(again).toMatchObject({ state: 'open', trips: 2 });
    expect(again.until - (opened.until + 9)).toBe(2 * FIRST_OPEN_MS);
    expect(
      tryCall(afterCall(probe.circuit, neither, opened.until + 9, rules), opened.until + 9),
    ).toMatchObject({ may: true });
  });
  it('stays open for twice as long each time, up to the window', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((trips) => openMs(trips, rules) / 1_000)).toEqual([
      15, 30, 60, 120, 240, 300, 300,
    ]);
  });
  it('whatever happens, at most one call is let through while it is not closed, and it is never open for ever', () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 60_000 }),
      end: fc.constantFrom<CallEnd>(failed, succeeded, neither),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let circuit: Circuit = CLOSED;
        let now = 0;
        let underWay = 0;
        for (const { ms, end } of steps) {
          now += ms;
          const answer = tryCall(circuit, now);
          circuit = answer.circuit;
          if (answer.may) underWay += 1;
          if (circuit.state === 'half-open') expect(underWay).toBeLessThanOrEqual(1);
          if (!answer.may || end === neither || ms % 3 > 0) {
            if (underWay === 0) continue;
            circuit = afterCall(circuit, end, now, rules);
            underWay -= 1;
          } else if (circuit.state === 'closed') {
            underWay -= 1;
            circuit = afterCall(circuit, end, now, rules);
          }
          if (circuit.state === 'open') expect(circuit.until - now).toBeLessThanOrEqual(rules.windowMs);
        }
        if (circuit.state === 'open') expect(tryCall(circuit, now + rules.windowMs).may).toBe(true);
      }),
    );
  });
  it('goes on where an earlier process left it', () => {
    const circuit = reopened('it was so', 3, 500);
    expect(tryCall(circuit, 499)).toMatchObject({ may: false, waitMs: 1 });
    expect(afterCall(tryCall(circuit, 500).circuit, failed, 500, rules)).toMatchObject({
      state: 'open',
      trips: 4,
    });
  });
});
