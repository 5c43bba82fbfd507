import { describe, expect, it } from 'vitest';
import { sha256, TaskReport } from '@vivarium/contracts';
import { memoryHome, type MemoryHome } from '../testing/memory-home.ts';
import { claimed, ended, task, type Line } from '../testing/views.ts';
import { show } from './show.ts';

const at = (second: number): string => `2026-11-23T10:00:0${second}.000Z`;
const TEXT = 'The answer.\n\tIt has \u001b[31mtwo lines.\n';
const who = { user: 'admin', role: 'admin', task_id: 'a', simulated: true };
const join = (round: number, attempt: number): Line => ({ round, attempt, run_id: 'run_1' });

/** Round 1: a fault, a take-over, a failure. Round 2: completed, after a finish that came too late. */
const EXECUTION: readonly Line[] = [
  claimed('a', { timestamp: at(0), started_at: at(0), run_id: 'run_1' }),
  { task_id: 'a', worker_id: 'worker_1', status: 'retrying', timestamp: at(2), errors: 'timed out', error_code: 'provider_timeout', fingerprint: '1a2b3c4d', not_before: at(3), event: 'task.retrying', ...join(1, 1) },
  claimed('a', { timestamp: at(3), started_at: at(3), attempt: 2 }),
  claimed('a', { timestamp: at(4), started_at: at(4), attempt: 3, worker_id: 'worker_2', supersedes: { worker_id: 'worker_1', attempt: 2, why: 'holder_gone' } }),
  { task_id: 'a', worker_id: 'worker_2', status: 'failed', timestamp: at(5), completed_at: at(5), errors: 'no', error_code: 'provider_failed', ...join(1, 3) },
  { task_id: 'a', worker_id: 'orchestrator', status: 'queued', timestamp: at(6), reason: 'mended', event: 'task.reopened', ...join(2, 0) },
  claimed('a', { timestamp: at(7), started_at: at(7), round: 2, worker_id: 'worker_2' }),
  { task_id: 'a', worker_id: 'worker_1', status: 'failed', timestamp: at(8), completed_at: at(8), errors: 'late', ...join(1, 2) },
  { task_id: 'a', worker_id: 'worker_2', status: 'completed', timestamp: at(9), completed_at: at(9), result_summary: 'The answer.', errors: null, model: 'm-2', requested_model: 'm-1', input_tokens: 56, output_tokens: 17, cost: 0.00000416, cost_nano_usd: 4_160, latency_ms: 1_200, result_sha256: sha256(TEXT), finish_reason: 'length', cut_by: 'budget', simulated: true, ...join(2, 1) },
]; // prettier-ignore
const AUDIT: readonly Line[] = [
  { timestamp: at(1), event: 'call.held', ...who, model: 'm-1', held: 0.00001, held_nano_usd: 10_000, input_token_bound: 60, max_completion_tokens: 20, call_id: 'call_1', ...join(1, 1) },
  { timestamp: at(2), event: 'call.usage-unknown', ...who, model: 'm-1', error: 'cut', charged: 0.00001, charged_nano_usd: 10_000, call_id: 'call_1', ...join(1, 1) },
  { timestamp: at(4), event: 'BUDGET_EXCEEDED', ...who, remaining: 0, requested: 1, cap: 'task', ...join(1, 3) },
  { timestamp: at(8), event: 'call.held', ...who, model: 'm-1', held: 0.00001, held_nano_usd: 10_000, input_token_bound: 60, max_completion_tokens: 20, call_id: 'call_2', ...join(2, 1) },
  { timestamp: at(9), event: 'API_CALL_SUCCESS', ...who, model: 'm-2', cost: 0.00000416, cost_nano_usd: 4_160, input_tokens: 56, output_tokens: 17, latency_ms: 900, call_id: 'call_2', ...join(2, 1) },
  { timestamp: at(9), event: 'API_CALL_SUCCESS', ...who, task_id: 'other', model: 'm', cost: 1, input_tokens: 1, output_tokens: 1 },
]; // prettier-ignore
const GATE: readonly Line[] = [
  { timestamp: at(8), task: 'do a', checks: {}, passed: true, blocked_reason: null, event: 'gate.decided', task_id: 'a', ...join(2, 1) },
]; // prettier-ignore

/** What the provider said of call_1 after all. */
const LATE: Line = { timestamp: at(5), event: 'API_CALL_SUCCESS', ...who, model: 'm-1', cost: 0.000003, cost_nano_usd: 3_000, input_tokens: 40, output_tokens: 10, late: true, call_id: 'call_1', ...join(1, 1) }; // prettier-ignore

function homeOn(audit: readonly Line[] = AUDIT): MemoryHome {
  const home = memoryHome(
    [task('a', { priority: 5, prompt: 'Say it.' }), task('b', { depends_on: ['a', 'c'] }), task('c')],
    [...EXECUTION, ...ended('z', 'completed')],
  );
  const write = (path: string, lines: readonly Line[]): void =>
    home.machine.files.replace(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  write(home.layout.log('apiAudit'), audit);
  write(home.layout.log('safetyAudit'), GATE);
  write(home.layout.result(sha256(TEXT)), [{ result_sha256: sha256(TEXT), result: TEXT }]);
  return home;
}
const call = async (id: string, more: { readonly output?: boolean; readonly json?: boolean; readonly tty?: boolean; readonly audit?: readonly Line[] } = {}) => {
  const deps = homeOn(more.audit).deps();
  const terminal = Object.assign(deps.terminal, { isTty: more.tty === true });
  const input = { home: undefined, id, output: more.output === true, json: more.json === true };
  const code = await show(input, { ...deps, terminal });
  return { code, out: terminal.out, err: terminal.err.join('\n') };
}; // prettier-ignore
const reportOf = async (id: string) =>
  TaskReport.parse(JSON.parse((await call(id, { json: true })).out[0] ?? ''));

describe('show --json', () => {
  it('has every round and attempt, with worker, times, models, tokens, cost, latency and how it ended', async () => {
    const { rounds, ...report } = await reportOf('a');
    expect(report).toMatchObject({
      id: 'a', status: 'completed', round: 2, attempt: 1, dependants: ['b'], edited: false, charged_nano_usd: 0, simulated_charged_nano_usd: 14_160,
      result: `logs/results/${sha256(TEXT).slice(0, 1)}.jsonl`, task: { priority: 5, prompt: 'Say it.' }, unreadable_lines: 0,
    }); // prettier-ignore
    expect(rounds.map(({ round, attempts }) => [round, attempts.map(({ attempt, status }) => `${attempt} ${status}`)])).toEqual([
      [1, ['1 retrying', '2 taken_over', '3 failed']],
      [2, ['1 completed']],
    ]); // prettier-ignore
    expect(rounds[0]?.attempts[0]).toMatchObject({ worker_id: 'worker_1', run_id: 'run_1', started_at: at(0), ended_at: at(2), reason: 'timed out', error_code: 'provider_timeout', fingerprint: '1a2b3c4d', not_before: at(3) }); // prettier-ignore
    expect(rounds[0]?.attempts[2]?.takes_over).toEqual({
      worker_id: 'worker_1',
      attempt: 2,
      why: 'holder_gone',
    });
    expect(rounds[1]?.attempts[0]).toMatchObject({ requested_model: 'm-1', model: 'm-2', input_tokens: 56, output_tokens: 17, cost_nano_usd: 4_160, simulated: true, latency_ms: 1_200, finish_reason: 'length', cut_by: 'budget' }); // prettier-ignore
  });

  it('M2: has each call from hold to settlement, and what was charged although its usage is unknown', async () => {
    const { rounds } = await reportOf('a');
    expect(rounds.flatMap(({ attempts }) => attempts.flatMap(({ calls }) => calls))).toMatchObject([
      { call_id: 'call_1', state: 'unknown', held_nano_usd: 10_000, charged_nano_usd: 10_000 },
      { call_id: 'call_2', state: 'settled', charged_nano_usd: 4_160, latency_ms: 900, model: 'm-2' },
    ]);
  });

  it('M2: a call that was charged as unknown is settled by what the provider said late', async () => {
    const may = AUDIT.map((line) =>
      line['event'] === 'call.usage-unknown' ? { ...line, may_settle: true } : line,
    );
    const { out } = await call('a', { json: true, audit: [...may, LATE] });
    const { rounds, simulated_charged_nano_usd } = TaskReport.parse(JSON.parse(out[0] ?? ''));
    expect(rounds[0]?.attempts[0]?.calls).toMatchObject([
      { call_id: 'call_1', state: 'settled', charged_nano_usd: 3_000 },
    ]);
    expect(simulated_charged_nano_usd).toBe(3_000 + 4_160);
  });

  it('has every line of three logs in the order of time, and marks what came too late', async () => {
    const { rounds } = await reportOf('a');
    expect(rounds[1]?.attempts[0]?.history.map(({ event }) => event)).toEqual([
      'in_progress',
      'gate.decided',
      'call.held',
      'API_CALL_SUCCESS',
      'completed',
    ]);
    expect(rounds[1]?.history.map(({ event }) => event)).toEqual(['task.reopened']);
    const late = rounds[0]?.attempts[1]?.history.filter(({ counts }) => !counts);
    expect(late).toMatchObject([{ text: 'failed: late', line: { errors: 'late' } }]);
    expect(JSON.stringify(rounds)).not.toContain('"other"');
  });

  it('a task that never ran, one that waits, and one that left the queue', async () => {
    expect(await reportOf('c')).toMatchObject({ status: 'queued', rounds: [], result: null });
    expect(await reportOf('b')).toMatchObject({ status: 'blocked', waits_for: ['c'] });
    expect(await reportOf('z')).toMatchObject({ status: 'completed', task: null });
  });
});

it('show for people tells the task, its attempts and their history', async () => {
  const { code, out } = await call('a');
  expect(code).toBe(0);
  const text = out.join('\n');
  expect(text).toMatch(/^a {2}completed, round 2, attempt 1\n/);
  expect(text).toContain('· priority 5');
  expect(text).toContain('\n  prompt\n    │ Say it.\n');
  expect(text).toContain('attempt 1  retrying after 2.0 s  worker_1, run_1');
  expect(text).toContain('provider_timeout, fingerprint 1a2b3c4d');
  expect(text).toContain('claimed, taking over attempt 2 of worker_1 (holder_gone)');
  expect(text).toContain('m-1 asked, m-2 billed, 56 + 17 tokens, $0.00000416 simulated, 1.2 s, cut where its budget ended'); // prettier-ignore
  expect(text).toContain('no money: the task cap leaves too little');
  expect(text).toContain('cut before its usage was known: cut  $0.00001 simulated  call_1');
  expect(text).toContain('failed: late  (too late or twice: it changed nothing)');
  expect(text).toMatch(/Round 2\n {2}\S+ {2}reopened: mended\n {2}attempt 1 {2}completed/);
});

describe('show --output', () => {
  it('prints the whole result and nothing else; a terminal gets nothing it would obey', async () => {
    expect(await call('a', { output: true })).toEqual({ code: 0, out: [TEXT], err: '' });
    expect(await call('a', { output: true, tty: true })).toMatchObject({
      out: ['The answer.', '\tIt has  [31mtwo lines.', ''],
    });
  });

  it('says that there is none', async () => {
    expect(await call('c', { output: true })).toMatchObject({ code: 1, out: [] });
    expect((await call('c', { output: true })).err).toMatch(/'c' has no result/);
  });
});

it('an id that is nowhere is a fault, with what may have been meant', async () => {
  expect(await call('A')).toMatchObject({ code: 1, out: [] });
  expect((await call('A')).err).toMatch(/there is no task 'A'.*\n {2}→ perhaps: a$/);
  expect((await call('nowhere')).err).toMatch(/orchestrator status --all/);
});
