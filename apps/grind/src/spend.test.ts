import { committed, createMoneyFold, type ControlScope, type ControlVerb } from '@vivarium/contracts';
import { nanoUsd, usdToNano } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import { createGrindWorld, type GrindWorld } from './testing/grind-world.ts';

const moneyOf = (world: GrindWorld) => {
  const fold = createMoneyFold();
  for (const line of world.audit()) fold.apply(line);
  return fold;
};

describe('caps', () => {
  it('M1: the task cap counts all attempts of a round, and a new round begins anew', async () => {
    // Each call holds (25 + 256) * 50 + 2,048 * 80 = 177,890 and the provider loses every reply.
    const world = createGrindWorld({ script: () => ({ kind: 'malformed' }) });
    const request = { task_id: 't', max_budget: 0.0002, min_budget: 0.00003 };
    expect(await world.refusal(request)).toMatchObject({ code: 'provider_failed' });
    expect(await world.refusal(request)).toMatchObject({
      code: 'deferred',
      remedy: 'wait',
      details: { reason: 'task_budget' },
    });
    expect(await world.refusal({ ...request, round: 2 })).toMatchObject({ code: 'provider_failed' });
    expect(world.events().filter((event) => event === 'BUDGET_EXCEEDED')).toHaveLength(1);
  });

  it('M1: the run cap counts every task of a run, and another run has its own', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'malformed' }), runCap: nanoUsd(200_000) });
    await world.refusal({ task_id: 'a', min_budget: 0.0001 });
    const second = await world.refusal({ task_id: 'b', min_budget: 0.0001 });
    expect(second).toMatchObject({ code: 'deferred', details: { reason: 'run_budget' } });
    expect(world.audit().at(-1)).toMatchObject({
      event: 'BUDGET_EXCEEDED',
      cap: 'run',
      requested_nano_usd: 100_000,
    });
    expect(world.actions().at(-1)).toMatchObject({ action_type: 'BUDGET', action: 'EXCEEDED' });
    expect(await world.refusal({ task_id: 'b', min_budget: 0.0001, run_id: 'run_2' })).toMatchObject({
      code: 'provider_failed',
    });
  });

  it('M1: shortens the answer to what a cap leaves', async () => {
    const world = createGrindWorld({ runCap: nanoUsd(30_000) });
    await world.reply();
    const [held] = world.audit();
    expect(held?.event === 'call.held' && held.max_completion_tokens).toBeLessThan(2_048);
    expect(held?.event === 'call.held' && held.held_nano_usd).toBeLessThanOrEqual(30_000);
  });

  it('M1: calls at the same moment never hold more than the cap together', async () => {
    const world = createGrindWorld({
      runCap: nanoUsd(1_000_000),
      script: () => ({ kind: 'answer', afterMs: 100 }),
    });
    const answers = Array.from({ length: 32 }, (_, index) => world.ask({ task_id: `t${index}` }));
    await world.machine.clock.advanceSettled(1_000);
    const kinds = (await Promise.all(answers)).map((answer) =>
      answer.kind === 'reply' ? 'reply' : answer.code,
    );
    expect(new Set(kinds)).toEqual(new Set(['reply', 'deferred']));
    const fold = createMoneyFold();
    for (const line of world.audit()) {
      fold.apply(line);
      expect(committed(fold.book(true).of('run', 'run_1'))).toBeLessThanOrEqual(1_000_000);
    }
  });

  it("M1: the seed's own spending through the lines: five calls of 0.026945 held under 0.10, and the sixth refused with the exact remainder", async () => {
    const outputs = [38, 59, 63, 63, 63];
    let made = 0;
    const world = createGrindWorld({
      runCap: usdToNano(0.1),
      script: () => ({ kind: 'answer', with: { inputTokens: 30_049, outputTokens: outputs[made++] ?? 0 } }),
    });
    // 45,000 tokens at most: as many as the seed guessed for its 60,000 characters.
    const request = { model: 'llama-3.3-70b-versatile', prompt: 'a '.repeat(22_372), max_tokens: 500, max_budget: 1 };
    for (const task_id of ['1', '2', '3', '4', '5']) await world.reply({ ...request, task_id });
    expect(await world.refusal({ ...request, task_id: '6' })).toMatchObject({ code: 'deferred', details: { reason: 'run_budget' } });
    const lines = world.audit();
    expect(lines.map((line) => ('held_nano_usd' in line ? line.held_nano_usd : 'cost_nano_usd' in line ? line.cost_nano_usd : line.event))).toEqual([
      26_945_000, 17_758_930, 26_945_000, 17_775_520, 26_945_000, 17_778_680, 26_945_000, 17_778_680, 26_945_000, 17_778_680, 'BUDGET_EXCEEDED',
    ]);
    expect(lines.at(-1)).toMatchObject({ cap: 'run', remaining: 0.011_129_51, remaining_nano_usd: 11_129_510 });
    // Keys of the seed, in its order.
    expect(Object.keys(lines[1] ?? {}).slice(0, 8)).toEqual(['timestamp', 'event', 'user', 'role', 'model', 'cost', 'input_tokens', 'output_tokens']);
    expect(Object.keys(lines.at(-1) ?? {}).slice(0, 6)).toEqual(['timestamp', 'event', 'user', 'role', 'remaining', 'requested']);
  }); // prettier-ignore

  it('a direct request without a task has a cap of its own', async () => {
    const world = createGrindWorld();
    const answer = await world.settled(world.ask({ run_id: undefined, max_budget: 0.000_000_1 }));
    expect(answer).toMatchObject({ code: 'deferred', details: { reason: 'task_budget' } });
  });

  it.each([
    ['max_tokens', 'length', { max_tokens: 100 }],
    ['model', 'length', { max_tokens: 65_536, max_budget: 1 }],
    ['budget', 'length', { max_tokens: 1_000, max_budget: 0.000_02 }],
    [undefined, 'stop', { max_tokens: 1_000, max_budget: 0.000_02 }],
  ] as const)('says what cut an answer: %s (%s)', async (cut_by, finishReason, request) => {
    const world = createGrindWorld({
      script: () => ({ kind: 'answer', with: { finishReason, inputTokens: 5, outputTokens: 9 } }),
    });
    const reply = await world.reply({ ...request, idempotency_key: 'k' });
    expect(reply.cut_by).toBe(cut_by);
    expect((await world.reply({ ...request, idempotency_key: 'k' })).cut_by).toBe(cut_by);
    expect(world.audit().find(({ event }) => event === 'API_CALL_SUCCESS')).toMatchObject(
      cut_by === undefined ? { finish_reason: 'stop' } : { cut_by },
    );
  });

  it('a budget of any size is a cap, never an error', async () => {
    const world = createGrindWorld();
    expect(await world.reply({ max_budget: 1e300 })).toMatchObject({ status: 'completed' });
    expect(await world.refusal({ max_budget: 1e-300 })).toMatchObject({ code: 'deferred' });
  });

  it('says when a run has spent a half, three quarters, nine tenths and all of its cap', async () => {
    const world = createGrindWorld({
      runCap: nanoUsd(40_000),
      script: () => ({ kind: 'answer', with: { inputTokens: 300, outputTokens: 10 } }),
    });
    await world.reply();
    await world.reply();
    expect(world.actions().filter((action) => action['action_type'] === 'BUDGET')).toMatchObject([
      { action: 'ALERT_50%' },
      { action: 'ALERT_75%' },
    ]);
  });

  it('M5: simulated and real money have separate caps', async () => {
    const simulated = createGrindWorld({ script: () => ({ kind: 'malformed' }), runCap: nanoUsd(200_000) });
    await simulated.refusal();
    const real = createGrindWorld({ after: simulated, simulated: false, runCap: nanoUsd(200_000) });
    expect(await real.reply()).toMatchObject({ simulated: false, provider: 'groq' });
    const money = moneyOf(real);
    expect(money.book(true).total.settled).toBe(0);
    expect(money.book(true).total.unknown).toBeGreaterThan(0);
    expect(money.book(false).total.unknown).toBe(0);
  });
});

describe('provider faults', () => {
  it('M2, M4: a fault that billed nothing releases its hold and is tried again under the same key, each try with its own call', async () => {
    const world = createGrindWorld({
      script: (_request, call) => (call < 3 ? { kind: 'status', status: 500 } : { kind: 'answer' }),
    });
    const reply = await world.reply({ idempotency_key: 'k' });
    expect(world.events()).toEqual([
      'call.held',
      'API_CALL_FAILURE',
      'call.held',
      'API_CALL_FAILURE',
      'call.held',
      'API_CALL_SUCCESS',
    ]);
    expect(new Set(world.audit().map((line) => ('call_id' in line ? line.call_id : undefined))).size).toBe(3);
    expect(
      new Set(world.audit().map((line) => ('idempotency_key' in line ? line.idempotency_key : undefined))),
    ).toEqual(new Set(['k']));
    const { total } = moneyOf(world).book(true);
    expect([total.settled, total.unknown, total.held]).toEqual([reply.cost_nano_usd, 0, 0]);
  });

  it('M2: a try that was cut stays charged in full beside the one that was answered', async () => {
    const world = createGrindWorld({
      script: (_request, call) => (call === 1 ? { kind: 'cut' } : { kind: 'answer' }),
    });
    const reply = await world.reply();
    expect(world.events()).toEqual(['call.held', 'call.usage-unknown', 'call.held', 'API_CALL_SUCCESS']);
    const { total } = moneyOf(world).book(true);
    expect(reply.cost_nano_usd).toBe(total.settled + total.unknown);
    expect(total.unknown).toBeGreaterThan(0);
  });

  it('gives up after four tries, and says so', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'unreachable' }) });
    expect(await world.refusal()).toMatchObject({
      code: 'provider_failed',
      remedy: 'retry',
      message: 'The provider cannot be reached. Tried 4 times.',
    });
    expect(world.provider.requests).toHaveLength(4);
    expect(world.actions()).toMatchObject([{ action_type: 'ERROR', action: 'provider_unavailable' }]);
  });

  it('waits as long as the provider asks, and not past the deadline', async () => {
    const world = createGrindWorld({
      script: (_request, call) =>
        call === 1 ? { kind: 'status', status: 429, retryAfterMs: 7_000 } : { kind: 'answer' },
    });
    const answer = world.ask({ deadline_ms: 10_000 });
    await world.machine.clock.advanceSettled(6_999);
    expect(world.provider.requests).toHaveLength(1);
    await world.machine.clock.advanceSettled(1);
    expect(await answer).toMatchObject({ kind: 'reply' });

    const short = createGrindWorld({ script: () => ({ kind: 'status', status: 429, retryAfterMs: 7_000 }) });
    expect(await short.refusal({ deadline_ms: 5_000 })).toMatchObject({
      code: 'rate_limited',
      details: { retryAfterMs: 7_000 },
    });
    expect(short.events()).toEqual(['call.held', 'API_CALL_FAILURE', 'RATE_LIMITED']);
  });

  it('M6: who waits for a turn that its time leaves no room for is told so, and for how long, and leaves a line', async () => {
    const world = createGrindWorld({
      script: () => ({ kind: 'status', status: 429, retryAfterMs: 7_000 }),
    });
    const tooSoon = { code: 'rate_limited', details: { retryAfterMs: 7_000 } };
    for (let time = 0; time < 2; time += 1)
      expect(await world.settled(world.ask({ deadline_ms: 5_000 }), 0)).toMatchObject(tooSoon);
    expect(world.provider.requests).toHaveLength(1);
    expect(world.events()).toEqual(['call.held', 'API_CALL_FAILURE', 'RATE_LIMITED', 'RATE_LIMITED']);
  });

  it('who waits for a turn when grind leaves is told that, without a call', async () => {
    const world = createGrindWorld({
      script: () => ({ kind: 'status', status: 429, retryAfterMs: 7_000 }),
    });
    const waiting = world.ask({ deadline_ms: 20_000 });
    await world.machine.clock.advanceSettled(10);
    world.desk.calls.close();
    expect(await world.settled(waiting, 0)).toMatchObject({ code: 'stopping' });
    expect(world.provider.requests).toHaveLength(1);
  });

  it('a call that there is no money for is told so before it waits for a turn; one that only holds keep from its money waits', async () => {
    const world = createGrindWorld({
      script: (_request, call) =>
        call === 1
          ? { kind: 'hang' }
          : call === 2
            ? { kind: 'status', status: 429, retryAfterMs: 7_000 }
            : { kind: 'answer' },
    });
    const held = world.ask({ task_id: 'a', max_budget: 0.0001, deadline_ms: 30_000 });
    const slowedDown = world.ask({ task_id: 'b', deadline_ms: 20_000 });
    await world.machine.clock.advanceSettled(10);
    const isOpen = { kind: 'deferred' };
    const waiting = Promise.race([world.ask({ task_id: 'a', max_budget: 0.0001 }), world.machine.clock.sleep(5_000).then(() => isOpen)]); // prettier-ignore
    const poor = world.ask({ task_id: 'c', max_budget: 0.000000001 });
    await world.machine.clock.advanceSettled(1);
    expect(await poor).toMatchObject({ code: 'deferred', details: { reason: 'task_budget' } });
    await world.machine.clock.advanceSettled(5_000);
    expect(await waiting).toBe(isOpen);
    expect(world.provider.requests).toHaveLength(2);
    await Promise.all([world.settled(held), slowedDown]);
  });

  it.each([
    [401, 'provider_key', 'stop'],
    [400, 'provider_rejected', 'fail'],
  ] as const)('%i is not tried again: %s', async (status, code, remedy) => {
    const world = createGrindWorld({ script: () => ({ kind: 'status', status }) });
    expect(await world.refusal()).toMatchObject({ code, remedy });
    expect(world.provider.requests).toHaveLength(1);
    expect(world.events()).toEqual(['call.held', 'API_CALL_FAILURE']);
  });

  it('M2: a call that takes longer than the deadline is charged and answered in time', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'hang' }) });
    const answer = world.ask({ deadline_ms: 3_000 });
    await world.machine.clock.advanceSettled(3_000);
    expect(await answer).toMatchObject({
      code: 'deadline_exceeded',
      details: { charged: expect.any(Number) },
    });
    expect(world.events()).toEqual(['call.held', 'call.usage-unknown']);
  });

  it('M2: a reply billed under a model without a price is charged at worst case', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', with: { model: 'surprise' } }) });
    expect(await world.refusal()).toMatchObject({ code: 'provider_failed' });
    expect(world.events()).toEqual(['call.held', 'call.usage-unknown']);
  });

  it('M4: the model billed is recorded and paid for, whatever was asked', async () => {
    const world = createGrindWorld({
      script: () => ({
        kind: 'answer',
        with: { model: 'llama-3.3-70b-versatile', inputTokens: 10, outputTokens: 10 },
      }),
    });
    expect(await world.reply()).toMatchObject({
      requested_model: 'llama-3.1-8b-instant',
      model: 'llama-3.3-70b-versatile',
      cost_nano_usd: 13_800,
    });
  });

  it('M1: a reply above the bound is settled as it is, and said aloud', async () => {
    const world = createGrindWorld({
      script: () => ({ kind: 'answer', with: { inputTokens: 5_000, outputTokens: 3_000 } }),
    });
    expect(await world.reply()).toMatchObject({ cost_nano_usd: 5_000 * 50 + 3_000 * 80 });
    const errors = world.actions().filter((action) => action['action_type'] === 'ERROR');
    expect(errors.map((error) => error['detail'])).toEqual([
      expect.stringContaining('5000 tokens, where at most 281'),
      expect.stringContaining('3000 tokens, where 2048 were allowed'),
      expect.stringContaining('nano-dollars'),
    ]);
  });

  it('M5: an answer that bears the other mark than its book is said aloud', async () => {
    const world = createGrindWorld({
      simulated: false,
      script: () => ({ kind: 'answer', with: { simulated: true } }),
    });
    await world.reply();
    expect(world.actions().filter((action) => action['action_type'] === 'ERROR')).toMatchObject([
      { detail: 'the answer is marked as simulated, but booked as real money' },
    ]);
  });
});

describe('HALT and PAUSE', () => {
  const halt = (world: GrindWorld): void =>
    void world.control.change({ verb: 'halt', actor: 'operator', reason: 'fire drill' });
  const pause = (world: GrindWorld): void =>
    void world.control.change({ verb: 'pause', actor: 'operator', reason: 'lunch' });

  it('S3: refuse new calls, recorded replies included', async () => {
    const world = createGrindWorld();
    await world.reply({ idempotency_key: 'k' });
    pause(world);
    expect(await world.refusal()).toMatchObject({
      code: 'paused',
      remedy: 'wait',
      message: 'PAUSE is in force: lunch',
    });
    halt(world);
    expect(await world.refusal({ idempotency_key: 'k' })).toMatchObject({
      code: 'halted',
      remedy: 'wait',
      message: 'HALT is in force: fire drill',
    });
    expect(world.provider.requests).toHaveLength(1);
  });

  it('S9: a hold and a drain refuse new calls too, and an order for one task or worker only theirs', async () => {
    const world = createGrindWorld();
    const order = (verb: ControlVerb, scope?: ControlScope): void =>
      void world.control.change({ verb, scope, actor: 'operator', reason: 'r' });
    order('hold', { kind: 'task', id: 'a' });
    order('pause', { kind: 'worker', id: 'w' });
    expect(await world.refusal({ task_id: 'a' })).toMatchObject({ code: 'held', remedy: 'wait' });
    expect(await world.refusal({ task_id: 'b', worker_id: 'w' })).toMatchObject({
      code: 'paused',
      message: 'PAUSE is in force for worker w: r',
    });
    await world.reply({ task_id: 'b', worker_id: 'v' });
    order('hold');
    expect(await world.refusal({ task_id: 'b', worker_id: 'v' })).toMatchObject({
      code: 'held',
      message: 'A hold is in force: r',
    });
    order('drain');
    expect(await world.refusal()).toMatchObject({ code: 'draining', remedy: 'wait' });
    expect(world.provider.requests).toHaveLength(1);
  });
  it('S9: an order to halt one task cuts its call and no other', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'hang' }) });
    const cut = world.ask({ task_id: 'a' });
    const other = world.ask({ task_id: 'b' });
    await world.machine.clock.advanceSettled(10);
    world.control.change({
      verb: 'halt',
      scope: { kind: 'task', id: 'a' },
      actor: 'operator',
      reason: 'wrong',
    });
    expect(await world.settled(cut, 200)).toMatchObject({
      code: 'halted',
      message: 'HALT is in force for task a: wrong',
    });
    expect(world.desk.calls.underWay.map(({ taskId }) => taskId)).toEqual(['b']);
    expect(world.desk.underWay()).toMatchObject([
      { task_id: 'b', held_nano_usd: expect.any(Number) as number },
    ]);
    world.desk.calls.stop();
    await world.settled(other, 0);
  });

  it('S3, M2: HALT cuts 32 calls in flight within a tenth of a second, and each stays charged', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'hang' }), runCap: usdToNano(10) });
    const answers = Array.from({ length: 32 }, (_, index) =>
      world.ask({ task_id: `t${index}`, idempotency_key: `k${index}` }),
    );
    await world.machine.clock.advanceSettled(1_000);
    expect(world.desk.calls.underWay).toHaveLength(32);
    halt(world);
    await world.machine.clock.advanceSettled(100);
    expect(world.desk.calls.underWay).toHaveLength(0);
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ code: 'halted', details: { charged: expect.any(Number) } });
    expect(world.events().filter((event) => event === 'call.usage-unknown')).toHaveLength(32);
    expect(moneyOf(world).openHolds()).toEqual([]);
  });

  it('S3: HALT is noticed without a watcher', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'hang' }) });
    const answer = world.ask();
    await world.machine.clock.advanceSettled(10);
    world.machine.disk.watchers.clear();
    halt(world);
    await world.machine.clock.advanceSettled(100);
    expect(await answer).toMatchObject({ code: 'halted' });
  });

  it('PAUSE lets a call in flight end, and allows no further try', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    const answer = world.ask();
    await world.machine.clock.advanceSettled(100);
    pause(world);
    expect(await world.settled(answer)).toMatchObject({ kind: 'reply' });

    const faulty = createGrindWorld({ script: () => ({ kind: 'status', status: 500 }) });
    const second = faulty.ask();
    await faulty.machine.clock.advanceSettled(1);
    pause(faulty);
    expect(await faulty.settled(second)).toMatchObject({ code: 'paused' });
    expect(faulty.provider.requests).toHaveLength(1);
  });

  it('a hurried stop cuts calls as HALT does, and says why', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'hang' }) });
    const answer = world.ask();
    await world.machine.clock.advanceSettled(10);
    world.desk.calls.stop();
    expect(await world.settled(answer, 0)).toMatchObject({ code: 'stopping' });
    await world.desk.calls.idle();
    expect(world.events()).toEqual(['call.held', 'call.usage-unknown']);
  });
});
