/** The queue before the provider: one lane for all, turns by what was taken, and nobody who waits for nothing. */
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPacing, type Asking, type NoTurn, type Pacing, type Turn } from './pacing.ts';

/** A tenth of a token each millisecond. */
const said = (remainingTokens: number) => ({
  limitTokens: 6_000,
  remainingTokens,
  resetTokensMs: (6_000 - remainingTokens) * 10,
});

describe('the queue before the provider', () => {
  let machine: MemoryMachine;
  let pacing: Pacing;
  const enter = (more: Partial<Asking> = {}) =>
    pacing.enter({ user: 'admin', model: 'm', need: 1_000, patienceMs: 600_000, signal: new AbortController().signal, ...more }); // prettier-ignore
  const turnAtOnce = (more: Partial<Asking> = {}): Turn => {
    const turn = enter(more);
    if (turn instanceof Promise || turn.kind !== 'turn') throw new Error('it has to wait');
    return turn;
  };
  const pending = (more: Partial<Asking> = {}): Promise<Turn | NoTurn> => {
    const turn = enter(more);
    if (!(turn instanceof Promise)) throw new Error('it does not have to wait');
    return turn;
  };
  const learn = (remaining: number): void =>
    turnAtOnce().end({ kind: 'answered', tokens: 100, limits: said(remaining) });
  const advance = async (ms: number): Promise<void> => machine.clock.advanceSettled(ms);
  beforeEach(() => {
    machine = createMemoryMachine();
    pacing = createPacing(machine.clock, true);
  });

  it('M6: lets in at once while there is room, and then one after the other as tokens flow in', async () => {
    learn(2_000);
    turnAtOnce();
    turnAtOnce();
    const order: number[] = [];
    for (const n of [1, 2]) void pending().then(() => order.push(n));
    await advance(9_999);
    expect(order).toEqual([]);
    await advance(1);
    expect(order).toEqual([1]);
    await advance(10_000);
    expect(order).toEqual([1, 2]);
  });

  it('the end of a call lets the next one in at once, and says how long it waited', async () => {
    learn(1_000);
    const first = turnAtOnce();
    const second = pending();
    await advance(400);
    first.end({ kind: 'answered', tokens: 40, limits: said(1_000) });
    expect(await second).toMatchObject({ kind: 'turn', waitedMs: 400 });
  });

  it('M6: keeps to the requests a minute that somebody said, of that model alone', async () => {
    pacing = createPacing(machine.clock, false, (model) => (model === 'slow' ? 2 : undefined));
    for (let n = 0; n < 2; n += 1)
      turnAtOnce({ model: 'slow' }).end({ kind: 'answered', tokens: 1, limits: {} });
    for (let n = 0; n < 9; n += 1) turnAtOnce({ model: 'quick' });
    let isIn = false;
    void pending({ model: 'slow' }).then(() => (isIn = true));
    expect(pacing.views()[0]).toMatchObject({
      model: 'slow',
      waiting: 1,
      requests_a_minute: { limit: 2, left: 0 },
    });
    await advance(29_999);
    expect(isIn).toBe(false);
    await advance(1);
    expect(isIn).toBe(true);
  });

  it('M6: after a refusal of the provider nobody asks before the time it said', async () => {
    learn(6_000);
    turnAtOnce().end({ kind: 'too_many', retryAfterMs: 7_000, limits: said(10) });
    let isIn = false;
    void pending({ need: 20 }).then(() => (isIn = true));
    await advance(6_999);
    expect(isIn).toBe(false);
    await advance(1);
    expect(isIn).toBe(true);
  });

  it('M7: principals take turns: one that floods the queue delays another by no more than a call', async () => {
    learn(1_000);
    const busy = turnAtOnce();
    const served: string[] = [];
    const serve = async (user: string): Promise<void> => {
      const turn = await pending({ user });
      served.push(user);
      if (turn.kind === 'turn') turn.end({ kind: 'answered', tokens: 1_000, limits: {} });
    };
    const all = [...Array.from({ length: 6 }, async () => serve('flood')), serve('alice'), serve('alice')];
    busy.end({ kind: 'answered', tokens: 1_000, limits: said(0) });
    await advance(100_000);
    await Promise.all(all);
    expect(served.slice(0, 4).filter((user) => user === 'alice')).toHaveLength(2);
    expect(served).toHaveLength(8);
  });

  it("M7: a turn that came to nothing keeps its place among its own, is nobody's debt, and tells how long it waited in all", async () => {
    learn(2_000);
    const first = turnAtOnce();
    const refused = turnAtOnce();
    await advance(100);
    const served: string[] = [];
    const serve = async (name: string, more: Partial<Asking>): Promise<void> => {
      const turn = await pending(more);
      served.push(name);
      if (turn.kind !== 'turn') return;
      if (name === 'first') expect(turn.waitedMs).toBe(20_100);
      turn.end({ kind: 'answered', tokens: 1_000, limits: {} });
    };
    const all = [serve('later', {}), serve('other', { user: 'other' })];
    refused.end({ kind: 'too_many', retryAfterMs: 20_000, limits: said(0) });
    first.end({ kind: 'nothing', limits: {} });
    all.push(serve('first', { since: first.since }));
    await advance(100_000);
    await Promise.all(all);
    expect(served.filter((name) => name !== 'other')).toEqual(['first', 'later']);
  });

  it('M7: who comes anew does not make up for the time it was away', async () => {
    learn(6_000);
    for (let n = 0; n < 50; n += 1)
      turnAtOnce({ user: 'old', need: 100 }).end({ kind: 'answered', tokens: 1, limits: said(5_999) });
    const busy = turnAtOnce({ user: 'old', need: 5_900 });
    const served: string[] = [];
    for (const user of ['new', 'new', 'new', 'old', 'old', 'old'])
      void pending({ user, need: 3_000 }).then((turn) => {
        served.push(user);
        if (turn.kind === 'turn') turn.end({ kind: 'answered', tokens: 3_000, limits: {} });
      });
    busy.end({ kind: 'answered', tokens: 5_900, limits: said(0) });
    await advance(300_000);
    // It begins where the turn stands that is under way, not where it would have been: then they alternate.
    expect(served).toEqual(['new', 'new', 'old', 'new', 'old', 'old']);
  });

  it('tells at once for how long to stay away when the time of a caller will not do', async () => {
    learn(100);
    expect(enter({ patienceMs: 5_000 })).toEqual({ kind: 'too_long', waitMs: 9_000 });
    const waiting = pending();
    expect(enter({ patienceMs: 9_500 })).toMatchObject({ kind: 'too_long', waitMs: 10_000 });
    await advance(9_000);
    expect(await waiting).toMatchObject({ kind: 'turn' });
  });

  it('a reset in forty days keeps nobody busy, and sends nobody away for longer than a day', async () => {
    turnAtOnce().end({
      kind: 'answered',
      tokens: 100,
      limits: { limitTokens: 6_000, remainingTokens: 10, resetTokensMs: 40 * 86_400_000 },
    });
    expect(enter()).toEqual({ kind: 'too_long', waitMs: 86_400_000 });
    let looks = 0;
    const sleep = machine.clock.sleep.bind(machine.clock);
    machine.clock.sleep = async (ms, signal) => ((looks += 1), sleep(ms, signal));
    const waiting = pending({ patienceMs: 50 * 86_400_000 });
    await advance(3_600_000);
    expect(looks).toBeLessThan(100);
    pacing.close();
    await waiting;
  });

  it('whose time is over while it waits is told so, and whoever stands behind goes on', async () => {
    learn(1_000);
    const busy = turnAtOnce();
    const impatient = pending({ patienceMs: 12_000, need: 1_000 });
    const behind = pending({ need: 200 });
    // Nothing is known of when the busy one ends; meanwhile the provider takes no more.
    busy.end({ kind: 'too_many', retryAfterMs: 20_000, limits: said(900) });
    await advance(12_000);
    expect(await impatient).toMatchObject({ kind: 'too_long', waitMs: 9_000 });
    await advance(8_000);
    expect(await behind).toMatchObject({ kind: 'turn' });
  });

  it('S3: whoever is cut while it waits leaves the queue', async () => {
    learn(100);
    const cut = new AbortController();
    const waiting = pending({ signal: cut.signal });
    expect(pacing.views()).toMatchObject([
      { model: 'm', waiting: 1, under_way: 0, tokens: { limit: 6_000, left: 100 } },
    ]);
    cut.abort();
    expect(await waiting).toEqual({ kind: 'left' });
    expect(pacing.views()).toMatchObject([{ waiting: 0 }]);
  });

  it('when grind leaves, whoever waits is told so at once, and nobody is let in any more', async () => {
    learn(100);
    const waiting = [pending(), pending({ user: 'alice' })];
    pacing.close();
    expect(await Promise.all(waiting)).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
    expect(enter({ need: 1 })).toEqual({ kind: 'closed' });
  });

  it('models have lanes of their own', () => {
    learn(0);
    expect(enter()).toBeInstanceOf(Promise);
    expect(turnAtOnce({ model: 'other' }).kind).toBe('turn');
  });

  it('a turn is given back once, however often that is said', () => {
    learn(6_000);
    const turn = turnAtOnce();
    for (const _ of [1, 2]) turn.end({ kind: 'nothing', limits: {} });
    expect(pacing.views()).toMatchObject([{ under_way: 0 }]);
  });

  it('M7: however many of one principal wait, another with less time is let in: only as many of each as of its own stand before it', async () => {
    learn(100);
    for (let n = 0; n < 40; n += 1) void pending({ user: 'flood', need: 1_000 });
    const alice = pending({ user: 'alice', need: 1_000, patienceMs: 30_000 });
    await advance(30_000);
    expect(await alice).toMatchObject({ kind: 'turn' });
  });
});
