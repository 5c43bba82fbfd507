/** The circuit breaker where calls are made: who waits, who tries, what is recorded, what a restart finds. */
import { ApiAuditLine } from '@vivarium/contracts';
import { nanoUsd } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import type { Script } from '@vivarium/model/testing';
import type { Refusal } from './refusal.ts';
import { createGrindWorld, type GrindWorld, type GrindWorldOptions } from './testing/grind-world.ts';

const breaker = { failures: 5, windowMs: 300_000, spend: nanoUsd(100_000_000_000) };
const MODEL = 'llama-3.1-8b-instant';
const down = { kind: 'status', status: 500 } as const;
const answers = { kind: 'answer' } as const;
const events = (world: GrindWorld): readonly string[] =>
  world
    .audit()
    .map(({ event }) => event)
    .filter((event) => event.startsWith('breaker.'));

/** A world whose upstream is down until it is told otherwise, with its breaker just opened. */
async function opened(options: GrindWorldOptions = {}): Promise<{ readonly world: GrindWorld; up(): void }> {
  let isUp = false;
  const world = createGrindWorld({ ...options, breaker, script: () => (isUp ? answers : down) });
  for (let asked = 0; asked < 2; asked += 1) await world.settled(world.ask({ task_id: `t${asked}` }), 5_000);
  return { world, up: () => void (isUp = true) };
}

/** Asked and answered at once: a minute later its time would be over. */
async function refused(world: GrindWorld, taskId: string): Promise<Refusal> {
  const answer = await world.settled(world.ask({ task_id: taskId }), 10);
  if (answer.kind !== 'refusal') throw new Error('not refused');
  return answer;
}

describe('circuit breaker', () => {
  it('Q11: opens at five failed tries in a row, and from then on callers are told to wait, without a call and without a hold', async () => {
    const { world } = await opened();
    expect(events(world)).toEqual(['breaker.opened']);
    const calls = world.provider.requests.length;
    expect(calls).toBe(5);
    const refusal = await refused(world, 'next');
    expect(refusal).toMatchObject({
      code: 'circuit_open',
      remedy: 'wait',
      message: expect.stringContaining('Consecutive failure threshold exceeded: 5 failures') as string,
    });
    expect(refusal.details.retryAfterMs).toBeGreaterThan(0);
    expect(world.provider.requests).toHaveLength(calls);
    expect(world.audit().filter(({ event }) => event === 'call.held')).toHaveLength(calls);
    expect(world.desk.breakers.views()).toMatchObject([{ model: MODEL, state: 'open', trips: 1 }]);
    expect(JSON.stringify(world.actions())).toContain('breaker.opened');
  });
  it('after its time one call is let through: by its success it closes, and the others go on', async () => {
    const { world, up } = await opened();
    up();
    await world.machine.clock.advanceSettled(20_000);
    await world.reply({ task_id: 'a' });
    await world.reply({ task_id: 'b' });
    expect(events(world)).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.closed']);
    expect(world.desk.breakers.views()).toEqual([]);
  });
  it('M6, Q11: an admission that throws is not the one call, and gives its place before the provider back', async () => {
    let isBroken = false;
    const { world, up } = await opened({
      dayCap: () => {
        if (isBroken) throw new Error('the caps cannot be looked up');
        return nanoUsd(Number.MAX_SAFE_INTEGER);
      },
    });
    up();
    await world.machine.clock.advanceSettled(20_000);
    isBroken = true;
    for (const task_id of ['a', 'b', 'c'])
      await expect(world.ask({ task_id })).rejects.toThrow('the caps cannot be looked up');
    expect(world.desk.pacing.views()).toMatchObject([{ under_way: 0 }]);
    isBroken = false;
    await world.reply({ task_id: 'd' });
    expect(world.desk.breakers.views()).toEqual([]);
  });
  it('by its failure it opens for longer', async () => {
    const { world } = await opened();
    await world.machine.clock.advanceSettled(20_000);
    await world.settled(world.ask({ task_id: 'a' }), 60_000);
    expect(events(world)).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.opened']);
    expect(world.desk.breakers.views()).toMatchObject([{ trips: 2 }]);
  });
  it('is of one model: the others are asked', async () => {
    const { world, up } = await opened();
    up();
    expect(await world.settled(world.ask({ model: 'llama-3.3-70b-versatile' }), 10)).toMatchObject({
      kind: 'reply',
    });
    expect(await refused(world, 'x')).toMatchObject({ code: 'circuit_open' });
  });
  it('calls that were under way when it opened do not decide for the one that tries it', async () => {
    const scripts: Readonly<Record<string, ReturnType<Script>>> = {
      slow: { kind: 'answer', afterMs: 600_000 },
      probe: { kind: 'answer', afterMs: 10_000 },
      fails: down,
    };
    const world = createGrindWorld({ breaker, script: ({ prompt }) => scripts[prompt] ?? answers });
    const slow = world.ask({ prompt: 'slow', task_id: 'slow', round: 1 });
    for (let asked = 0; asked < 2; asked += 1)
      await world.settled(world.ask({ prompt: 'fails', task_id: `t${asked}` }), 5_000);
    expect(events(world)).toEqual(['breaker.opened']);
    await world.machine.clock.advanceSettled(20_000);
    const probe = world.ask({ prompt: 'probe', task_id: 'probe' });
    await world.machine.clock.advanceSettled(10);
    expect(world.desk.breakers.views()).toMatchObject([{ state: 'half-open' }]);
    expect(world.desk.calls.cancel('slow', 1)).toBe(1);
    expect(await world.settled(slow, 10)).toMatchObject({ kind: 'refusal' });
    const calls = world.provider.requests.length;
    expect(await refused(world, 'second')).toMatchObject({ code: 'circuit_open' });
    expect(world.provider.requests).toHaveLength(calls);
    expect(await world.settled(probe, 10_000)).toMatchObject({ kind: 'reply' });
    expect(events(world)).toEqual(['breaker.opened', 'breaker.half-opened', 'breaker.closed']);
  });
  it('is reset with a reason, which is recorded with who gave it', async () => {
    const { world, up } = await opened();
    up();
    expect(world.desk.breakers.reset('no such model', 'x', 'operator')).toEqual([]);
    expect(world.desk.breakers.reset(MODEL, 'the upstream says it is well', 'operator')).toEqual([MODEL]);
    await world.reply({ task_id: 'a' });
    expect(world.audit().find(({ event }) => event === 'breaker.reset')).toMatchObject({
      user: 'operator',
      model: MODEL,
      reason: 'the upstream says it is well',
    });
  });
  it('a restart neither forgets an open breaker nor keeps it open longer than its rules say', async () => {
    const { world } = await opened();
    const again = createGrindWorld({ breaker, after: world });
    expect(again.desk.breakers.views()).toMatchObject([
      { model: MODEL, state: 'open', why: 'Consecutive failure threshold exceeded: 5 failures' },
    ]);
    expect(await refused(again, 'x')).toMatchObject({ code: 'circuit_open' });
    await again.machine.clock.advanceSettled(breaker.windowMs);
    await again.reply({ task_id: 'x' });
    expect(again.desk.breakers.views()).toEqual([]);
    const third = createGrindWorld({ breaker, after: again });
    expect(third.desk.breakers.views()).toEqual([]);
  });
  it('its lines are lines of the log of money, and count nothing there', async () => {
    const { world } = await opened();
    const line = world.audit().find(({ event }) => event === 'breaker.opened');
    expect(ApiAuditLine.parse(line)).toMatchObject({
      upstream: 'simulator',
      model: MODEL,
      simulated: true,
      trips: 1,
    });
  });
  it('says what it has counted, of each model that was asked, and what it opens at', async () => {
    const world = createGrindWorld({
      breaker,
      script: (_request, call) => (call === 1 ? down : answers),
    });
    await world.reply();
    await world.reply({ model: 'llama-3.3-70b-versatile' });
    const spent = (model: string): number =>
      world
        .audit()
        .reduce(
          (sum, line) =>
            sum + (line.event === 'API_CALL_SUCCESS' && line.model === model ? (line.cost_nano_usd ?? 0) : 0),
          0,
        );
    const limits = { window_ms: 300_000, opens_at_failures: 5, opens_at_nano_usd: 100_000_000_000 };
    expect(world.desk.breakers.circuits()).toMatchObject([
      {
        model: MODEL,
        state: 'closed',
        calls: 2,
        failures: 1,
        failures_in_a_row: 0,
        spent_nano_usd: spent(MODEL),
        ...limits,
      },
      {
        model: 'llama-3.3-70b-versatile',
        calls: 1,
        failures: 0,
        spent_nano_usd: spent('llama-3.3-70b-versatile'),
      },
    ]);
    world.machine.clock.advance(301_000);
    expect(world.desk.breakers.circuits()).toMatchObject([
      { calls: 0, failures: 0, spent_nano_usd: 0 },
      { calls: 0 },
    ]);
  });

  it('opens when more is spent in the window than the threshold says', async () => {
    const world = createGrindWorld({ breaker: { ...breaker, spend: nanoUsd(1) } });
    await world.settled(world.ask({ task_id: 'a' }), 10);
    expect(await refused(world, 'b')).toMatchObject({
      code: 'circuit_open',
      message: expect.stringContaining('Cost threshold exceeded') as string,
    });
  });
});
