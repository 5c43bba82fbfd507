/** Replay: where logs are cut, that a prefix is what the folds came to there, and that equal states are equal texts. */
import {
  booksOf,
  createMoneyFold,
  createTaskFold,
  homeIdOf,
  homeLayout,
  NEVER_SEEN,
  readApiAuditLine,
  readExecutionLine,
} from '@vivarium/contracts';
import { createRecordStore, initHome, type FileRecordStore } from '@vivarium/home';
import { createMemoryMachine, type MemoryMachine } from '@vivarium/platform/testing';
import { nanoUsd } from '@vivarium/core';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { packRecords } from '../record-columns.ts';
import { createSnapshotFile, VERSION } from '../snapshot.ts';
import { checkCheckpoints, checkSnapshot } from './beliefs.ts';
import { cutAtEvent } from './cut.ts';
import { canonical, canonicalState, firstDifference, replay } from './state.ts';

const layout = homeLayout('/home');
const HOME = homeIdOf('/home');

describe('replay', () => {
  let machine: MemoryMachine;
  let record: FileRecordStore;
  beforeEach(() => {
    machine = createMemoryMachine();
    initHome(layout, machine.files);
    record = createRecordStore({ layout, home: HOME, machine });
  });
  const at = (second: number): string => new Date(Date.UTC(2026, 10, 27, 8, 0, second)).toISOString();
  const claim = (id: string, second: number): void =>
    record.append('execution', {
      task_id: id, worker_id: 'w', status: 'in_progress', timestamp: at(second), started_at: at(second), event: 'task.claimed',
      event_id: `claim-${id}-${second}`, home: HOME, run_id: 'r', round: 1, attempt: 1, task_digest: 'd',
    }); // prettier-ignore
  const complete = (id: string, second: number, cost: number): void =>
    record.append('execution', {
      task_id: id, worker_id: 'w', status: 'completed', timestamp: at(second), completed_at: at(second), event: 'task.completed', result_summary: 'x', errors: null,
      event_id: `done-${id}`, home: HOME, run_id: 'r', round: 1, attempt: 1, task_digest: 'd', cost_nano_usd: cost, call_id: `call-${id}`,
    }); // prettier-ignore
  const hold = (id: string, second: number, amount: number): void =>
    record.append('apiAudit', {
      timestamp: at(second), event: 'call.held', user: 'admin', role: 'admin', model: 'm', held: 0, held_nano_usd: amount, input_token_bound: 1,
      max_completion_tokens: 1, call_id: `call-${id}`, event_id: `hold-${id}`, home: HOME, run_id: 'r', task_id: id, round: 1, simulated: true,
    }); // prettier-ignore
  const settle = (id: string, second: number, cost: number): void =>
    record.append('apiAudit', {
      timestamp: at(second), event: 'API_CALL_SUCCESS', user: 'admin', role: 'admin', model: 'm', cost: 0, input_tokens: 1, output_tokens: 1,
      cost_nano_usd: cost, call_id: `call-${id}`, event_id: `settle-${id}`, home: HOME, run_id: 'r', task_id: id, round: 1, simulated: true,
    }); // prettier-ignore
  const statuses = (cut: Parameters<typeof replay>[1]): Readonly<Record<string, string>> =>
    Object.fromEntries([...replay(record, cut).tasks].map(([id, { status }]) => [id, status]));

  it('by a time: each log up to its first later line; by an event: its own log up to that line, the others by its time', () => {
    claim('a', 1);
    hold('a', 2, 100);
    settle('a', 4, 60);
    complete('a', 4, 60);
    claim('b', 6);
    expect(statuses({ kind: 'time', at: at(3) })).toEqual({ a: 'in_progress' });
    expect(replay(record, { kind: 'time', at: at(3) }).money.simulated.total).toMatchObject({
      held: 100,
      settled: 0,
    });
    expect(statuses({ kind: 'time', at: at(5) })).toEqual({ a: 'completed' });
    const cut = cutAtEvent(record, 'settle-a');
    if (cut === undefined) throw new Error('not found');
    expect(replay(record, cut).money.simulated.total).toMatchObject({ held: 0, settled: 60 });
    expect(statuses(cut)).toEqual({ a: 'completed' });
    const atClaim = cutAtEvent(record, 'claim-a-1');
    if (atClaim === undefined) throw new Error('not found');
    expect(replay(record, atClaim)).toMatchObject({ lines: { execution: 1, apiAudit: 0 } });
    expect(cutAtEvent(record, 'nobody')).toBeUndefined();
  });

  it('Q1, M1: of every prefix it is what the folds had come to there, in the same text; and twice the same', () => {
    const step = fc.record({
      what: fc.constantFrom('claim', 'complete', 'hold', 'settle'),
      id: fc.constantFrom('a', 'b', 'c'),
      amount: fc.nat(1_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        machine = createMemoryMachine();
        initHome(layout, machine.files);
        record = createRecordStore({ layout, home: HOME, machine });
        const tasks = createTaskFold();
        const money = createMoneyFold({ replies: false, tasks: false });
        const prefixes: { readonly execution: number; readonly apiAudit: number; readonly text: string }[] =
          [];
        const tails = { execution: record.tail('execution'), apiAudit: record.tail('apiAudit') };
        for (const [second, { what, id, amount }] of steps.entries()) {
          if (what === 'claim') claim(id, second % 60);
          if (what === 'complete') complete(id, second % 60, amount);
          if (what === 'hold') hold(id, second % 60, amount);
          if (what === 'settle') settle(id, second % 60, amount);
          for (const { entries } of [tails.execution.read()])
            for (const entry of entries) {
              const line = entry.kind === 'line' ? readExecutionLine(entry.value, HOME) : undefined;
              if (line !== undefined) tasks.apply(line);
            }
          for (const { entries } of [tails.apiAudit.read()])
            for (const entry of entries) {
              const line = entry.kind === 'line' ? readApiAuditLine(entry.value, HOME) : undefined;
              if (line !== undefined) money.apply(line);
            }
          prefixes.push({
            execution: record.size('execution'),
            apiAudit: record.size('apiAudit'),
            text: canonical({ tasks: Object.fromEntries(tasks.entries()), money: booksOf(money.snapshot()) }),
          });
        }
        for (const { execution, apiAudit, text } of prefixes) {
          const cut = { kind: 'bytes', to: { execution, apiAudit } } as const;
          expect(canonicalState(replay(record, cut))).toBe(text);
          expect(canonicalState(replay(record, cut))).toBe(text);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("a snapshot that is not what the record says is found, with the last line about it; one of another log is nobody's belief", () => {
    claim('a', 1);
    hold('a', 1, 100);
    const snapshots = createSnapshotFile(layout, machine.files);
    const { tasks, money } = replay(record, { kind: 'end' });
    const write = (records: typeof tasks, state: typeof money): void =>
      snapshots.write({
        version: VERSION,
        execution: {
          to: record.tail('execution').read().cursor,
          unreadable: 0,
          records: packRecords(records),
        },
        money: { to: record.tail('apiAudit').read().cursor, unreadable: 0, state, breakers: [] },
      });
    expect(checkSnapshot(record, snapshots).checked).toBeUndefined();
    write(tasks, money);
    claim('b', 2);
    expect(checkSnapshot(record, snapshots).checked).toBe('equal');
    const [[id, first] = ['', NEVER_SEEN]] = [...tasks];
    write(new Map([[id, { ...first, attempt: 7 }]]), money);
    expect(checkSnapshot(record, snapshots).checked).toMatchObject({
      who: 'snapshot',
      what: 'task a.attempt',
      believed: 7,
      replayed: 1,
      line: { file: 'logs/execution_log.jsonl', record: 1, byte: 0 },
    });
    const real = { ...money.real, total: { ...money.real.total, settled: nanoUsd(1) } };
    write(replay(record, { kind: 'end' }).tasks, { ...money, real });
    expect(checkSnapshot(record, snapshots).checked).toMatchObject({
      what: 'money.real.total.settled',
      believed: 1,
      replayed: 0,
    });
    machine.files.replace(layout.log('execution'), '');
    expect(checkSnapshot(record, snapshots).checked).toBeUndefined();
  });

  it('M1: a checkpoint that does not say what the lines before it come to is found, at its line', () => {
    const checkpoint = (second: number, settled: number): void =>
      record.append('apiAudit', {
        timestamp: at(second), event: 'checkpoint', user: 'admin', role: 'admin', real_book: { settled: 0, unknown: 0, held: 0, calls: 0 },
        simulated_book: { settled, unknown: 0, held: 0, calls: 1 }, state_sha256: '0'.repeat(64), event_id: `check-${second}`, home: HOME,
      }); // prettier-ignore
    hold('a', 1, 100);
    settle('a', 2, 40);
    expect(checkCheckpoints(record).checked).toBeUndefined();
    checkpoint(3, 40);
    expect(checkCheckpoints(record).checked).toBe('equal');
    checkpoint(4, 39);
    expect(checkCheckpoints(record).checked).toMatchObject({
      what: 'simulated settled',
      believed: 39,
      replayed: 40,
      line: { file: 'logs/api_audit.log', record: 4 },
    });
  });

  it('the canonical form is one text for one value, whatever the order of its keys, and the first difference is named by its path', () => {
    expect(canonical({ b: [1, { d: undefined, c: 'x' }], a: null })).toBe('{"a":null,"b":[1,{"c":"x"}]}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonical(JSON.parse(canonical(value)))).toBe(canonical(value));
      }),
    );
    expect(firstDifference({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } })).toEqual({
      path: ['a', 'c'],
      believed: 2,
      replayed: 3,
    });
    expect(firstDifference({ a: 1 }, { a: 1, b: 2 })).toEqual({
      path: ['b'],
      believed: undefined,
      replayed: 2,
    });
    expect(firstDifference({ a: [1] }, { a: [1] })).toBeUndefined();
  });
});
