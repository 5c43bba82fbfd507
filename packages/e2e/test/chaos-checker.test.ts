/** The checker of chaos: silent about a good record, and each of its checks shown to speak on a planted fault. */
import { describe, expect, it } from 'vitest';
import { checkMoney } from '../chaos/check-money.ts';
import { checkAnswers, checkNothingLost, checkOutputs } from '../chaos/check-record.ts';
import { checkTasks } from '../chaos/check-tasks.ts';
import { compareStatus } from '../chaos/judge-home.ts';
import { readLog, type LogLine } from '../chaos/log-lines.ts';
import type { Violation } from '../chaos/violation.ts';

type Fields = Readonly<Record<string, unknown>>;
let events = 0;
const linesOf = (...values: readonly Fields[]): readonly LogLine[] =>
  readLog(values.map((value) => `${JSON.stringify(value)}\n`).join('')).lines;
const said = (violations: readonly Violation[]): readonly string[] =>
  violations.map(({ promise, what }) => `${promise}: ${what}`);

const line = (task: string, worker: string, status: string, attempt: number, more: Fields = {}): Fields => ({
  task_id: task,
  worker_id: worker,
  status,
  timestamp: '2026-11-25T10:00:00.000Z',
  event_id: `evt_${(events += 1)}`,
  round: 1,
  attempt,
  task_digest: 'd1',
  ...more,
});
const claim = (task: string, worker: string, attempt = 1, more: Fields = {}): Fields =>
  line(task, worker, 'in_progress', attempt, more);
const takes = (holder: string, attempt: number, why = 'holder_gone'): Fields => ({
  supersedes: { worker_id: holder, attempt, why },
});
const done = (task: string, worker: string, attempt = 1, more: Fields = {}): Fields =>
  line(task, worker, 'completed', attempt, {
    call_id: `call_${task}`,
    cost_nano_usd: 40,
    result_sha256: 'f00',
    ...more,
  });

/** An operator's word. */
const reopened = (task: string, round: number, attempt = 0): Fields =>
  line(task, 'orchestrator', 'queued', attempt, { round, event: 'task.reopened' });

const A = { id: 'a' };
const tasksSay = (
  values: readonly Fields[],
  tasks: readonly { id: string; depends_on?: readonly string[] }[] = [A],
  stalled: readonly string[] = [],
) => said(checkTasks({ lines: linesOf(...values), tasks, stalled: new Set(stalled) }).violations);

describe('the tasks', () => {
  it('of a good record break no promise: takeovers, late ends, retries, skips and an edited task', () => {
    const good = [
      claim('a', 'w1'),
      claim('a', 'w2'), // lost the race
      claim('a', 'w3', 2, takes('w1', 1)),
      done('a', 'w3', 2),
      claim('b', 'w2'),
      line('b', 'w2', 'retrying', 1),
      claim('b', 'w2', 2),
      claim('b', 'w3', 3, takes('w2', 2, 'beat_stood_still')),
      done('b', 'w2', 2), // it was only asleep
      line('b', 'w3', 'failed', 3),
      line('c', 'orchestrator', 'skipped', 0),
      claim('a', 'w3', 1, { round: 2, task_digest: 'd2' }),
      done('a', 'w3', 1, { round: 2, task_digest: 'd2' }),
    ];
    const tasks = [A, { id: 'b', depends_on: ['a'] }, { id: 'c', depends_on: ['b'] }];
    expect(tasksSay(good, tasks, ['w2'])).toEqual([]);
    const { states, takeovers, late } = checkTasks({
      lines: linesOf(...good),
      tasks,
      stalled: new Set(['w2']),
    });
    expect([...states].map(([id, { status, round }]) => [id, status, round])).toEqual([
      ['a', 'completed', 2],
      ['b', 'failed', 1],
      ['c', 'skipped', 1],
    ]);
    expect({ takeovers, late }).toEqual({ takeovers: { gone: 1, still: 1 }, late: 2 });
  });

  it('of a good record break no promise when an operator cancels what is held, and opens again what ended or waits', () => {
    const good = [
      claim('a', 'w1'),
      line('a', 'orchestrator', 'cancelled', 1),
      done('a', 'w1'), // it had not heard
      reopened('a', 2),
      reopened('a', 2), // twice at once
      claim('a', 'w2', 1, { round: 2 }),
      line('a', 'w2', 'retrying', 1, { round: 2 }),
      reopened('a', 2, 1),
      claim('a', 'w1', 2, { round: 2 }),
      reopened('a', 2, 2), // too late: it is held
      done('a', 'w1', 2, { round: 2 }),
      line('a', 'orchestrator', 'cancelled', 2, { round: 2 }), // too late: it is over
    ];
    expect(tasksSay(good)).toEqual([]);
    const { states, late } = checkTasks({ lines: linesOf(...good), tasks: [A], stalled: new Set() });
    expect([...states].map(([id, { status, round }]) => [id, status, round])).toEqual([
      ['a', 'completed', 2],
    ]);
    expect(late).toBe(3);
  });

  it.each<[string, readonly Fields[], string, (readonly string[])?]>([
    ['a task nobody began', [], 'Q7: a never began'],
    ['a task that is still held', [claim('a', 'w1')], 'Q7: a has no final state'],
    [
      'an end by one who lost the race',
      [claim('a', 'w1'), claim('a', 'w2'), done('a', 'w2'), done('a', 'w1')],
      'Q2: w2 ends an attempt of a that w1 held',
    ],
    [
      'an end without a claim',
      [claim('a', 'w1'), done('a', 'w1'), done('a', 'w9', 7)],
      'Q2: w9 ends an attempt of a that nobody held',
    ],
    [
      'a task that ended and runs again although nobody opened it',
      [
        claim('a', 'w1'),
        done('a', 'w1'),
        claim('a', 'w2', 1, { round: 2 }),
        done('a', 'w2', 1, { round: 2 }),
      ],
      'Q2: w2 ends an attempt of a that nobody held',
    ],
    [
      'a task that was opened in a round that is not its next',
      [
        claim('a', 'w1'),
        done('a', 'w1'),
        reopened('a', 3),
        claim('a', 'w2', 1, { round: 3 }),
        done('a', 'w2', 1, { round: 3 }),
      ],
      'Q2: w2 ends an attempt of a that nobody held',
    ],
    [
      'a task that was opened and never ran',
      [claim('a', 'w1'), done('a', 'w1'), reopened('a', 2)],
      'Q7: a has no final state',
    ],
    [
      'a claim taken from the wrong holder',
      [claim('a', 'w1'), claim('a', 'w2', 2, takes('w7', 1)), done('a', 'w2', 2)],
      'Q2: a claim takes over from w7',
    ],
    [
      'a worker that was declared dead and writes',
      [claim('a', 'w1'), claim('a', 'w2', 2, takes('w1', 1)), done('a', 'w2', 2), claim('b', 'w1')],
      'Q5: w1 writes after line 2',
    ],
    [
      'a claim taken from a worker that never stood still',
      [claim('a', 'w1'), claim('a', 'w2', 2, takes('w1', 1, 'beat_stood_still')), done('a', 'w2', 2)],
      'Q5: w1 lost its claim',
      ['w5'],
    ],
  ])('%s is told', (_, values, expected, stalled = []) => {
    expect(tasksSay(values, [A], stalled).join('\n')).toContain(expected);
  });

  it('a task claimed before its dependency completed is told', () => {
    const early = [claim('a', 'w1'), claim('b', 'w2'), done('a', 'w1'), done('b', 'w2')];
    expect(tasksSay(early, [A, { id: 'b', depends_on: ['a'] }])).toEqual([
      'Q10: b is claimed before a completed',
    ]);
  });
});

const opened = { event: 'run.opened', run_id: 'r', cap_nano_usd: 150 };
const capped = (scope: string, name: string, cap_nano_usd: number): Fields => ({
  event: 'cap.set',
  scope,
  name,
  cap_nano_usd,
});
const DAY = capped('day', '2026-01-01', 1_000);
const held = (call: string, more: Fields = {}): Fields => ({
  event: 'call.held',
  timestamp: '2026-01-01T10:00:00.000Z',
  user: 'admin',
  call_id: call,
  held_nano_usd: 100,
  run_id: 'r',
  task_id: 'a',
  round: 1,
  idempotency_key: `key_${call}`,
  ...more,
});
const paid = (call: string, more: Fields = {}): Fields => ({
  event: 'API_CALL_SUCCESS',
  call_id: call,
  cost_nano_usd: 40,
  idempotency_key: `key_${call}`,
  provider_request_id: `req_${call}`,
  simulated: true,
  ...more,
});
const unknown = (call: string, charged = 100): Fields => ({
  event: 'call.usage-unknown',
  call_id: call,
  charged_nano_usd: charged,
});
const released = (call: string): Fields => ({ event: 'API_CALL_FAILURE', call_id: call });
const billed = (call: string, cost = 40): Fields => ({ request_id: `req_${call}`, cost_nano_usd: cost });

const moneyOf = (audit: readonly Fields[], bill: readonly Fields[], taskCap = 1_000) =>
  checkMoney({ audit: linesOf(DAY, ...audit), bill: linesOf(...bill), taskCaps: new Map([['a', taskCap]]) });

describe('the money', () => {
  it('of a good record breaks no promise: a cut call, a failed one, a line written twice', () => {
    const good = moneyOf(
      [opened, held('1'), held('1'), paid('1'), paid('1'), held('2'), released('2'), held('3'), unknown('3')],
      [billed('1'), billed('3', 70)],
    );
    expect(said(good.violations)).toEqual([]);
    expect(good).toMatchObject({ settled: 40, unknown: 100, held: 0, billed: 110 });
  });

  it('a call that was charged as unknown may be settled late, once', () => {
    const tooLate = { ...unknown('1'), may_settle: true };
    const late = moneyOf([opened, held('1'), tooLate, paid('1'), paid('1')], [billed('1')]);
    expect(said(late.violations)).toEqual([]);
    expect(late).toMatchObject({ settled: 40, unknown: 0, calls: { settled: 1, unknown: 0 } });
    expect(moneyOf([opened, held('1'), tooLate, released('1')], [])).toMatchObject({ unknown: 0 });
    expect(moneyOf([opened, held('1'), unknown('1'), paid('1')], [billed('1')])).toMatchObject({
      settled: 0,
      unknown: 100,
    });
  });

  it.each<[string, readonly Fields[], readonly Fields[], string, number?]>([
    [
      'a run over its cap, if only for a moment',
      [opened, held('1'), held('2'), paid('1'), paid('2')],
      [billed('1'), billed('2')],
      'M1: run r commits 200 of 150',
    ],
    [
      'a task over its cap',
      [opened, held('1'), paid('1')],
      [billed('1')],
      'M1: task a#1 commits 100 of 90',
      90,
    ],
    [
      'a day over its cap',
      [capped('day', '2026-01-01', 99), opened, held('1'), paid('1')],
      [billed('1')],
      'M1: day 2026-01-01 commits 100 of 99',
    ],
    [
      'a day without a cap',
      [opened, held('1', { timestamp: '2026-01-02T00:00:00.000Z' }), paid('1')],
      [billed('1')],
      'M1: day 2026-01-02 spends without a cap',
    ],
    [
      'a principal over its cap',
      [opened, capped('principal', 'alice', 60), held('1', { user: 'alice' }), paid('1')],
      [billed('1')],
      'M1: principal alice commits 100 of 60',
    ],
    [
      'a principal without a cap',
      [opened, held('1', { user: 'alice' }), paid('1')],
      [billed('1')],
      'M1: principal alice spends without a cap',
    ],
    ['a run without a cap', [held('1'), paid('1')], [billed('1')], 'M1: run r spends without a cap'],
    [
      'a call above its hold',
      [opened, held('1'), paid('1', { cost_nano_usd: 120 })],
      [billed('1', 120)],
      'M1: 1 costs 120',
    ],
    ['a call without a hold', [opened, paid('1')], [billed('1')], 'S1: 1 is paid and was never held'],
    [
      'a key paid twice',
      [opened, held('1'), paid('1'), held('2'), paid('2', { idempotency_key: 'key_1' })],
      [billed('1'), billed('2')],
      'M3: the key key_1 is paid a second time',
    ],
    [
      'a call that is not on the bill',
      [opened, held('1'), paid('1')],
      [],
      'M2: a recorded reply is not on the bill',
    ],
    [
      'a call that was billed and neither settled nor charged',
      [
        opened,
        held('1', { prompt_hash: 'p1' }),
        released('1'),
        held('2', { prompt_hash: 'p2' }),
        unknown('2'),
      ],
      [{ ...billed('1', 30), prompt_hash: 'p1' }],
      'M2: of the prompt p1 30 was billed, and 0 is settled or charged',
    ],
    [
      'a call with another price on the bill',
      [opened, held('1'), paid('1')],
      [billed('1', 41)],
      'M2: req_1 costs 41 on the bill',
    ],
    [
      'two calls for one line of the bill',
      [opened, held('1'), paid('1'), held('2'), paid('2', { provider_request_id: 'req_1' })],
      [billed('1')],
      'M2: two recorded replies share req_1',
    ],
    [
      'a line of the bill nobody knows of',
      [opened, held('1'), paid('1')],
      [billed('1'), billed('9')],
      'M2: 1 calls are on the bill alone',
    ],
    [
      'a bill above what is known and unknown',
      [opened, held('1'), unknown('1')],
      [billed('1', 130)],
      'M2: settled 0 ≤ billed 130',
    ],
    [
      'a cut call that is charged too little',
      [opened, held('1'), unknown('1', 60)],
      [],
      'M2: 1 is charged 60 of the 100 held',
    ],
    ['a hold that stays', [opened, held('1')], [], 'M2: 1 is still held'],
    [
      'a bill with a call twice',
      [opened, held('1'), paid('1')],
      [billed('1'), billed('1')],
      'M2: the bill has req_1 twice',
    ],
    [
      'real money',
      [opened, held('1'), paid('1', { simulated: false })],
      [billed('1')],
      'M5: 1 is booked as real',
    ],
  ])('%s is told', (_, audit, bill, expected, cap) => {
    expect(said(moneyOf(audit, bill, cap).violations).join('\n')).toContain(expected);
  });
});

describe('between the files', () => {
  const { ends } = checkTasks({
    lines: linesOf(claim('a', 'w1'), done('a', 'w1')),
    tasks: [A],
    stalled: new Set(),
  });
  const settled = (more: Fields = {}, unknown = 0) => ({
    settledCalls: new Map(linesOf({ cost_nano_usd: 40, ...more }).map((each) => ['call_a', each])),
    unknownByTask: new Map([['a#1', unknown]]),
  });
  const action = (event: string, worker: string): readonly LogLine[] =>
    linesOf({ event, task_id: 'a', round: 1, attempt: 1, worker_id: worker });

  it('a line that was on disk and is gone is told', () => {
    const lines = linesOf({ a: 1 }, { b: 2 });
    const remembered = new Set(lines.map(({ text }) => text));
    expect(checkNothingLost('x.log', remembered, lines)).toEqual([]);
    expect(said(checkNothingLost('x.log', remembered, lines.slice(1)))).toEqual([
      'Q8: a line of x.log that was on disk is gone: {"a":1}',
    ]);
  });

  it('an end without a paid call, with another price, or without its output is told', () => {
    expect(checkOutputs(ends, settled(), () => true)).toEqual([]);
    expect(said(checkOutputs(ends, { ...settled(), settledCalls: new Map() }, () => true))).toEqual([
      'M4: completed by a call that was never settled: call_a',
    ]);
    expect(said(checkOutputs(ends, settled({ cost_nano_usd: 41 }), () => true))).toEqual([
      'M2: the call cost 41',
    ]);
    expect(checkOutputs(ends, settled({ cost_nano_usd: 15 }, 25), () => true)).toEqual([]);
    expect(said(checkOutputs(ends, settled({ cost_nano_usd: 15 }, 24), () => true))).toEqual([
      'M2: the call cost 15',
    ]);
    expect(said(checkOutputs(ends, settled(), () => false))).toEqual([
      'Q8: completed, and its output is not there',
    ]);
  });

  it('one call that completes two tasks is told', () => {
    const both = checkTasks({
      lines: linesOf(
        claim('a', 'w1'),
        done('a', 'w1'),
        claim('b', 'w1'),
        done('b', 'w1', 1, { call_id: 'call_a' }),
      ),
      tasks: [A],
      stalled: new Set(),
    });
    expect(said(checkOutputs(both.ends, settled(), () => true))).toEqual([
      'M3: call_a completed a#1 as well',
    ]);
  });

  it('Q4: a worker that was told the contrary of what the log says is told', () => {
    expect(checkAnswers([...action('task.completed', 'w1'), ...action('lease.lost', 'w2')], ends)).toEqual(
      [],
    );
    expect(said(checkAnswers(action('task.completed', 'w2'), ends))).toEqual([
      'Q4: a worker was told "recorded", and its end does not count',
    ]);
    expect(said(checkAnswers(action('lease.lost', 'w1'), ends))).toEqual([
      'Q4: a worker was told "lost", and its end counts',
    ]);
  });

  it('a status that tells another story than the lines is told', () => {
    const found = checkTasks({
      lines: linesOf(claim('a', 'w1'), done('a', 'w1')),
      tasks: [A],
      stalled: new Set(),
    });
    const report = (status: string) => JSON.stringify({ tasks: [{ id: 'a', status, round: 1 }] });
    expect(compareStatus(report('completed'), found)).toEqual([]);
    expect(said(compareStatus(report('failed'), found)).join()).toContain(
      'Q1: status says that a is failed in round 1',
    );
    expect(said(compareStatus('{', found)).join()).toContain('says no JSON');
  });
});

describe('reading a log', () => {
  it('Q8: finds the line behind a fragment, and counts what is none', () => {
    const whole = JSON.stringify({ timestamp: 't', event_id: 'e', inner: { timestamp: 'x' } });
    const text = `${whole}\n{"task_id":"a","wor${whole}\n{"torn":{"timestamp":\n7\n\n${whole}#torn\n{"unfinished`;
    const log = readLog(text);
    expect(log.lines.map((each) => [each.number, each.text])).toEqual([
      [1, whole],
      [2, whole],
    ]);
    expect({ fragments: log.fragments, strange: log.strange }).toEqual({ fragments: 4, strange: 1 });
  });
});
