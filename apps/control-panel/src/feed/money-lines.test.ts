import { createMoneyFold, MONEY_PARTS, type ApiAuditLine } from '@vivarium/contracts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMoneyLines, MOST_SHOWN, type MoneyLines } from './money-lines.ts';

const AT = '2026-11-27T10:00:00.000Z';
const line = fc
  .record({
    event: fc.constantFrom('call.held', 'API_CALL_SUCCESS', 'call.usage-unknown', 'API_CALL_FAILURE', 'BUDGET_EXCEEDED', 'call.replayed'),
    call: fc.nat({ max: 6 }),
    amount: fc.integer({ min: 1, max: 1_000_000 }),
    run: fc.constantFrom('run_1', 'run_2'),
    maySettle: fc.boolean(),
  })
  .map(({ event, call, amount, run, maySettle }) => lineOf(event, `c${call}`, amount, { run_id: run, simulated: call % 2 === 0, ...(maySettle ? { may_settle: true } : {}) })); // prettier-ignore
const lineOf = (event: string, call_id: string, amount: number, more: object = {}): ApiAuditLine =>
  ({
    timestamp: AT, event, user: 'admin', role: 'admin', model: 'm', call_id, run_id: 'run_1', task_id: 't', round: 1, simulated: true, provider: 'simulator', held: 0, held_nano_usd: amount,
    input_token_bound: 1, max_completion_tokens: 1, cost: 0, cost_nano_usd: amount, input_tokens: 3, output_tokens: 5, error: 'x', charged: 0, charged_nano_usd: amount,
    result_sha256: 'a'.repeat(64), remaining: 0, requested: 0, requested_nano_usd: amount, ...more,
  }) as unknown as ApiAuditLine; // prettier-ignore
const linesOf = (all: readonly ApiAuditLine[]): MoneyLines => {
  const money = createMoneyLines();
  for (const [byte, each] of all.entries()) money.apply(each, byte);
  return money;
};

describe('the lines behind a figure', () => {
  it('M1, M5: those of each part add up to what the fold of money comes to, for every run and book', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (all) => {
        const fold = createMoneyFold();
        for (const each of all) fold.apply(each);
        const money = linesOf(all);
        for (const simulated of [false, true])
          for (const runId of ['run_1', 'run_2', undefined])
            for (const part of MONEY_PARTS) {
              const { lines, count } = money.find({ part, simulated, runId });
              expect(count).toBe(lines.length);
              if (part === 'refused') continue;
              const book = fold.book(simulated);
              const sums = runId === undefined ? book.total : book.of('run', runId);
              expect(
                lines.reduce((sum, { nano_usd }) => sum + nano_usd, 0),
                `${part} ${runId ?? 'all'}`,
              ).toBe(sums[part]);
            }
      }),
    );
  });

  it('names each by the byte it begins at, the newest first, and says how many there are beyond those it shows', () => {
    const all = Array.from({ length: MOST_SHOWN + 50 }, (_, n) => [
      lineOf('call.held', `c${n}`, 9),
      lineOf('API_CALL_SUCCESS', `c${n}`, 4),
    ]).flat();
    const { lines, count } = linesOf(all).find({ part: 'settled', simulated: true, runId: 'run_1' });
    expect([lines.length, count]).toEqual([MOST_SHOWN, MOST_SHOWN + 50]);
    expect(lines[0]).toEqual({
      timestamp: AT, event: 'API_CALL_SUCCESS', byte: all.length - 1, task_id: 't', user: 'admin', nano_usd: 4, text: 'm answered: 3 + 5 tokens',
    }); // prettier-ignore
  });

  it('keeps no more than is looked at, however long the record is', () => {
    const all = Array.from({ length: 20_000 }, (_, n) => [
      lineOf('call.held', `c${n}`, 9),
      lineOf('API_CALL_SUCCESS', `c${n}`, 4),
    ]).flat();
    expect(linesOf(all).find({ part: 'settled', simulated: true, runId: undefined })).toMatchObject({
      count: 20_000,
    });
  });

  it('what was charged of late is what a forecast goes by; refusals are counted', () => {
    const call = (id: string, minute: number, amount: number): readonly ApiAuditLine[] => [
      lineOf('call.held', id, 2 * amount, { timestamp: `2026-11-27T10:${minute}:00.000Z` }),
      lineOf('API_CALL_SUCCESS', id, amount, { timestamp: `2026-11-27T10:${minute}:30.000Z` }),
    ];
    const money = linesOf([...call('a', 10, 5), ...call('b', 25, 7), lineOf('BUDGET_EXCEEDED', 'c', 3)]);
    const now = Date.parse('2026-11-27T10:30:00.000Z');
    expect(money.charged('run_1', true, now, 600_000)).toBe(7);
    expect(money.charged('run_1', true, now, 3_600_000)).toBe(12);
    expect(money.charged('run_2', true, now, 3_600_000)).toBe(0);
    expect(money.charged('run_1', false, now, 3_600_000)).toBe(0);
    expect(money.refused('run_1', true)).toBe(1);
  });
});
