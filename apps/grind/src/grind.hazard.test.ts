/** What stands and what falls when a write fails or a grind dies at any point. The bill is the provider's own; the record is what a fresh fold of the log says. */
import { createModels } from '@vivarium/budget';
import type { CircuitRules } from '@vivarium/budget';
import { createMoneyFold, type Completion } from '@vivarium/contracts';
import type { ScriptStep } from '@vivarium/model/testing';
import { nanoUsd, VivariumError } from '@vivarium/core';
import { createMemoryMachine } from '@vivarium/platform/testing';
import { describe, expect, it } from 'vitest';
import { createGrindWorld, type GrindWorld } from './testing/grind-world.ts';

const fullDisk = (): VivariumError =>
  new VivariumError('record_unwritable', 'no space left on device', { remedy: { kind: 'retry' } });
const billOf = (...worlds: readonly GrindWorld[]): number => {
  const costOf = ({ model, inputTokens, outputTokens }: Completion): number => {
    const price = createModels().find(model)?.price;
    return inputTokens * (price?.inputNanoPerToken ?? 0) + outputTokens * (price?.outputNanoPerToken ?? 0);
  };
  return worlds
    .flatMap((world) => world.provider.billed)
    .reduce((sum, completion) => sum + costOf(completion), 0);
};
const sumsOf = (world: GrindWorld) => {
  const fold = createMoneyFold();
  for (const line of world.audit()) fold.apply(line);
  const { settled, unknown, held } = fold.book(true).total;
  return { settled, unknown, held };
};
/** Lets every write to `log` fail until told otherwise. */
const block = (world: GrindWorld, log: string): (() => void) =>
  world.machine.files.intercept((operation, path) => {
    if (path.includes(log) && ['append', 'replace'].includes(operation)) throw fullDisk();
  });

describe('a record that cannot be written', () => {
  it('S2: without the line of the gate nothing is done', async () => {
    const world = createGrindWorld();
    block(world, 'safety_audit');
    expect(await world.refusal()).toMatchObject({ code: 'record_unwritable', remedy: 'wait' });
    expect(world.provider.requests).toEqual([]);
    expect(world.events()).toEqual([]);
  });

  it('S1, S2: without the line of the hold the provider is not asked', async () => {
    const world = createGrindWorld();
    const unblock = block(world, 'api_audit');
    expect(await world.refusal()).toMatchObject({ code: 'record_unwritable' });
    expect(world.provider.requests).toEqual([]);
    unblock();
    expect(await world.reply()).toMatchObject({ status: 'completed' });
  });

  it('M1, S2: a hold whose line cannot be written is told to the operator, and its money is free again', async () => {
    // Each call holds 177,890 at its full length.
    const world = createGrindWorld({ runCap: nanoUsd(200_000) });
    await world.reply();
    const unblock = block(world, 'api_audit');
    for (let time = 0; time < 3; time += 1)
      expect(await world.refusal()).toMatchObject({ code: 'record_unwritable' });
    expect(world.diagnostics.join()).toContain('no space left on device');
    unblock();
    await world.reply();
    const holds = world.audit().flatMap((line) => (line.event === 'call.held' ? line.held_nano_usd : []));
    expect(holds).toEqual([holds[0], holds[0]]);
  });

  it.each(['api_audit', 'results'])(
    'M2, M3: a reply that cannot be recorded (%s) is kept; the hold stands, nothing new is admitted, and later it is there for the same key',
    async (where) => {
      const world = createGrindWorld({
        script: (_request, call) => (call === 1 ? { kind: 'answer', afterMs: 100 } : { kind: 'answer' }),
      });
      const answer = world.ask({ idempotency_key: 'k' });
      await world.machine.clock.advanceSettled(50);
      const unblock = block(world, where);
      await world.machine.clock.advanceSettled(100);
      expect(await answer).toMatchObject({ code: 'record_unwritable', details: { charged: billOf(world) } });
      expect(sumsOf(world)).toMatchObject({ settled: 0, unknown: 0 });
      expect(sumsOf(world).held).toBeGreaterThanOrEqual(billOf(world));
      expect(await world.refusal({ prompt: 'another' })).toMatchObject({ code: 'record_unwritable' });
      expect(world.provider.requests).toHaveLength(1);
      expect(world.diagnostics.join()).toContain('a call could not be settled yet');

      unblock();
      await world.machine.clock.advanceSettled(1_000);
      expect(world.desk.settlements.kept).toBe(0);
      expect(sumsOf(world)).toEqual({ settled: billOf(world), unknown: 0, held: 0 });
      expect(await world.reply({ idempotency_key: 'k' })).toMatchObject({ replayed: true });
      expect(world.provider.requests).toHaveLength(1);
      world.stop();
    },
  );

  it('M2: a call that failed and whose end cannot be written is not tried again: its caller is told at once', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'status', status: 500, afterMs: 100 }) });
    const answer = world.ask();
    await world.machine.clock.advanceSettled(50);
    const unblock = block(world, 'api_audit');
    const isOpen = { kind: 'open' };
    const soon = Promise.race([answer, world.machine.clock.sleep(60).then(() => isOpen)]);
    await world.machine.clock.advanceSettled(60);
    expect(await soon).toMatchObject({ code: 'record_unwritable' });
    unblock();
    await world.machine.clock.advanceSettled(5_000);
    expect(world.provider.requests).toHaveLength(1);
    expect(sumsOf(world)).toEqual({ settled: 0, unknown: 0, held: 0 });
    world.stop();
  });

  it('M2: a settlement that only one write refuses is written at the next try for what it cost, never charged in full instead', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 100 }) });
    const answer = world.ask();
    await world.machine.clock.advanceSettled(50);
    let writes = 0;
    world.machine.files.intercept((operation, path) => {
      if (operation === 'append' && path.includes('api_audit') && ++writes === 1) throw fullDisk();
    });
    await world.machine.clock.advanceSettled(2_000);
    expect(await answer).toMatchObject({ code: 'record_unwritable' });
    expect(sumsOf(world)).toEqual({ settled: billOf(world), unknown: 0, held: 0 });
    world.stop();
  });

  it.each(['at once', 'after a full disk'])(
    'M1, M2: a settlement that the log would refuse for ever is charged in full %s, said to the operator, and stops nobody',
    async (when) => {
      const unusable = { finishReason: 7 as unknown as 'stop' };
      const world = createGrindWorld({
        script: (_request, call) =>
          call === 1 ? { kind: 'answer', afterMs: 100, with: unusable } : { kind: 'answer' },
        // The other call may still be made.
        runCap: nanoUsd(150_000),
      });
      const answer = world.ask({ idempotency_key: 'k', max_tokens: 1_000 });
      await world.machine.clock.advanceSettled(50);
      const held = sumsOf(world).held;
      const unblock = when === 'at once' ? () => undefined : block(world, 'api_audit');
      await world.machine.clock.advanceSettled(100);
      expect(await answer).toMatchObject({
        code: when === 'at once' ? 'provider_failed' : 'record_unwritable',
      });
      unblock();
      await world.machine.clock.advanceSettled(1_000);

      expect(world.desk.settlements.kept).toBe(0);
      expect(sumsOf(world)).toEqual({ settled: 0, unknown: held, held: 0 });
      expect(
        world.actions().filter((line) => line['event'] === 'budget.share-spent').length > 0,
        'the shares of the run cap that it passed',
      ).toBe(when === 'at once');
      const said = expect.stringMatching(
        /logs\/api_audit\.log: finish_reason: .*result [0-9a-f]{64}/,
      ) as string;
      expect(world.audit().at(-1)).toMatchObject({ event: 'call.usage-unknown', error: said });
      expect(world.diagnostics.filter((line) => line.includes('finish_reason'))).toEqual([said]);
      const [, name = ''] = /result ([0-9a-f]{64})/.exec(world.diagnostics.join()) ?? [];
      expect(world.record.getResult(name)).toBe(world.provider.billed[0]?.text);
      expect(await world.reply({ idempotency_key: 'k' })).toMatchObject({ replayed: false });
      world.stop();
    },
  );

  it.each(['api_audit', 'results'])(
    'M3: a reply that could not be recorded (%s) is not paid again by who asks in the moment there is room',
    async (where) => {
      const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 100 }) });
      const answer = world.ask({ idempotency_key: 'k' });
      await world.machine.clock.advanceSettled(50);
      const unblock = block(world, where);
      await world.machine.clock.advanceSettled(100);
      expect(await answer).toMatchObject({ code: 'record_unwritable' });
      expect(await world.refusal({ idempotency_key: 'k' })).toMatchObject({ code: 'record_unwritable' });
      unblock();
      expect(await world.reply({ idempotency_key: 'k' })).toMatchObject({ replayed: true });
      expect(world.provider.requests).toHaveLength(1);
      expect(world.events()).toEqual(['call.held', 'API_CALL_SUCCESS', 'call.replayed']);
      world.stop();
    },
  );

  it('M2: a line torn by a full disk counts for nothing and is written again whole', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 100 }) });
    const answer = world.ask();
    await world.machine.clock.advanceSettled(50);
    world.machine.files.truncateNextAppend(40);
    await world.machine.clock.advanceSettled(100);
    expect(await answer).toMatchObject({ code: 'record_unwritable' });
    await world.machine.clock.advanceSettled(1_000);
    expect(world.events()).toEqual(['call.held', 'API_CALL_SUCCESS']);
    expect(sumsOf(world)).toEqual({ settled: billOf(world), unknown: 0, held: 0 });
    world.stop();
  });

  it('the action log may be unwritable: work goes on', async () => {
    const world = createGrindWorld();
    block(world, 'action_log');
    expect(await world.reply()).toMatchObject({ status: 'completed' });
  });
});

describe('a grind that dies', () => {
  it('M2: in mid-call leaves its hold, and its successor charges it in full and says so', async () => {
    const first = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    void first.ask({ idempotency_key: 'k', task_id: 't' });
    await first.machine.clock.advanceSettled(100);
    const { held } = sumsOf(first);
    expect(held).toBeGreaterThan(0);

    const second = createGrindWorld({ after: first });
    expect(sumsOf(second)).toEqual({ settled: 0, unknown: held, held: 0 });
    expect(second.audit().at(-1)).toMatchObject({
      event: 'call.usage-unknown',
      charged_nano_usd: held,
      task_id: 't',
      idempotency_key: 'k',
      simulated: true,
    });
    expect(second.actions()).toMatchObject([
      {
        action_type: 'ERROR',
        action: 'call_aborted',
        detail: expect.stringContaining('One call was in flight'),
      },
    ]);
    expect(await second.reply({ idempotency_key: 'k', task_id: 't' })).toMatchObject({ replayed: false });
  });

  it('M2: a grind that cannot charge what its forerunner left does not open', async () => {
    const first = createGrindWorld({ script: () => ({ kind: 'hang' }) });
    void first.ask();
    await first.machine.clock.advanceSettled(100);
    const machine = createMemoryMachine({ disk: first.machine.disk, clock: first.machine.clock });
    machine.files.failNext('append', fullDisk());
    expect(() => createGrindWorld({ machine })).toThrow('no space left');
    expect(sumsOf(first).held).toBeGreaterThan(0);
  });

  it('M2, M3: at any single write leaves a record that its successor can go on from: known ≤ bill ≤ known + unknown, and no recorded reply is paid twice', async () => {
    // Six writes of a call that pass or do not: the successor must cope after each.
    for (let writes = 0; writes <= 8; writes += 1) {
      const first = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 100 }) });
      let left = writes;
      first.machine.files.intercept((operation) => {
        if (!['append', 'replace', 'makeDirectory'].includes(operation)) return;
        if (left === 0) throw fullDisk();
        left -= 1;
      });
      void first.ask({ idempotency_key: 'k', task_id: 't' });
      await first.machine.clock.advanceSettled(150);

      const second = createGrindWorld({ after: first });
      const between = sumsOf(second);
      expect(between.held, `after ${writes} writes`).toBe(0);
      expect(between.settled).toBeLessThanOrEqual(billOf(first));
      expect(billOf(first)).toBeLessThanOrEqual(between.settled + between.unknown);

      const reply = await second.reply({ idempotency_key: 'k', task_id: 't' });
      expect(reply.replayed, `after ${writes} writes`).toBe(between.settled > 0);
      expect(second.provider.requests).toHaveLength(between.settled > 0 ? 0 : 1);
      const after = sumsOf(second);
      expect(after.settled).toBeLessThanOrEqual(billOf(first, second));
      expect(billOf(first, second)).toBeLessThanOrEqual(after.settled + after.unknown);
      second.stop();
    }
  });
});

describe('an order that comes while a line is being written down', () => {
  const pause = (world: GrindWorld): void =>
    void world.control.change({ verb: 'pause', actor: 'operator', reason: 'lunch' });
  /** In the turn in which this log is appended to, before what is given then is written. */
  const afterWriteTo = (world: GrindWorld, log: string, act: () => void): void => {
    let isDone = false;
    world.machine.files.intercept((operation, path) => {
      if (isDone || operation !== 'append' || !path.includes(log)) return;
      isDone = true;
      setImmediate(act);
    });
  };

  it('S9: while the decision of the gate is written, nothing is held', async () => {
    const world = createGrindWorld();
    const asked = world.ask();
    pause(world);
    expect(await world.settled(asked)).toMatchObject({ code: 'paused' });
    expect([world.provider.requests, world.events(), world.gateLines().length]).toEqual([[], [], 1]);
  });

  it('S9, M2: while the hold is written, the call is not made, and its hold is let go of', async () => {
    const world = createGrindWorld();
    afterWriteTo(world, 'safety_audit', () => pause(world));
    expect(await world.refusal()).toMatchObject({ code: 'paused' });
    expect([world.provider.requests, world.events()]).toEqual([[], ['call.held', 'API_CALL_FAILURE']]);
    expect(world.audit()[1]).toMatchObject({ error_code: 'call_aborted', error: 'the call was not made' });
    expect(sumsOf(world)).toEqual({ settled: 0, unknown: 0, held: 0 });
    world.control.change({ verb: 'resume', actor: 'operator', reason: undefined });
    expect(await world.reply()).toMatchObject({ status: 'completed' });
  });

  it('M2: when the line that lets go of such a hold cannot be written, it is kept, its caller is told, and its place is free', async () => {
    const world = createGrindWorld();
    afterWriteTo(world, 'safety_audit', () => pause(world));
    const unblock = world.machine.files.intercept((operation, path) => {
      if (operation !== 'append' || !path.includes('api_audit')) return;
      if (world.machine.files.readText(path)?.includes('call.held') === true) throw fullDisk();
    });
    expect(await world.refusal()).toMatchObject({ code: 'record_unwritable' });
    expect([world.provider.requests, world.desk.settlements.kept]).toEqual([[], 1]);
    expect(world.desk.pacing.views()).toMatchObject([{ under_way: 0 }]);
    unblock();
    await world.machine.clock.advanceSettled(1_000);
    expect(sumsOf(world)).toEqual({ settled: 0, unknown: 0, held: 0 });
    world.stop();
  });

  it.each(['at the end of the turn', 'by another line of the same turn'])(
    'S3, S9: a HALT that comes in the very write of a hold, %s, is heeded, however long ago in the turn the orders were read',
    async (when) => {
      const world = createGrindWorld();
      const { files } = world.machine;
      // No watcher tells of it: a watcher may miss.
      world.stop();
      let reads: string | undefined;
      files.intercept((operation, path) => {
        // The lines that open the run and set the cap of the day were written before.
        if (operation !== 'append' || reads !== undefined || !files.readText(path)?.includes('cap.set'))
          return;
        // Others of this turn have read the orders before, and all was well.
        reads = world.control.read().kind;
        files.append('/home-of-test/HALT', '');
      });
      const asked = world.refusal({ run_id: 'run_1' });
      // What there is too little money for is written at once, and behind the hold that was given before it.
      if (when === 'by another line of the same turn')
        expect(await world.refusal({ run_id: 'run_1', max_budget: 1e-9 })).toMatchObject({
          code: 'deferred',
        });
      expect(await asked).toMatchObject({ code: 'halted' });
      expect([reads, world.provider.requests]).toEqual(['running', []]);
      expect(sumsOf(world)).toEqual({ settled: 0, unknown: 0, held: 0 });
    },
  );

  /** A call whose answer comes while the hold of another is being written: what that other does then. */
  const whileHeld = async (
    first: ScriptStep,
    breaker?: CircuitRules,
    then: readonly ScriptStep[] = [],
  ): Promise<GrindWorld> => {
    const world = createGrindWorld({
      script: (_request, call) => (call === 1 ? first : (then[call - 2] ?? { kind: 'answer' })),
      ...(breaker === undefined ? {} : { breaker }),
    });
    const { clock } = world.machine;
    void world.ask({ prompt: 'First.', deadline_ms: 20 });
    await clock.advanceSettled(1);
    const other = world.ask({ prompt: 'Other.', task_id: 'other' });
    afterWriteTo(world, 'safety_audit', () => clock.advance(10));
    await clock.advanceSettled(0);
    expect(world.provider.requests).toHaveLength(1);
    await clock.advanceSettled(5_000);
    expect(world.provider.requests).toHaveLength(1);
    await clock.advanceSettled(20_000);
    expect(await other).toMatchObject(breaker === undefined ? { kind: 'reply' } : { code: 'circuit_open' });
    expect(sumsOf(world)).toMatchObject({ unknown: 0, held: 0 });
    return world;
  };
  it('M6: when the provider asks for a wait meanwhile, the call is made after it, and it was no try', async () => {
    const world = await whileHeld({ kind: 'status', status: 429, retryAfterMs: 10_000, afterMs: 5 });
    const { audit } = world;
    expect(
      audit().flatMap((line) => ('task_id' in line && line.task_id === 'other' ? line.event : [])),
    ).toEqual(['call.held', 'API_CALL_FAILURE', 'call.held', 'API_CALL_SUCCESS']);
  });
  it('M6: what was no try takes none of the four away', async () => {
    const fails: ScriptStep = { kind: 'status', status: 500 };
    const slowedDown: ScriptStep = { kind: 'status', status: 429, retryAfterMs: 10_000, afterMs: 5 };
    const world = await whileHeld(slowedDown, undefined, [fails, fails, fails]);
    expect(world.provider.requests).toHaveLength(5);
  });
  it('Q11: when the breaker opens meanwhile, the call is not made', async () => {
    await whileHeld(
      { kind: 'status', status: 500, afterMs: 5 },
      { failures: 1, windowMs: 300_000, spend: nanoUsd(1_000_000_000) },
    );
  });

  it('S3: a task that is cancelled while its lines are written is not asked for', async () => {
    for (const log of ['none', 'safety_audit']) {
      const world = createGrindWorld();
      const asked = world.ask({ task_id: 't', round: 1 });
      if (log === 'none') expect(world.desk.calls.cancel('t', 1)).toBe(1);
      else afterWriteTo(world, log, () => void world.desk.calls.cancel('t', 1));
      expect(await world.settled(asked)).toMatchObject({ code: 'cancelled' });
      expect([world.provider.requests, sumsOf(world)]).toEqual([[], { settled: 0, unknown: 0, held: 0 }]);
    }
  });

  it('M1: requests of one turn are admitted one after the other, each counting what those before it are about to hold', async () => {
    const world = createGrindWorld({ runCap: nanoUsd(20_000) });
    const asked = Array.from({ length: 32 }, () => world.ask({ max_tokens: 100, prompt: 'Count.' }));
    const answers = await Promise.all(asked.map((answer) => world.settled(answer)));
    let held = 0;
    for (const line of world.audit()) {
      if (line.event === 'call.held') held += line.held_nano_usd;
      else if (line.event === 'API_CALL_SUCCESS') break;
    }
    expect(held).toBeGreaterThan(10_000);
    expect(held).toBeLessThanOrEqual(20_000);
    expect(answers.filter((answer) => answer.kind === 'refusal').length).toBeGreaterThan(0);
  });
});
