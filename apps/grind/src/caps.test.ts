import { createMoneyFold, homeIdOf, type ApiAuditLine } from '@vivarium/contracts';
import { nanoUsd, VivariumError, zeroUsd } from '@vivarium/core';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createCallLines } from './call-lines.ts';
import { createCaps } from './caps.ts';
import { readOrder } from './order.ts';
import { ADMIN } from './principal.ts';
import { createGrindWorld } from './testing/grind-world.ts';

const BOTH_BOOKS = [true, false];

describe('caps', () => {
  it('M1: what a run announced is in the record before its first hold, once', async () => {
    const world = createGrindWorld({
      announced: (runId) => ({
        run_cap_nano_usd: runId === 'run_1' ? 5_000_000 : 7_000_000,
        simulated: true,
      }),
    });
    await world.reply();
    await world.reply();
    await world.reply({ run_id: 'run_2' });
    expect(world.opened()).toMatchObject([
      { run_id: 'run_1', cap_nano_usd: 5_000_000, cap: 0.005, simulated: true, user: 'admin', role: 'admin' },
      { run_id: 'run_2', cap_nano_usd: 7_000_000 },
    ]);
    const lines = world.record
      .tail('apiAudit')
      .read()
      .entries.map((entry) =>
        entry.kind === 'line' ? (entry.value as { event: string }).event : 'unreadable',
      );
    expect(lines.slice(0, 3)).toEqual(['run.opened', 'cap.set', 'call.held']);
  });

  it('M1: a call whose new cap cannot be recorded is refused and holds nothing, and the operator is told', async () => {
    let dayCap = nanoUsd(5_000_000);
    const world = createGrindWorld({ dayCap: () => dayCap });
    await world.reply();
    const before = world.audit().length;
    dayCap = nanoUsd(4_000_000);
    let writes = 0;
    const stop = world.machine.files.intercept((operation, path) => {
      if (operation !== 'append' || !path.endsWith('api_audit.log')) return;
      writes += 1;
      if (writes === 1) throw new VivariumError('record_unwritable', 'full', { remedy: { kind: 'retry' } });
    });
    expect(await world.refusal()).toMatchObject({ code: 'record_unwritable' });
    stop();
    expect(world.audit()).toHaveLength(before);
    expect(world.diagnostics.join()).toContain('record_unwritable');
    await world.reply();
    expect(world.caps().at(-1)).toMatchObject({ scope: 'day', cap_nano_usd: 4_000_000 });
  });

  it('M1: what is about to be held counts until that is over, which may be said twice', () => {
    const { clock, ids } = createMemoryMachine();
    const money = createMoneyFold();
    const write = (line: ApiAuditLine): void => money.apply(line);
    const caps = createCaps({
      budget: { money, write, commit: async (line) => write(line) },
      lines: createCallLines({ clock, ids }),
      announced: () => ({ run_cap_nano_usd: 1_000, simulated: true }),
      limits: { directCap: nanoUsd(1_000), dayCap: nanoUsd(1_000) },
      simulated: true,
      onUnwritable: () => undefined,
    });
    const order = readOrder(
      { prompt: 'p', task_id: 't', run_id: 'r' },
      { principal: ADMIN, requestId: 'req', receivedAt: 0, onGone: () => undefined },
      {
        home: homeIdOf('/home'),
        directRunId: () => 'direct_',
        defaultModel: 'llama-3.1-8b-instant',
        defaultDeadlineMs: 1_000,
        provider: 'simulator',
        simulated: true,
      },
    );
    const at = clock.now().toISOString();
    const committed = (): unknown => {
      const over = caps.over(order, at, zeroUsd);
      return 'kind' in over ? over : Object.fromEntries(over.map((cap) => [cap.name, cap.committed]));
    };
    expect(caps.openRun(order)).toBeUndefined();
    const endFirst = caps.holding(order, at, nanoUsd(300));
    const endSecond = caps.holding(order, at, nanoUsd(40));
    expect(committed()).toEqual({ task: 340, run: 340, day: 340 });
    endFirst();
    endFirst();
    expect(committed()).toEqual({ task: 40, run: 40, day: 40 });
    endSecond();
    expect(committed()).toEqual({ task: 0, run: 0, day: 0 });
  });

  it('M1: each run is held to its own cap', async () => {
    const world = createGrindWorld({
      announced: (runId) => ({ run_cap_nano_usd: runId === 'poor' ? 10 : 5_000_000, simulated: true }),
    });
    expect(await world.refusal({ run_id: 'poor' })).toMatchObject({
      code: 'deferred',
      details: { reason: 'run_budget' },
    });
    expect(await world.reply({ run_id: 'rich' })).toMatchObject({ status: 'completed' });
  });

  it('a run keeps its cap when grind starts anew, also when its announcement is gone', async () => {
    const first = createGrindWorld({ runCap: nanoUsd(5_000_000) });
    await first.reply();
    const second = createGrindWorld({ after: first, announced: () => undefined });
    expect(await second.reply()).toMatchObject({ status: 'completed' });
    expect(second.opened()).toHaveLength(1);
  });

  it('M1, S1: a run that nobody announced spends nothing, and the provider is not asked', async () => {
    const world = createGrindWorld({ announced: () => undefined });
    expect(await world.refusal()).toMatchObject({ code: 'unknown_run', remedy: 'stop' });
    expect(world.provider.requests).toHaveLength(0);
    expect([...world.opened(), ...world.audit(), ...world.gateLines()]).toEqual([]);
  });

  it.each(BOTH_BOOKS)(
    'M5: a run begun for the other book is not opened (this grind simulated: %s)',
    async (simulated) => {
      const world = createGrindWorld({
        simulated,
        announced: () => ({ run_cap_nano_usd: 5_000_000, simulated: !simulated }),
      });
      expect(await world.refusal()).toMatchObject({ code: 'unknown_run' });
      expect(world.provider.requests).toHaveLength(0);
    },
  );

  it('M5: a run that is open in one book is not therefore open in the other', async () => {
    const announced = () => ({ run_cap_nano_usd: 5_000_000, simulated: true });
    const simulated = createGrindWorld({ announced });
    await simulated.reply();
    const real = createGrindWorld({ after: simulated, simulated: false, announced });
    expect(await real.refusal()).toMatchObject({ code: 'unknown_run' });
  });

  it('M1: direct requests share one cap for the day, whichever grind of the home answers', async () => {
    const costly = { script: () => ({ kind: 'malformed' as const }), runCap: nanoUsd(250_000) };
    const first = createGrindWorld(costly);
    await first.refusal({ run_id: undefined });
    const second = createGrindWorld({ ...costly, after: first });
    await second.refusal({ run_id: undefined });
    const third = createGrindWorld({ ...costly, after: second });
    expect(await third.refusal({ run_id: undefined })).toMatchObject({
      code: 'deferred',
      details: { reason: 'run_budget' },
    });
    const day = third.machine.clock.now().toISOString().slice(0, 10);
    expect(third.opened()).toMatchObject([{ run_id: `direct_${day}`, cap_nano_usd: 250_000 }]);
    third.machine.clock.setWall(new Date(third.machine.clock.now().getTime() + 86_400_000));
    expect(await third.refusal({ run_id: undefined })).toMatchObject({ code: 'provider_failed' });
  });

  it('a cap that the operator changed is recorded before it counts', async () => {
    const first = createGrindWorld({ runCap: nanoUsd(400_000) });
    await first.reply({ run_id: undefined });
    const second = createGrindWorld({ after: first, runCap: nanoUsd(500_000) });
    await second.reply({ run_id: undefined });
    await second.reply({ run_id: undefined });
    expect(second.opened().map((line) => line.cap_nano_usd)).toEqual([400_000, 500_000]);
    const fold = createMoneyFold();
    for (const line of second.opened()) fold.apply(line);
    expect(fold.book(true).capOf('run', second.opened()[0]?.run_id ?? '')).toBe(500_000);
  });

  it('a caller cannot name the run of the direct requests, of this day or another', async () => {
    const world = createGrindWorld();
    for (const run_id of ['direct_2020-01-01', 'direct_'])
      expect(await world.refusal({ run_id })).toMatchObject({ code: 'unknown_run' });
  });

  it('M1: a run announced at more than the direct cap lends none of it to direct requests, and takes none of theirs', async () => {
    const world = createGrindWorld({
      runCap: nanoUsd(10),
      announced: () => ({ run_cap_nano_usd: 5_000_000, simulated: true }),
    });
    const overDirectCap = { code: 'deferred', details: { reason: 'run_budget' } };
    expect(await world.refusal({ run_id: undefined, max_budget: 1 })).toMatchObject(overDirectCap);
    expect(await world.reply({ run_id: 'rich', max_budget: 1 })).toMatchObject({ status: 'completed' });
    expect(await world.refusal({ run_id: undefined, max_budget: 1 })).toMatchObject(overDirectCap);
    expect(world.provider.requests.map((request) => request.runId)).toEqual(['rich']);
  });

  it('M1: a run is held to the cap it was opened at, whatever is announced under its name later', async () => {
    let cap = 5_000_000;
    const announced = () => ({ run_cap_nano_usd: cap, simulated: true });
    const first = createGrindWorld({ announced });
    await first.reply();
    cap = 900_000_000;
    const second = createGrindWorld({ after: first, announced });
    await second.reply();
    expect(second.opened().map((line) => line.cap_nano_usd)).toEqual([5_000_000]);
  });

  it('S2: a cap that cannot be written opens nothing', async () => {
    const world = createGrindWorld();
    world.machine.files.intercept((operation, path) => {
      if (operation === 'append' && path.includes('api_audit'))
        throw new VivariumError('record_unwritable', 'no space left', { remedy: { kind: 'retry' } });
    });
    expect(await world.refusal()).toMatchObject({ code: 'record_unwritable' });
    expect(world.provider.requests).toHaveLength(0);
  });

  describe('of a UTC day', () => {
    const malformed = { script: () => ({ kind: 'malformed' as const }) };

    it('M1: is in the record before the first hold of the day, and holds all runs and direct requests together', async () => {
      const world = createGrindWorld({ ...malformed, dayCap: nanoUsd(250_000) });
      await world.refusal({ run_id: 'run_1' });
      await world.refusal({ run_id: undefined });
      const day = world.machine.clock.now().toISOString().slice(0, 10);
      expect(world.caps()).toMatchObject([
        { scope: 'day', name: day, cap: 0.00025, cap_nano_usd: 250_000, user: 'admin', simulated: true },
      ]);
      const late = await world.refusal({ run_id: 'run_2' });
      expect(late).toMatchObject({ code: 'deferred', details: { reason: 'day_budget' } });
      const midnight = new Date(`${day}T24:00:00.000Z`).getTime();
      const left = midnight - world.machine.clock.now().getTime();
      expect(Math.abs((late.details.retryAfterMs ?? 0) - left)).toBeLessThanOrEqual(120_000);
      expect(world.audit().at(-1)).toMatchObject({ event: 'BUDGET_EXCEEDED', cap: 'day' });
      world.machine.clock.setWall(new Date(midnight));
      expect(await world.refusal({ run_id: 'run_2' })).toMatchObject({ code: 'provider_failed' });
      expect(world.caps()).toHaveLength(2);
    });

    it('M1: a call that waits past midnight is held against the day it is made on, and settled there', async () => {
      const world = createGrindWorld({
        dayCap: nanoUsd(1_000_000),
        script: (_request, call) => (call === 1 ? { kind: 'status', status: 503 } : { kind: 'answer' }),
      });
      world.machine.clock.setWall(new Date('2026-03-01T23:59:59.900Z'));
      await world.reply();
      const fold = createMoneyFold();
      for (const line of [...world.opened(), ...world.caps(), ...world.audit()]) fold.apply(line);
      const book = fold.book(true);
      expect(world.caps().map(({ name }) => name)).toEqual(['2026-03-01', '2026-03-02']);
      expect(book.of('day', '2026-03-01')).toMatchObject({ settled: 0, held: 0 });
      expect(book.of('day', '2026-03-02').settled).toBeGreaterThan(0);
    });

    it('M5: the two books have days of their own', async () => {
      const simulated = createGrindWorld({ ...malformed, dayCap: nanoUsd(150_000) });
      await simulated.refusal();
      expect(await simulated.refusal()).toMatchObject({ code: 'deferred' });
      const real = createGrindWorld({ after: simulated, simulated: false, dayCap: nanoUsd(150_000) });
      expect(await real.reply()).toMatchObject({ status: 'completed' });
    });

    it('says when 50, 75, 90 and 100 percent of it are spent, cut calls included, once each', async () => {
      const world = createGrindWorld({ ...malformed, dayCap: nanoUsd(700_000) });
      for (let index = 0; index < 8; index += 1) await world.refusal({ run_id: `run_${index}` });
      const alerts = world
        .actions()
        .filter(({ event }) => event === 'budget.share-spent')
        .map(({ action, metadata }) => [action, (metadata as { cap: string }).cap]);
      expect(alerts.filter(([, cap]) => cap === 'day').map(([action]) => action)).toEqual([
        'ALERT_50%',
        'ALERT_75%',
        'ALERT_90%',
      ]);
    });
  });

  describe('of a principal', () => {
    const alice = {
      user: 'alice',
      role: 'lan',
      budget: nanoUsd(250_000),
      requestsPerMinute: undefined,
    } as const;
    const malformed = { script: () => ({ kind: 'malformed' as const }) };

    it('M1: is in the record before its first hold, and outlives days, runs and grinds', async () => {
      const first = createGrindWorld(malformed);
      await first.settled(first.ask({ run_id: undefined }, { principal: alice }));
      expect(first.caps().filter(({ scope }) => scope === 'principal')).toMatchObject([
        { name: 'alice', cap_nano_usd: 250_000 },
      ]);
      expect(first.audit().slice(0, 2)).toMatchObject([
        { event: 'call.held', user: 'alice', role: 'lan' },
        { event: 'call.usage-unknown', user: 'alice', role: 'lan' },
      ]);
      const second = createGrindWorld({ ...malformed, after: first });
      second.machine.clock.setWall(new Date(second.machine.clock.now().getTime() + 5 * 86_400_000));
      const answers = [];
      for (let index = 0; index < 3; index += 1)
        answers.push(await second.settled(second.ask({ run_id: undefined }, { principal: alice })));
      expect(answers.at(-1)).toMatchObject({ code: 'deferred', details: { reason: 'principal_budget' } });
      expect(second.caps().filter(({ scope }) => scope === 'principal')).toHaveLength(1);
    });

    it('M1: what a token spends takes nothing of what the admin’s own requests of the day have', async () => {
      const rich = { ...alice, budget: nanoUsd(5_000_000) };
      const world = createGrindWorld({ ...malformed, runCap: nanoUsd(100_000) });
      const spends = () => world.settled(world.ask({ run_id: undefined }, { principal: rich }));
      for (let calls = 0; calls < 3; calls += 1)
        expect(await spends()).toMatchObject({ code: 'provider_failed' });
      const day = world.machine.clock.now().toISOString().slice(0, 10);
      expect(world.opened()).toMatchObject([{ run_id: `direct_${day}_alice`, cap_nano_usd: 5_000_000 }]);
      const fold = createMoneyFold();
      for (const line of world.audit()) fold.apply(line);
      expect(fold.book(true).of('principal', 'alice').unknown).toBeGreaterThan(100_000);
      expect(fold.book(true).of('run', `direct_${day}`)).toMatchObject({ unknown: 0 });
      expect(await world.refusal({ run_id: undefined })).toMatchObject({ code: 'provider_failed' });
    });

    it('the gate and every line say whose request it was; the admin goes on when another has spent all it has', async () => {
      const world = createGrindWorld();
      const poor = { ...alice, budget: nanoUsd(10) };
      expect(await world.settled(world.ask({ run_id: undefined }, { principal: poor }))).toMatchObject({
        details: { reason: 'principal_budget' },
      });
      await world.reply();
      expect(world.gateLines().map(({ user, role }) => [user, role])).toEqual([
        ['alice', 'lan'],
        ['admin', 'admin'],
      ]);
      expect(world.audit().map(({ event, user }) => [event, user])).toEqual([
        ['BUDGET_EXCEEDED', 'alice'],
        ['call.held', 'admin'],
        ['API_CALL_SUCCESS', 'admin'],
      ]);
    });
  });
});
