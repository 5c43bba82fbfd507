import { zeroUsd, type NanoUsd } from '@vivarium/core';
import { describe, expect, it } from 'vitest';
import type { ApiAuditLine } from '../events/api-audit.ts';
import { committed, createMoneyFold } from './money.ts';

const base = {
  timestamp: '2026-11-23T10:00:00.000Z',
  user: 'admin',
  role: 'admin',
  task_id: 't',
  run_id: 'run_1',
  round: 1,
  simulated: false,
};
const held = (call_id: string, amount: number, more: object = {}): ApiAuditLine => ({
  ...base,
  event: 'call.held',
  model: 'm',
  call_id,
  held: amount / 1e9,
  held_nano_usd: amount,
  input_token_bound: 10,
  max_completion_tokens: 16,
  ...more,
});
const settled = (call_id: string, cost: number, more: object = {}): ApiAuditLine => ({
  ...base,
  event: 'API_CALL_SUCCESS',
  model: 'm',
  call_id,
  cost: cost / 1e9,
  cost_nano_usd: cost,
  input_tokens: 5,
  output_tokens: 7,
  ...more,
});
const unknown = (call_id: string, charge: number): ApiAuditLine => ({
  ...base,
  event: 'call.usage-unknown',
  model: 'm',
  call_id,
  error: 'cut',
  charged: charge / 1e9,
  charged_nano_usd: charge,
});
const failed = (call_id: string): ApiAuditLine => ({
  ...base,
  event: 'API_CALL_FAILURE',
  call_id,
  error: 'HTTP 500',
});
const foldOf = (...lines: ApiAuditLine[]) => {
  const fold = createMoneyFold();
  for (const line of lines) fold.apply(line);
  return fold;
};

describe('the fold of the api audit', () => {
  it('M1: a hold counts against task, run and total until it is settled', () => {
    const fold = foldOf(held('c1', 1_000));
    const book = fold.book(false);
    expect([book.total, book.of('run', 'run_1'), book.task('t', 1)].map(committed)).toEqual([
      1_000, 1_000, 1_000,
    ]);
    fold.apply(settled('c1', 400));
    expect(fold.book(false).task('t', 1)).toMatchObject({ settled: 400, held: 0, unknown: 0, calls: 1 });
  });

  it('M1: what a call costs counts for the day and the principal it was held for, whenever and by whomever it is settled', () => {
    const later = { timestamp: '2026-11-24T00:00:01.000Z', user: 'grind', run_id: 'run_2' };
    const fold = foldOf(held('c1', 1_000, { user: 'alice' }), settled('c1', 400, later));
    const book = fold.book(false);
    expect([
      book.of('day', '2026-11-23'),
      book.of('principal', 'alice'),
      book.of('run', 'run_1'),
    ]).toMatchObject([
      { settled: 400, held: 0 },
      { settled: 400, held: 0 },
      { settled: 400, held: 0 },
    ]);
    expect(
      [book.of('day', '2026-11-24'), book.of('principal', 'grind'), book.of('run', 'run_2')].map(committed),
    ).toEqual([0, 0, 0]);
  });

  it('M1: the cap of a day or a principal is the last one recorded, in its book alone', () => {
    const cap = (cap_nano_usd: number): ApiAuditLine => ({
      ...base,
      event: 'cap.set',
      scope: 'day',
      name: '2026-11-23',
      cap: cap_nano_usd / 1e9,
      cap_nano_usd,
    });
    const fold = foldOf(cap(5), cap(7));
    expect(fold.book(false).capOf('day', '2026-11-23')).toBe(7);
    expect(fold.book(true).capOf('day', '2026-11-23')).toBeUndefined();
    const again = createMoneyFold({ from: fold.snapshot() });
    expect(again.snapshot()).toEqual(fold.snapshot());
  });

  it('M1: a new round of a task has its own cap, the run has not', () => {
    const fold = foldOf(held('c1', 1_000), settled('c1', 400), held('c2', 1_000, { round: 2 }));
    expect(committed(fold.book(false).task('t', 2))).toBe(1_000);
    expect(committed(fold.book(false).of('run', 'run_1'))).toBe(1_400);
  });

  it('M2: a cut call stays charged, a call that certainly was not billed is released', () => {
    const fold = foldOf(held('c1', 1_000), unknown('c1', 1_000), held('c2', 500), failed('c2'));
    expect(fold.book(false).total).toMatchObject({ settled: 0, unknown: 1_000, held: 0, calls: 1 });
  });

  it('M2: what was charged as unknown is settled once by a late word of the provider, and by no other line', () => {
    const tooLate = { ...unknown('c1', 1_000), may_settle: true } as ApiAuditLine;
    const late = { late: true, timestamp: '2026-11-24T00:00:10.000Z' };
    const fold = foldOf(held('c1', 1_000), tooLate, settled('c1', 300, late), settled('c1', 300, late));
    expect(fold.book(false).total).toMatchObject({ settled: 300, unknown: 0, held: 0, calls: 1 });
    expect(fold.book(false).of('day', '2026-11-23')).toMatchObject({ settled: 300, unknown: 0 });
    const nothing = foldOf(held('c1', 1_000), tooLate, { ...failed('c1'), ...late } as ApiAuditLine);
    expect(nothing.book(false).total).toMatchObject({ settled: 0, unknown: 0, calls: 0 });
    const cut = foldOf(held('c1', 1_000), unknown('c1', 1_000), settled('c1', 300, late));
    expect(cut.book(false).total).toMatchObject({ settled: 0, unknown: 1_000 });
    const later = createMoneyFold({ from: foldOf(held('c1', 1_000), tooLate).snapshot() });
    later.apply(settled('c1', 300, late));
    expect(later.book(false).total).toMatchObject({ settled: 300, unknown: 0 });
  });

  it('M2: holds nobody settled are found, so that the next grind can charge them', () => {
    expect(
      foldOf(held('c1', 1_000), held('c2', 2_000), settled('c1', 1))
        .openHolds()
        .map((hold) => hold.callId),
    ).toEqual(['c2']);
  });

  it('counts a hold and its settlement once, also when the line was written twice', () => {
    const fold = foldOf(
      held('c1', 1_000),
      held('c1', 1_000),
      settled('c1', 400),
      settled('c1', 400),
      unknown('c1', 1_000),
    );
    expect(fold.book(false).total).toMatchObject({ settled: 400, unknown: 0, held: 0, calls: 1 });
  });

  it('M3, M5: finds the reply that was paid under a key, in its own book', () => {
    const fold = foldOf(
      held('c1', 1_000, { idempotency_key: 'k' }),
      settled('c1', 400, { idempotency_key: 'k' }),
    );
    expect(fold.replyFor(false, 'k')).toMatchObject({ cost_nano_usd: 400 });
    expect(fold.replyFor(false, 'other')).toBeUndefined();
    expect(fold.replyFor(true, 'k')).toBeUndefined();
  });

  it('M3: a reply that was paid under no key is handed out to nobody, and one that is not kept to nobody either', () => {
    const lines = [
      held('c1', 10),
      settled('c1', 4),
      held('c2', 10),
      settled('c2', 4, { idempotency_key: 'k' }),
    ];
    expect(foldOf(...lines).replyFor(false, 'undefined')).toBeUndefined();
    const sumsAlone = createMoneyFold({ replies: false });
    const onlyL = createMoneyFold({ replies: (key) => key === 'l' });
    for (const line of [...lines, held('c3', 10), settled('c3', 4, { idempotency_key: 'l' })])
      for (const fold of [sumsAlone, onlyL]) fold.apply(line);
    expect([sumsAlone.replyFor(false, 'k'), onlyL.replyFor(false, 'k')]).toEqual([undefined, undefined]);
    expect(onlyL.replyFor(false, 'l')).toMatchObject({ call_id: 'c3' });
  });

  it('what a line says in nano-dollars counts; a line of the seed says dollars alone', () => {
    const ofTheSeed = settled('c0', 4_160, {
      call_id: undefined,
      cost_nano_usd: undefined,
      cost: 4.160000000000001e-6,
    });
    const fold = foldOf(ofTheSeed);
    expect(fold.book(false).total).toMatchObject({ settled: 4_160, calls: 1 });
    for (const line of [held('c1', 100), settled('c1', 7, { cost: 1 })]) fold.apply(line);
    expect(fold.book(false).total.settled).toBe(4_167);
  });

  it('M2: of charges that the provider may still tell of the newest 4,096 are remembered; an older one stays charged', () => {
    const fold = foldOf();
    const ids = Array.from({ length: 4_097 }, (_, n) => `c${n}`);
    for (const id of ids)
      for (const line of [held(id, 10), { ...unknown(id, 10), may_settle: true } as ApiAuditLine])
        fold.apply(line);
    expect(fold.snapshot().unsettled).toHaveLength(4_096);
    fold.apply(settled('c0', 4));
    expect(fold.book(false).total).toMatchObject({ settled: 0, unknown: 40_970 });
    fold.apply(settled('c1', 4));
    expect(fold.book(false).total).toMatchObject({ settled: 4, unknown: 40_960 });
  });

  it("a token may ask for its own last 200 tasks; those of the admin are nobody else's", () => {
    const fold = foldOf(held('c', 5));
    const task = (n: number): ApiAuditLine =>
      held(`c${n}`, 10 + n, { user: 'alice', role: 'lan', task_id: `alice/${n}` });
    for (let n = 0; n < 201; n += 1) fold.apply(task(n));
    const own = fold.book(false).tasksOf('alice');
    expect(own).toHaveLength(200);
    expect([own[0], own.at(-1)]).toMatchObject([
      { taskId: 'alice/1', sums: { held: 11 } },
      { taskId: 'alice/200', sums: { held: 210 } },
    ]);
    expect(fold.book(false).tasksOf('admin')).toEqual([]);
    expect(fold.book(true).tasksOf('alice')).toEqual([]);
  });

  it("M1: lets go of tasks that hold no money and are nobody's to ask for, and knows them again by what it was told", () => {
    const gone = new Map<string, NanoUsd>();
    const fold = createMoneyFold({
      older: {
        replied: () => undefined,
        find: () => undefined,
        task: (key) => gone.get(key) ?? zeroUsd,
      },
    });
    const done = (id: string, more: object): readonly ApiAuditLine[] => [
      held(id, 100, more),
      settled(id, 40),
    ];
    const ofAlice = { user: 'alice', role: 'lan', task_id: 'of alice' };
    for (const line of [
      ...done('c1', { task_id: 'done' }),
      ...done('c2', ofAlice),
      ...done('c3', { task_id: 'under way' }),
      held('c4', 100, { task_id: 'under way' }),
    ])
      fold.apply(line);
    for (const [key, sum] of fold.letGo()) gone.set(key, sum);
    expect(fold.snapshot().real.tasks.map(([key]) => key)).toEqual(['1#of alice', '1#under way']);
    expect(fold.letGo().size).toBe(0);
    for (const line of done('c5', { task_id: 'done' })) fold.apply(line);
    expect(committed(fold.book(false).task('done', 1))).toBe(80);
    expect(committed(fold.book(false).task('under way', 1))).toBe(140);
  });

  it('M5: simulated and real money never meet', () => {
    const fold = foldOf(
      held('c1', 1_000, { simulated: true }),
      settled('c1', 400, { simulated: true }),
      held('c2', 7),
    );
    expect(fold.book(true).total).toMatchObject({ settled: 400, held: 0 });
    expect(fold.book(false).total).toMatchObject({ settled: 0, held: 7 });
  });
});
