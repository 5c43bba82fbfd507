import { describe, expect, it } from 'vitest';
import { createReplyCache } from './reply-cache.ts';
import { createGrindWorld } from './testing/grind-world.ts';

const question = { prompt: 'What is the tide?', max_tokens: 64 };

describe('the reply cache', () => {
  it('answers the same question again for nothing, with a line of its own that says what it saved', async () => {
    const world = createGrindWorld({ cache: createReplyCache() });
    const paid = await world.reply({ ...question, task_id: 'a' });
    const again = await world.reply({ ...question, task_id: 'b' });
    expect(again).toMatchObject({
      result: paid.result, cost_nano_usd: 0, cost_usd: 0, cached: true, replayed: false, task_id: 'b', usage: paid.usage, result_sha256: paid.result_sha256,
    }); // prettier-ignore
    expect(again.call_id).not.toBe(paid.call_id);
    expect(again.request_id).not.toBe(paid.request_id);
    expect(world.provider.requests).toHaveLength(1);
    expect(world.events()).toEqual(['call.held', 'API_CALL_SUCCESS', 'call.cached']);
    expect(world.audit().at(-1)).toMatchObject({
      from_call_id: paid.call_id, saved_nano_usd: paid.cost_nano_usd, task_id: 'b', call_id: again.call_id, result_sha256: paid.result_sha256, simulated: true,
    }); // prettier-ignore
    expect(world.actions().at(-1)).toMatchObject({
      event: 'call.cached',
      detail: expect.stringContaining('saved (simulated)') as string,
    });
  });

  it.each([
    ['another prompt', { prompt: 'What is the ebb?' }],
    ['another model', { model: 'llama-3.3-70b-versatile' }],
    ['more tokens', { max_tokens: 65 }],
    ['another temperature', { temperature: 0.1 }],
  ])('%s is another question', async (_what, more) => {
    const world = createGrindWorld({ cache: createReplyCache() });
    await world.reply(question);
    expect(await world.reply({ ...question, ...more })).not.toHaveProperty('cached');
    expect(world.provider.requests).toHaveLength(2);
  });

  it('is off unless it is asked for', async () => {
    const world = createGrindWorld();
    await world.reply(question);
    expect(await world.reply(question)).not.toHaveProperty('cached');
    expect(world.provider.requests).toHaveLength(2);
  });

  it('S6: nobody is told by it what another principal asked', async () => {
    const world = createGrindWorld({ cache: createReplyCache() });
    await world.reply(question);
    const alice = { user: 'alice', role: 'lan', budget: undefined, requestsPerMinute: undefined } as const;
    await world.settled(world.ask({ ...question, run_id: undefined }, { principal: alice }));
    expect(world.provider.requests).toHaveLength(2);
  });

  it('S1: the gate is asked all the same, and HALT is obeyed', async () => {
    const world = createGrindWorld({ cache: createReplyCache() });
    await world.reply(question);
    await world.reply(question);
    expect(world.gateLines()).toHaveLength(2);
    world.control.change({ verb: 'halt', actor: 'operator', reason: 'a test' });
    expect(await world.refusal(question)).toMatchObject({ code: 'halted' });
  });

  it('what the budget cut is not kept: it may be longer next time', async () => {
    const world = createGrindWorld({
      cache: createReplyCache(),
      script: () => ({ kind: 'answer', with: { finishReason: 'length', inputTokens: 5, outputTokens: 9 } }),
    });
    await world.reply({ ...question, max_tokens: 1_000, max_budget: 0.000_02, task_id: 'a' });
    await world.reply({ ...question, max_tokens: 1_000, max_budget: 0.01, task_id: 'b' });
    expect(world.provider.requests).toHaveLength(2);
    await world.reply({ ...question, max_tokens: 1_000, max_budget: 0.01, task_id: 'c' });
    expect(world.provider.requests).toHaveLength(2);
  });

  it('forgets what was used longest ago, and makes the call when the text is gone', async () => {
    const world = createGrindWorld({ cache: createReplyCache(2) });
    const ask = async (prompt: string): Promise<boolean> =>
      (await world.reply({ ...question, prompt })).cached === true;
    expect([await ask('1'), await ask('2'), await ask('1'), await ask('3')]).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect([await ask('1'), await ask('2')]).toEqual([true, false]);
    for (const path of world.machine.disk.files.keys())
      if (path.includes('/results/')) world.machine.files.remove(path);
    expect(await ask('2')).toBe(false);
  });
});
