import { createMoneyFold, type ApiAuditLine } from '@vivarium/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLines } from './csv.ts';
import { createSpendReport, DIMENSIONS, totalsOf, type Dimension, type SpendRow } from './spend.ts';

const MODELS = ['m-1', 'm-2'];
const line = fc
  .record({
    event: fc.constantFrom(
      'call.held',
      'API_CALL_SUCCESS',
      'call.usage-unknown',
      'API_CALL_FAILURE',
      'BUDGET_EXCEEDED',
      'call.replayed',
      'call.cached',
    ),
    call: fc.nat({ max: 6 }),
    amount: fc.integer({ min: 1, max: 1_000_000 }),
    model: fc.constantFrom(...MODELS),
    task: fc.constantFrom('a', 'b', undefined),
    user: fc.constantFrom('admin', 'alice'),
    day: fc.constantFrom('2026-11-26', '2026-11-27'),
    run: fc.constantFrom('run_1', 'run_2'),
    maySettle: fc.boolean(),
  })
  .map(
    ({ event, call, amount, model, task, user, day, run, maySettle }) =>
      ({
        timestamp: `${day}T10:00:00.000Z`, event, user, role: user === 'admin' ? 'admin' : 'lan', model, call_id: `c${call}`, run_id: run, task_id: task, round: 1,
        // A call is of one book from its hold on.
        simulated: call % 2 === 0, provider: call % 2 === 0 ? 'simulator' : 'groq', held: 0, held_nano_usd: amount, input_token_bound: 1, max_completion_tokens: 1,
        cost: 0, cost_nano_usd: amount, input_tokens: 3, output_tokens: 5, error: 'x', charged: 0, charged_nano_usd: amount, result_sha256: 'a'.repeat(64),
        remaining: 0, requested: 0, from_call_id: 'c', saved: 0, saved_nano_usd: amount, ...(maySettle ? { may_settle: true } : {}),
      }) as unknown as ApiAuditLine, // prettier-ignore
  );
const rowsOf = (lines: readonly ApiAuditLine[], by: Dimension, filter: object = {}): readonly SpendRow[] => {
  const report = createSpendReport({ by, ...filter });
  for (const each of lines) report.apply(each);
  return report.rows();
};

describe('what was spent', () => {
  it('M5: by whatever it is summed, it comes to what the fold of money comes to, book by book', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), fc.constantFrom(...DIMENSIONS), (lines, by) => {
        const fold = createMoneyFold();
        for (const each of lines) fold.apply(each);
        const rows = rowsOf(lines, by);
        for (const simulated of [false, true]) {
          const { calls, settled, unknown, held } = fold.book(simulated).total;
          expect(totalsOf(rows, simulated)).toEqual({ calls, settled, unknown, held });
        }
        expect(rows.reduce((sum, { refused }) => sum + refused, 0)).toBe(fold.refusals);
      }),
    );
  });

  it('each run, day and principal has the sums the caps are held against', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 60 }),
        fc.constantFrom('run', 'day', 'principal'),
        (lines, by) => {
          const fold = createMoneyFold();
          for (const each of lines) fold.apply(each);
          for (const { simulated, name, calls, settled, unknown, held } of rowsOf(lines, by))
            expect({ calls, settled, unknown, held }).toMatchObject(
              (({ inputTokens: _in, outputTokens: _out, ...sums }) => sums)(
                fold.book(simulated).of(by, name),
              ),
            );
        },
      ),
    );
  });

  it('days before and after add up to all', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const noon = '2026-11-27T00:00:00.000Z';
        const sum = (rows: readonly SpendRow[]): number =>
          totalsOf(rows, true).settled + totalsOf(rows, false).settled;
        expect(sum(rowsOf(lines, 'day', { until: noon })) + sum(rowsOf(lines, 'day', { since: noon }))).toBe(
          sum(rowsOf(lines, 'day')),
        );
      }),
    );
  });
});

it('CSV: what has quotes, commas and line breaks stays one cell, and no cell is a formula', () => {
  expect(
    csvLines(
      ['name', 'n'],
      [
        ['a,b', 1],
        ['say "x"', -2],
        ['=1+1', 3],
        ['two\nlines', 4],
        ['@x', 5],
      ],
    ),
  ).toEqual(['name,n', '"a,b",1', '"say ""x""",-2', "'=1+1,3", '"two\nlines",4', "'@x,5"]);
});
