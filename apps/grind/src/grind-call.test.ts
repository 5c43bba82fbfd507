import { describe, expect, it } from 'vitest';
import { createGrindWorld } from './testing/grind-world.ts';

describe('a request that is answered', () => {
  it('S1, S2, M3, M4: leaves the gate decision, the hold and the settlement, in this order, and the reply names them', async () => {
    const world = createGrindWorld();
    const order: string[] = [];
    world.machine.files.intercept((operation, path) => {
      if (operation === 'append')
        order.push(path.replace('/home-of-test/logs/', '').replace(/results\/.*/, 'result'));
    });
    const reply = await world.reply({ task_id: 'task-1', worker_id: 'worker_1', round: 2, attempt: 3 });

    // What the run and the day may cost comes first, once.
    expect(order.slice(0, 6)).toEqual([
      'api_audit.log',
      'safety_audit.log',
      'api_audit.log',
      'api_audit.log',
      'result',
      'api_audit.log',
    ]);
    const [held, success] = world.audit();
    expect(held).toMatchObject({
      event: 'call.held',
      model: 'llama-3.1-8b-instant',
      call_id: reply.call_id,
      task_id: 'task-1',
      round: 2,
      attempt: 3,
    });
    expect(success).toMatchObject({
      event: 'API_CALL_SUCCESS',
      call_id: reply.call_id,
      model: 'llama-3.1-8b-instant',
      requested_model: 'llama-3.1-8b-instant',
      cost_nano_usd: reply.cost_nano_usd,
      result_sha256: reply.result_sha256,
      worker_id: 'worker_1',
      provider: 'simulator',
      simulated: true,
    });
    expect(Object.keys(success ?? {}).slice(0, 8)).toEqual([
      'timestamp',
      'event',
      'user',
      'role',
      'model',
      'cost',
      'input_tokens',
      'output_tokens',
    ]);
    expect(world.gateLines()).toMatchObject([
      { passed: true, task_id: 'task-1', request_id: reply.request_id },
    ]);
    expect(world.record.getResult(reply.result_sha256)).toBe(reply.result);
    expect(reply).toMatchObject({ status: 'completed', simulated: true, replayed: false, task_id: 'task-1' });
  });

  it('M2: costs exactly what the provider bills', async () => {
    const world = createGrindWorld();
    const reply = await world.reply({ model: 'llama-3.3-70b-versatile' });
    const [billed] = world.provider.billed;
    expect(reply.cost_nano_usd).toBe((billed?.inputTokens ?? 0) * 590 + (billed?.outputTokens ?? 0) * 790);
  });

  it('says in the action log what was used, and that it was simulated', async () => {
    const world = createGrindWorld();
    const reply = await world.reply({ worker_id: 'worker_1' });
    expect(world.actions()).toMatchObject([
      {
        actor: 'worker_1',
        action_type: 'API',
        action: 'llama-3.1-8b-instant',
        cost_nano_usd: reply.cost_nano_usd,
      },
    ]);
    expect(world.actions()[0]?.['detail']).toMatch(/^\d+ tokens \| \$0\.\d+ \(simulated\)$/);
  });

  it('asks the provider for no more than was held', async () => {
    const world = createGrindWorld();
    await world.reply({ max_tokens: 100, temperature: 1 });
    expect(world.provider.requests).toMatchObject([
      { maxCompletionTokens: 100, temperature: 1, model: 'llama-3.1-8b-instant' },
    ]);
    expect(world.audit()[0]).toMatchObject({ max_completion_tokens: 100 });
  });
});

describe('a request that is refused before money', () => {
  it.each([
    ['foreign_home', { home: 'home_of_others' }],
    ['refused', { prompt: 'rm -rf /' }],
    ['unknown_model', { model: 'gpt-9' }],
    ['invalid_request', { min_budget: 0.5, max_budget: 0.1 }],
    ['invalid_request', { task_id: 'sk-learn-feature-engineering-notes' }],
    ['invalid_request', { idempotency_key: 'run 1 sk-learn-feature-engineering-notes' }],
    ['invalid_request', { prompt: 'x'.repeat(600_000), max_budget: 1 }],
  ] as const)('S1: %s, and the provider is not asked', async (code, request) => {
    const world = createGrindWorld();
    expect(await world.refusal(request)).toMatchObject({
      code,
      remedy: code === 'foreign_home' ? 'wait' : 'fail',
    });
    expect(world.provider.requests).toEqual([]);
    expect(world.events()).not.toContain('call.held');
  });

  it('serves the home it is asked to serve by name', async () => {
    const world = createGrindWorld();
    expect(await world.reply({ home: world.home })).toMatchObject({ status: 'completed' });
  });

  it('S2: a refusal by the gate stands in both logs and names the rule', async () => {
    const world = createGrindWorld();
    const refusal = await world.refusal({ prompt: 'Tidy up, then rm -rf /', task_id: 't' });
    expect(refusal.message).toMatch(/^Constitutional violation: /);
    expect(refusal.details.ruleIds).toEqual(['machine-destruction']);
    expect(world.gateLines()).toMatchObject([
      { passed: false, blocked_reason: refusal.message, task_id: 't' },
    ]);
    expect(world.audit()).toMatchObject([
      { event: 'CONSTITUTIONAL_VIOLATION', reason: refusal.message, rule_ids: ['machine-destruction'] },
    ]);
    expect(world.actions()).toMatchObject([{ action_type: 'SAFETY', action: 'BLOCKED' }]);
  });

  it('takes no new requests once it is closed', async () => {
    const world = createGrindWorld();
    world.desk.calls.close();
    expect(await world.refusal()).toMatchObject({ code: 'stopping', remedy: 'retry' });
  });
});

describe('an idempotency key', () => {
  it('M3: a duplicate that comes much later still gets the reply, at no cost', async () => {
    const world = createGrindWorld();
    const paid = await world.reply({ idempotency_key: 'k', task_id: 't' });
    for (const n of [1, 2, 3]) await world.reply({ idempotency_key: `later ${n}`, prompt: `another ${n}` });
    const spent = world.audit().filter((line) => line.event === 'call.held').length;
    expect(await world.reply({ idempotency_key: 'k', task_id: 't' })).toMatchObject({
      result: paid.result,
      cost_nano_usd: paid.cost_nano_usd,
      call_id: paid.call_id,
      replayed: true,
    });
    expect(await world.refusal({ idempotency_key: 'later 1', prompt: 'not the same' })).toMatchObject({
      code: 'idempotency_conflict',
    });
    expect(world.audit().filter((line) => line.event === 'call.held')).toHaveLength(spent);
    expect(world.provider.requests).toHaveLength(4);
  });

  it('M3: a recorded reply that cannot be looked up is refused, not paid for again', async () => {
    const world = createGrindWorld();
    await world.reply({ idempotency_key: 'k' });
    await world.reply({ idempotency_key: 'later' });
    world.machine.files.replace('/home-of-test/logs/api_audit.log', '');
    expect(await world.refusal({ idempotency_key: 'k' })).toMatchObject({ code: 'internal' });
    expect(world.provider.requests).toHaveLength(2);
    expect(world.diagnostics.join()).toContain('logs/api_audit.log');
  });

  it('M3: brings the recorded reply back without paying, also to the next grind of the home', async () => {
    const first = createGrindWorld();
    const paid = await first.reply({ idempotency_key: 'k', task_id: 't' });
    const again = { ...paid, request_id: expect.any(String), replayed: true };
    expect(await first.reply({ idempotency_key: 'k', task_id: 't' })).toEqual(again);
    const second = createGrindWorld({ after: first });
    expect(await second.reply({ idempotency_key: 'k', task_id: 't' })).toEqual(again);
    expect(first.provider.billed).toHaveLength(1);
    expect(second.provider.requests).toEqual([]);
    expect(second.events()).toEqual(['call.held', 'API_CALL_SUCCESS', 'call.replayed', 'call.replayed']);
  });

  it('M3: shares one call among requests that come while it is in flight', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    const answers = [1, 2, 3].map(() => world.ask({ idempotency_key: 'k' }));
    await world.machine.clock.advanceSettled(1_000);
    const replies = (await Promise.all(answers)).map((answer) =>
      answer.kind === 'reply' ? answer.reply : undefined,
    );
    expect(world.provider.billed).toHaveLength(1);
    expect(replies.map((reply) => reply?.replayed)).toEqual([false, true, true]);
    expect(new Set(replies.map((reply) => reply?.request_id)).size).toBe(3);
    expect(new Set(replies.map((reply) => reply?.call_id)).size).toBe(1);
  });

  it('M2: a cancelled task has its calls cut, also under a key; what they may have cost stays charged, others go on', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    const asked = ['a', 'a', 'b'].map((task_id, index) =>
      world.ask({ task_id, idempotency_key: `k${index}` }),
    );
    await world.machine.clock.advanceSettled(100);
    expect(world.desk.calls.cancel('a')).toBe(2);
    expect(world.desk.calls.cancel('nobody')).toBe(0);
    await world.machine.clock.advanceSettled(1_000);
    const [first, second, other] = await Promise.all(asked);
    for (const cut of [first, second])
      expect(cut).toMatchObject({
        code: 'cancelled',
        remedy: 'fail',
        details: { charged: expect.any(Number) as number },
      });
    expect(other).toMatchObject({ kind: 'reply' });
    expect(world.events().filter((event) => event === 'call.usage-unknown')).toHaveLength(2);
  });

  it('a task that was cancelled after its claim and before its request is not paid for; opened again, it is', async () => {
    const world = createGrindWorld();
    expect(world.desk.calls.cancel('a', 2)).toBe(0);
    const ask = async (round: number) => world.ask({ task_id: 'a', round, idempotency_key: `k${round}` });
    for (const round of [1, 2])
      expect(await ask(round)).toMatchObject({ kind: 'refusal', code: 'cancelled' });
    expect(world.provider.billed).toHaveLength(0);
    expect(await ask(3)).toMatchObject({ kind: 'reply' });
    await world.machine.clock.advanceSettled(60_000);
    expect(await ask(2)).toMatchObject({ kind: 'reply' });
  });

  it('a cancelled round takes no call of the next one with it', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    const asked = [1, 2].map(async (round) =>
      world.ask({ task_id: 'a', round, idempotency_key: `k${round}` }),
    );
    await world.machine.clock.advanceSettled(100);
    expect(world.desk.calls.cancel('a', 1)).toBe(1);
    await world.machine.clock.advanceSettled(1_000);
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(['refusal', 'reply']);
  });

  it('M3: a caller in less haste than the one who began the call gets an answer of its own', async () => {
    const world = createGrindWorld({
      script: (_request, call) => (call === 1 ? { kind: 'hang' } : { kind: 'answer', afterMs: 10 }),
    });
    const hasty = world.ask({ idempotency_key: 'k', deadline_ms: 300 });
    const patient = world.ask({ idempotency_key: 'k', deadline_ms: 60_000 });
    const third = world.ask({ idempotency_key: 'k', deadline_ms: 60_000 });
    expect(await world.settled(hasty, 400)).toMatchObject({ code: 'deadline_exceeded' });
    expect(await world.settled(patient)).toMatchObject({ kind: 'reply' });
    expect(await third).toMatchObject({ reply: { replayed: true } });
    expect(world.provider.requests).toHaveLength(2);
  });

  it('M3: a caller in more haste than the one who began the call is answered in time, and the call goes on', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 1_500 }) });
    const patient = world.ask({ idempotency_key: 'k', deadline_ms: 60_000 });
    const hasty = world.ask({ idempotency_key: 'k', deadline_ms: 200 });
    expect(await world.settled(hasty, 250)).toMatchObject({ code: 'deadline_exceeded', details: {} });
    expect(await world.settled(patient)).toMatchObject({ kind: 'reply' });
    expect(world.provider.requests).toHaveLength(1);
  });

  it('M2: a call that was charged without an answer is told to the one who began it, not to those who shared it', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'malformed' }) });
    const answers = [1, 2].map(() => world.ask({ idempotency_key: 'k', max_budget: 0.000_2 }));
    await world.machine.clock.advanceSettled(60_000);
    const [first, second] = await Promise.all(answers);
    if (first?.kind !== 'refusal' || second?.kind !== 'refusal') throw new Error('answered');
    expect(first.details.charged).toBeGreaterThan(0);
    expect(second.details.charged).toBeUndefined();
  });

  it('M3: does not stand for another prompt or model, recorded or in flight', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    const first = world.ask({ idempotency_key: 'k', model: 'llama-3.1-8b-instant' });
    expect(await world.ask({ idempotency_key: 'k', prompt: 'another' })).toMatchObject({
      code: 'idempotency_conflict',
    });
    await world.settled(first);
    expect(await world.refusal({ idempotency_key: 'k', prompt: 'another' })).toMatchObject({
      code: 'idempotency_conflict',
      remedy: 'fail',
    });
    expect(await world.refusal({ idempotency_key: 'k', model: 'llama-3.3-70b-versatile' })).toMatchObject({
      code: 'idempotency_conflict',
    });
    expect(await world.reply({ idempotency_key: 'k' })).toMatchObject({ replayed: true });
  });

  it('pays again after a call that brought nothing', async () => {
    const world = createGrindWorld({
      script: (_request, call) => (call === 1 ? { kind: 'malformed' } : { kind: 'answer' }),
    });
    expect(await world.refusal({ idempotency_key: 'k' })).toMatchObject({ code: 'provider_failed' });
    expect(await world.reply({ idempotency_key: 'k' })).toMatchObject({ replayed: false });
  });

  it('M3: never pays again for a reply whose text was removed from the results', async () => {
    const world = createGrindWorld();
    const paid = await world.reply({ idempotency_key: 'k' });
    world.machine.files.remove(`/home-of-test/logs/results/${paid.result_sha256.slice(0, 1)}.jsonl`);
    expect(await world.refusal({ idempotency_key: 'k' })).toMatchObject({ code: 'internal' });
    expect(world.provider.billed).toHaveLength(1);
  });

  it('M5: does not answer a real request with the recorded reply of the simulator', async () => {
    const simulated = createGrindWorld();
    await simulated.reply({ idempotency_key: 'k' });
    const real = createGrindWorld({ after: simulated, simulated: false });
    expect(await real.reply({ idempotency_key: 'k' })).toMatchObject({ replayed: false, simulated: false });
    expect(real.provider.requests).toHaveLength(1);
  });
});

describe('a caller that goes away', () => {
  const gone = (): {
    readonly caller: { onGone: (callback: () => void) => void };
    readonly leave: () => void;
  } => {
    const callbacks: (() => void)[] = [];
    return {
      caller: { onGone: (callback) => callbacks.push(callback) },
      leave: () => callbacks.forEach((callback) => callback()),
    };
  };

  it('M3: does not end a call that has a key', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    const { caller, leave } = gone();
    const answer = world.ask({ idempotency_key: 'k' }, caller);
    await world.machine.clock.advanceSettled(100);
    leave();
    expect(await world.settled(answer)).toMatchObject({ kind: 'reply' });
    expect(world.events()).toEqual(['call.held', 'API_CALL_SUCCESS']);
  });

  it('M2: ends a call without one, and what it may have cost stays charged', async () => {
    const world = createGrindWorld({ script: () => ({ kind: 'answer', afterMs: 500 }) });
    const { caller, leave } = gone();
    const answer = world.ask({}, caller);
    await world.machine.clock.advanceSettled(100);
    leave();
    expect(await world.settled(answer, 0)).toMatchObject({ kind: 'refusal' });
    expect(world.events()).toEqual(['call.held', 'call.usage-unknown']);
  });
});
