/** Calls whose caller waits no longer: charged at once, and settled by what the provider says all the same (M2). */
import { createMoneyFold } from '@vivarium/contracts';
import { nanoUsd } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import { LATE_MS } from './spend.ts';
import { createGrindWorld, type GrindWorld } from './testing/grind-world.ts';

const moneyOf = (world: GrindWorld) => {
  const fold = createMoneyFold();
  for (const line of [...world.opened(), ...world.caps(), ...world.audit()]) fold.apply(line);
  return fold;
};
const after = (afterMs: number) => ({ script: () => ({ kind: 'answer' as const, afterMs }) });
const hasty = { idempotency_key: 'k', task_id: 't', deadline_ms: 1_000 };

describe('a call that outlasts its caller', () => {
  it('M2: is charged in full in time, and settled for what it cost when the answer comes', async () => {
    const world = createGrindWorld(after(5_000));
    const answer = await world.settled(world.ask(hasty), 1_000);
    const [held] = world.audit();
    if (held?.event !== 'call.held') throw new Error('not held');
    expect(answer).toMatchObject({ code: 'deadline_exceeded', details: { charged: held.held_nano_usd } });
    expect(moneyOf(world).book(true).total).toMatchObject({
      unknown: held.held_nano_usd,
      held: 0,
      settled: 0,
    });
    await world.machine.clock.advanceSettled(5_000);
    const [billed] = world.provider.billed;
    const late = world.audit().at(-1);
    expect(late).toMatchObject({ event: 'API_CALL_SUCCESS', late: true, call_id: held.call_id });
    expect(moneyOf(world).book(true).total).toMatchObject({ unknown: 0, held: 0, calls: 1 });
    expect(moneyOf(world).book(true).total.inputTokens).toBe(billed?.inputTokens);
    expect(moneyOf(world).snapshot().unsettled).toEqual([]);
  });

  it('M3: who asks again under its key waits for it and is answered by it: nothing is paid twice', async () => {
    const world = createGrindWorld(after(5_000));
    await world.settled(world.ask(hasty), 1_500);
    const again = [
      world.ask({ ...hasty, deadline_ms: 60_000 }),
      world.ask({ ...hasty, deadline_ms: 60_000 }),
    ];
    await world.machine.clock.advanceSettled(5_000);
    expect(await Promise.all(again)).toMatchObject([
      { reply: { replayed: true } },
      { reply: { replayed: true } },
    ]);
    expect(world.provider.requests).toHaveLength(1);
  });

  it('M3: one that hangs is waited for half of the time of who asks again, then cut and made anew', async () => {
    const world = createGrindWorld({
      script: (_request, call) => (call === 1 ? { kind: 'hang' } : { kind: 'answer', afterMs: 10 }),
    });
    await world.settled(world.ask(hasty), 1_000);
    const again = world.ask({ ...hasty, deadline_ms: 10_000 });
    await world.machine.clock.advanceSettled(4_000);
    expect(world.provider.requests).toHaveLength(1);
    await world.machine.clock.advanceSettled(1_100);
    expect(await again).toMatchObject({ kind: 'reply', reply: { replayed: false } });
    expect(world.events()).toEqual(['call.held', 'call.usage-unknown', 'call.held', 'API_CALL_SUCCESS']);
  });

  it('S9: an order that was given while it was waited for is obeyed', async () => {
    const world = createGrindWorld({
      script: (_request, call) => (call === 1 ? { kind: 'hang' } : { kind: 'answer' }),
    });
    await world.settled(world.ask(hasty), 1_000);
    const again = world.ask({ ...hasty, deadline_ms: 10_000 });
    await world.machine.clock.advanceSettled(1_000);
    world.control.change({ verb: 'pause', actor: 'operator', reason: 'lunch' });
    await world.machine.clock.advanceSettled(10_000);
    expect(await again).toMatchObject({ code: 'paused' });
    expect(world.provider.requests).toHaveLength(1);
  });

  it('S3: is cut by HALT, and stays charged', async () => {
    const world = createGrindWorld(after(20_000));
    await world.settled(world.ask(hasty), 1_000);
    expect(world.desk.calls.underWay).toHaveLength(1);
    world.control.change({ verb: 'halt', actor: 'operator', reason: 'fire drill' });
    await world.machine.clock.advanceSettled(1_000);
    expect(world.desk.calls.underWay).toHaveLength(0);
    await world.machine.clock.advanceSettled(60_000);
    expect(world.events()).toEqual(['call.held', 'call.usage-unknown']);
  });

  it('is not waited for by a grind that leaves', async () => {
    const world = createGrindWorld(after(20_000));
    await world.settled(world.ask(hasty), 1_000);
    world.desk.calls.close();
    let isIdle = false;
    void world.desk.calls.idle().then(() => (isIdle = true));
    await world.machine.clock.advanceSettled(10);
    expect(isIdle).toBe(true);
  });

  it('M2: what the provider never tells stays charged, and is listened to no longer than that', async () => {
    const silent = createGrindWorld({ script: () => ({ kind: 'hang' }) });
    await silent.settled(silent.ask(hasty), 1_000);
    await silent.machine.clock.advanceSettled(LATE_MS + 1_000);
    expect(silent.events()).toEqual(['call.held', 'call.usage-unknown']);
    expect(silent.desk.calls.underWay).toHaveLength(0);
    expect(moneyOf(silent).book(true).total.unknown).toBeGreaterThan(0);
  });

  it('M2: a grind that dies while it listens leaves it charged', async () => {
    const world = createGrindWorld(after(5_000));
    await world.settled(world.ask(hasty), 1_000);
    const next = createGrindWorld({ after: world });
    await next.machine.clock.advanceSettled(10_000);
    expect(next.events()).toEqual(['call.held', 'call.usage-unknown']);
    expect(moneyOf(next).book(true).total.unknown).toBeGreaterThan(0);
  });

  it('Q11: callers in haste open no circuit breaker when the provider answers within half a minute; one that stays silent longer does', async () => {
    const breaker = { failures: 5, windowMs: 300_000, spend: nanoUsd(100_000_000_000) };
    const askSix = (world: GrindWorld) =>
      Promise.all(Array.from({ length: 6 }, () => world.settled(world.ask({ deadline_ms: 100 }), 200)));
    const slow = createGrindWorld({ breaker, ...after(5_000) });
    await askSix(slow);
    await slow.machine.clock.advanceSettled(10_000);
    expect(slow.desk.breakers.circuits()).toMatchObject([{ state: 'closed', calls: 6, failures: 0 }]);
    const silent = createGrindWorld({ breaker, script: () => ({ kind: 'hang' }) });
    await askSix(silent);
    expect(silent.desk.breakers.views()).toEqual([]);
    await silent.machine.clock.advanceSettled(LATE_MS + 1_000);
    expect(silent.desk.breakers.views()).toMatchObject([{ state: 'open' }]);
  });
});
