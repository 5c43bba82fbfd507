import { describe, expect, it } from 'vitest';
import { nanoToUsd, nanoUsd } from '@vivarium/core';
import { ApiAuditLine, createMoneyFold, homeLayout, StatusReport, type MoneyFold } from '@vivarium/contracts';
import { claimed, deferred, ended, noColours, task, viewsOf } from '../testing/views.ts';
import { statusLines, statusReport, type StatusFacts } from './status-report.ts';

const AT = '2026-11-23T10:00:00.000Z';
const who = { timestamp: AT, user: 'admin', role: 'admin', model: 'm' };

/** One settled call, one that is held and one whose usage never became known, in a book each. */
function moneyOf(simulated: boolean): readonly object[] {
  const held = (call_id: string, amount: number) => ({
    ...who,
    event: 'call.held',
    call_id,
    simulated,
    held: nanoToUsd(nanoUsd(amount)),
    held_nano_usd: amount,
    input_token_bound: 1,
    max_completion_tokens: 1,
  });
  const name = simulated ? 's' : 'r';
  return [
    held(`${name}1`, 9_000), { ...who, event: 'API_CALL_SUCCESS', call_id: `${name}1`, simulated, cost: 0.00000416, cost_nano_usd: 4_160, input_tokens: 56, output_tokens: 17 },
    held(`${name}2`, 500),
    held(`${name}3`, 700), { ...who, event: 'call.usage-unknown', call_id: `${name}3`, simulated, error: 'cut', charged: 0.0000007, charged_nano_usd: 700 },
  ]; // prettier-ignore
}
function fold(...lines: readonly object[]): MoneyFold {
  const money = createMoneyFold();
  for (const line of lines) money.apply(ApiAuditLine.parse(line));
  return money;
}
const facts = (more: Partial<StatusFacts> = {}): StatusFacts => ({
  layout: homeLayout('/home/me'), views: [], money: fold(), breakers: [], paces: [], control: { kind: 'running' }, orders: [], runs: [], grind: undefined, unreadableLines: 0, ...more,
}); // prettier-ignore

const views = viewsOf(
  [task('a'), task('b'), task('c', { depends_on: ['b'] }), task('d'), task('e'), task('f')],
  [
    ...ended('a', 'completed', {
      result_sha256: 'ab'.repeat(32),
      cost_nano_usd: 4_160,
      simulated: true,
      model: 'm',
      finish_reason: 'length',
      cut_by: 'budget',
    }),
    claimed('b'),
    ...ended('d', 'failed', { errors: 'no', error_code: 'provider_failed', fingerprint: '1a2b3c4d' }),
    ...deferred('e', 'run_budget', null),
  ],
);

const openBreaker: StatusFacts['breakers'][number] = {
  timestamp: '2026-11-27T08:00:00.000Z', event: 'breaker.opened', user: 'admin', role: 'admin', upstream: 'groq', model: 'm-1',
  reason: 'Consecutive failure threshold exceeded: 5 failures', trips: 1, until: '2026-11-27T08:00:15.000Z',
}; // prettier-ignore
it('a circuit breaker that is open has a line of its own, and an entry in the report', () => {
  const report = statusReport(facts({ breakers: [openBreaker] }));
  expect(report.breakers).toEqual([
    {
      upstream: 'groq',
      model: 'm-1',
      why: openBreaker.reason,
      since: openBreaker.timestamp,
      until: '2026-11-27T08:00:15.000Z',
    },
  ]);
  expect(statusLines(report, [], noColours).join('\n')).toContain(
    'breaker   m-1 at groq is open: Consecutive failure threshold exceeded: 5 failures; tried again after 2026-11-27T08:00:15.000Z',
  );
  expect(statusLines(statusReport(facts()), [], noColours).join('\n')).not.toContain('breaker');
});

it('says who waits for the rate limits of the provider, and what they leave; of a model nobody waits for it says nothing', () => {
  const pace = {
    model: 'm-1', waiting: 18, under_way: 2, most_under_way: 256, tokens: { limit: 6_000, left: 120 }, requests: null, requests_a_minute: null, blocked_for_ms: 0,
  }; // prettier-ignore
  const told = (more: Partial<typeof pace>): string =>
    statusLines(statusReport(facts({ paces: [{ ...pace, ...more }] })), [], noColours).join('\n');
  expect(told({ requests_a_minute: { limit: 30, left: 0 } as never })).toContain(
    '; 0 of 30 requests a minute left',
  );
  expect(told({})).toContain(
    'pace      m-1: 18 calls waiting for its rate limits, 2 under way; 120 of 6000 tokens left',
  );
  expect(told({ waiting: 0, blocked_for_ms: 7_000 })).toContain('none before 7.0 s have passed');
  expect(told({ waiting: 0 })).not.toContain('pace');
});

describe('status --json', () => {
  it('is what the contract says, with every count at least once', () => {
    const report = statusReport(facts({ views, money: fold(...moneyOf(true)), unreadableLines: 3 }));
    expect(StatusReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report).toMatchObject({
      home: '/home/me',
      total: 6,
      completed: 1,
      in_progress: 1,
      blocked: 1,
      failed: 1,
      deferred: 1,
      queued: 1,
      refused: 0,
      unreadable_lines: 3,
    });
    expect(report.tasks[0]).toEqual({
      id: 'a', type: 'grind', status: 'completed', round: 1, attempt: 1, worker_id: null, model: 'm', cost_nano_usd: 4_160, simulated: true, waits_for: [], reason: null,
      error_code: null, fingerprint: null, finish_reason: 'length', cut_by: 'budget', priority: 0, not_before: null, depends_on: [],
      result: 'logs/results/a.jsonl',
    }); // prettier-ignore
    expect(report.tasks[1]).toMatchObject({ id: 'b', status: 'in_progress', worker_id: 'worker_1' });
    expect(report.tasks[2]).toMatchObject({ id: 'c', status: 'blocked', waits_for: ['b'] });
  });

  it('has how urgent a task is, when it may begin at the earliest, and which failures are alike', () => {
    const at = (hour: number) => `2026-11-23T${hour}:00:00.000Z`;
    const { tasks } = statusReport(
      facts({
        views: viewsOf(
          [task('x', { priority: 7, not_before: at(11) }), task('y', { not_before: at(11) }), task('z')],
          [...deferred('y', 'rate_limit', at(12)), ...ended('z', 'failed', { fingerprint: '1a2b3c4d' })],
        ),
      }),
    );
    expect(tasks.map(({ priority, not_before, fingerprint }) => [priority, not_before, fingerprint])).toEqual(
      [
        [7, at(11), null],
        [0, at(12), null],
        [0, null, '1a2b3c4d'],
      ],
    );
  });

  it('M5: real and simulated money are figures of their own, each with what is held and what is unknown', () => {
    expect(statusReport(facts({ money: fold(...moneyOf(true)) }))).toMatchObject({
      cost_nano_usd: 0, held_nano_usd: 0, unknown_nano_usd: 0, simulated_cost_nano_usd: 4_860, simulated_held_nano_usd: 500, simulated_unknown_nano_usd: 700,
    }); // prettier-ignore
    expect(statusReport(facts({ money: fold(...moneyOf(false)) }))).toMatchObject({
      cost_nano_usd: 4_860,
      held_nano_usd: 500,
      unknown_nano_usd: 700,
      simulated_cost_nano_usd: 0,
    });
  });
});

describe('status for people', () => {
  const linesOf = (more: Partial<StatusFacts>) =>
    statusLines(statusReport(facts(more)), more.views ?? [], noColours);

  it('begins with the counters at fixed places, and says what can be done about what did not complete', () => {
    expect(linesOf({ views })).toEqual(
      [
        'Vivarium · /home/me',
        '  Total tasks       6',
        '  Completed         1 (16%)',
        '  In progress       1',
        '  Pending           3 (1 queued, 1 blocked, 1 deferred)',
        '  Failed            1',
        '',
        '  control   running',
        '  grind     none is up',
        '  cost      $0.00',
        '  1 completed answer was cut short: a  → orchestrator show a',
        '',
        '  In progress (1)',
        '    b  worker_1, attempt 1, since 2026-11-23T10:00:00.000Z',
        '',
        '  Did not complete (2)',
        '    d  failed: no',
        '      → orchestrator retry d, and start again',
        '    e  deferred: the cap of the run leaves too little for it',
        '      → start again: each run has a cap of its own; raise --run-cap if it was too small for this task',
      ]
        .flatMap((line) => (line.startsWith('    d') || line.startsWith('    e') ? [line] : [line]))
        .reduce<string[]>((all, line) => {
          // A task and its remedy are one entry of two lines.
          if (line.startsWith('      →')) all[all.length - 1] += `\n${line}`;
          else all.push(line);
          return all;
        }, []),
    );
  });

  it('with --all: one line for every task, with what it waits for', () => {
    const lines = statusLines(statusReport(facts({ views })), views, noColours, true);
    expect(lines.slice(lines.indexOf('  cost      $0.00') + 1)).toEqual([
      '  1 completed answer was cut short: a  → orchestrator show a',
      '',
      '  a  completed',
      '  b  in progress',
      '  c  blocked  waits for b',
      '  d  failed',
      '  e  deferred',
      '  f  queued',
    ]);
  });

  it('tells failures that are alike as one, with the command that opens all of them', () => {
    const failure = (id: string, errors: string) =>
      ended(id, 'failed', { errors, error_code: 'provider_failed', fingerprint: '1a2b3c4d' });
    const alike = viewsOf(
      [task('a'), task('other'), task('b'), task('c')],
      [
        ...failure('a', 'HTTP 503 after 2 tries'),
        ...ended('other', 'failed', { errors: 'no', fingerprint: 'ffffffff' }),
        ...failure('b', 'HTTP 503 after 3 tries'),
        ...failure('c', 'HTTP 503 after 3 tries'),
      ],
    );
    const lines = linesOf({ views: alike });
    expect(lines.slice(lines.indexOf('  Did not complete (4)') + 1)).toEqual([
      '    failed  3 alike (fingerprint 1a2b3c4d): provider_failed, HTTP 503 after 2 tries: a, b, c\n      → orchestrator retry --matching 1a2b3c4d, and start again',
      '    other  failed: no\n      → orchestrator retry other, and start again',
    ]);
  });

  it('names where the rest is when a list is cut', () => {
    const many = viewsOf(
      Array.from({ length: 22 }, (_, at) => task(`t${at}`)),
      Array.from({ length: 22 }, (_, at) => ended(`t${at}`, 'failed')).flat(),
    );
    expect(linesOf({ views: many }).at(-1)).toBe('    and 2 more; --all lists every task');
  });

  it('one is one', () => {
    expect(linesOf({ unreadableLines: 1 }).join('\n')).toContain(
      '  1 line of the record could not be read and was passed over',
    );
  });

  it('is loud about HALT, about what is simulated, and about lines that could not be read', () => {
    const text = linesOf({
      control: {
        kind: 'halted',
        scope: { kind: 'all' },
        order: 'o1',
        reason: 'smoke',
        actor: 'operator',
        since: AT,
      },
      grind: { url: 'http://127.0.0.1:8420', provider: 'simulator', simulated: true },
      runs: [
        {
          run_id: 'run_1',
          pid: 7,
          started: '1',
          host: 'h',
          workers: 4,
          concurrency: 1,
          watch: false,
          started_at: AT,
          run_cap_nano_usd: 2_000_000_000,
          simulated: true,
        },
      ],
      money: fold(...moneyOf(true)),
      unreadableLines: 2,
    }).join('\n');
    expect(text).toContain('HALTED: smoke  (orchestrator clear-halt --reason "…")');
    expect(text).toContain('http://127.0.0.1:8420 (simulator, SIMULATED: no real money moves)');
    expect(text).toContain('run_1, 4 workers, pid 7');
    expect(text).toContain(
      'simulated $0.00000486, $0.0000007 of it unknown, charged at worst case, $0.0000005 held besides (no real money moved)',
    );
    expect(text).toContain('2 lines of the record could not be read');
  });
});
