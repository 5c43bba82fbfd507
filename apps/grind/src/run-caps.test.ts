import { createMoneyFold } from '@vivarium/contracts';
import { nanoUsd, VivariumError } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import { createGrindWorld } from './testing/grind-world.ts';

const BOTH_BOOKS = [true, false];

describe('the caps of runs', () => {
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
    expect(lines.slice(0, 2)).toEqual(['run.opened', 'call.held']);
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
    expect(fold.book(true).runCap(second.opened()[0]?.run_id ?? '')).toBe(500_000);
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
});
