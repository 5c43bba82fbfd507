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
  wasReset,
  type CallEnd,
  type Circuit,
} from './circuit.ts';

const rules = { failures: 5, windowMs: 300_000, spend: nanoUsd(100_000_000_000) };
const failed: CallEnd = { kind: 'failed', cost: zeroUsd };
const succeeded: CallEnd = { kind: 'succeeded', cost: nanoUsd(1_000) };
const neither: CallEnd = { kind: 'neither', cost: zeroUsd };
const after = (ends: readonly CallEnd[], from: Circuit = CLOSED, stepMs = 10): Circuit =>
  ends.reduce(
    (circuit, end, index) => afterCall(circuit, circuit.turn, end, 1_000 + index * stepMs, rules),
    from,
  );
/** With the one call under way. */
const probing = (opened: Circuit): Circuit => tryCall(opened, opened.until).circuit;
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
    const probe = probing(opened);
    expect(probe).toMatchObject({ state: 'half-open', isProbing: true });
    expect(tryCall(probe, opened.until + 1)).toMatchObject({ may: false });
    expect(afterCall(probe, probe.turn, succeeded, opened.until + 9, rules).state).toBe('closed');
    const again = afterCall(probe, probe.turn, failed, opened.until + 9, rules);
    expect(again).toMatchObject({ state: 'open', trips: 2 });
    expect(again.until - (opened.until + 9)).toBe(2 * FIRST_OPEN_MS);
    expect(
      tryCall(afterCall(probe, probe.turn, neither, opened.until + 9, rules), opened.until + 9),
    ).toMatchObject({ may: true });
  });
  it('a call from before it opened is not the one that decides, however it ends, and costs what it cost', () => {
    const opened = after(times(5, failed));
    const probe = probing(opened);
    for (const end of [failed, succeeded, neither]) {
      const told = afterCall(probe, CLOSED.turn, end, opened.until + 9, rules);
      expect(told).toMatchObject({ state: 'half-open', isProbing: true });
      expect(tryCall(told, opened.until + 10).may).toBe(false);
      expect(afterCall(told, probe.turn, succeeded, opened.until + 11, rules).state).toBe('closed');
    }
    let closed = afterCall(probe, probe.turn, succeeded, opened.until + 9, rules);
    for (let late = 0; late < 5; late += 1)
      closed = afterCall(closed, CLOSED.turn, failed, opened.until + 20, rules);
    expect(closed).toMatchObject({ state: 'closed', inARow: 0 });
    const dear: CallEnd = { kind: 'failed', cost: rules.spend };
    expect(afterCall(closed, CLOSED.turn, dear, opened.until + 30, rules).why).toContain('Cost threshold');
  });
  it('after a reset, what was under way says nothing of what comes after', () => {
    const opened = after(times(5, failed));
    const probe = probing(opened);
    let closed = wasReset(probe);
    for (const turn of [CLOSED.turn, CLOSED.turn, opened.turn, probe.turn, probe.turn])
      closed = afterCall(closed, turn, failed, opened.until + 9, rules);
    expect(closed).toMatchObject({ state: 'closed', inARow: 0 });
  });
  it('stays open for twice as long each time, up to the window', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((trips) => openMs(trips, rules) / 1_000)).toEqual([
      15, 30, 60, 120, 240, 300, 300,
    ]);
  });
  it('whatever happens, also with calls that outlive the turn they began in, at most one is let through while it is not closed, its success closes, and it is never open for ever', () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 60_000 }),
      what: fc.constantFrom('call', 'call', 'call', 'end', 'end', 'reset'),
      which: fc.nat(),
      end: fc.constantFrom<CallEnd>(failed, failed, succeeded, neither),
    });
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        let circuit: Circuit = CLOSED;
        let now = 0;
        let underWay: readonly { readonly turn: number; readonly isProbe: boolean }[] = [];
        let probes = 0;
        for (const { ms, what, which, end } of steps) {
          now += ms;
          if (what === 'call') {
            const answer = tryCall(circuit, now);
            circuit = answer.circuit;
            if (!answer.may) continue;
            const isProbe = circuit.state !== 'closed';
            underWay = [...underWay, { turn: answer.turn, isProbe }];
            probes += isProbe ? 1 : 0;
            expect(probes).toBeLessThanOrEqual(1);
          } else if (what === 'reset') {
            if (circuit.state === 'closed') continue;
            circuit = wasReset(circuit);
            underWay = underWay.map(({ turn }) => ({ turn, isProbe: false }));
            probes = 0;
          } else if (underWay.length > 0) {
            const at = which % underWay.length;
            const { turn, isProbe } = underWay[at] ?? { turn: -1, isProbe: false };
            underWay = underWay.filter((_, index) => index !== at);
            const before = circuit.state;
            circuit = afterCall(circuit, turn, end, now, rules);
            if (isProbe) {
              probes = 0;
              const next = { succeeded: 'closed', failed: 'open', neither: 'half-open' } as const;
              expect(circuit.state).toBe(next[end.kind]);
            } else if (before !== 'closed') {
              expect(circuit.state).toBe(before);
              seen.add(`late in ${before}`);
            }
            if (isProbe) seen.add(`probe ${end.kind}`);
          }
          if (circuit.state === 'open') expect(circuit.until - now).toBeLessThanOrEqual(rules.windowMs);
        }
        if (circuit.state === 'open') expect(tryCall(circuit, now + rules.windowMs).may).toBe(true);
      }),
      { numRuns: 1_000 },
    );
    expect([...seen].toSorted()).toEqual([
      'late in half-open',
      'late in open',
      'probe failed',
      'probe neither',
      'probe succeeded',
    ]);
  });
  it('goes on where an earlier process left it', () => {
    const circuit = reopened('it was so', 3, 500);
    expect(tryCall(circuit, 499)).toMatchObject({ may: false, waitMs: 1 });
    const probe = probing(circuit);
    expect(afterCall(probe, probe.turn, failed, 500, rules)).toMatchObject({
      state: 'open',
      trips: 4,
    });
  });
});
