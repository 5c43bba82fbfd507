import { describe, expect, it } from 'vitest';
import type { ExecutionLogLine } from '../events/execution-log.ts';
import { createTaskFold } from './tasks.ts';

const at = '2026-11-23T10:00:00.000Z';
const claim = (
  attempt: number,
  worker = 'w1',
  more: Partial<Extract<ExecutionLogLine, { status: 'in_progress' }>> = {},
): ExecutionLogLine => ({
  task_id: 't',
  worker_id: worker,
  status: 'in_progress',
  timestamp: at,
  started_at: at,
  event_id: `claim-${worker}-${attempt}`,
  round: 1,
  attempt,
  task_digest: 'd1',
  ...more,
});
const completed = (
  attempt: number,
  worker = 'w1',
  more: Partial<Extract<ExecutionLogLine, { status: 'completed' }>> = {},
): ExecutionLogLine => ({
  task_id: 't',
  worker_id: worker,
  status: 'completed',
  timestamp: at,
  completed_at: at,
  result_summary: 'done',
  errors: null,
  event_id: `done-${worker}-${attempt}`,
  round: 1,
  attempt,
  task_digest: 'd1',
  cost_nano_usd: 100,
  ...more,
});
const takeOver = (attempt: number, worker: string): ExecutionLogLine =>
  claim(attempt, worker, { supersedes: { worker_id: 'w1', attempt: attempt - 1, why: 'holder_gone' } });
const foldOf = (...lines: ExecutionLogLine[]) => {
  const fold = createTaskFold();
  return { fold, answers: lines.map((line) => fold.apply(line)) };
};

describe('the fold of the execution log', () => {
  it('Q1: a task never seen is queued', () => {
    expect(createTaskFold().get('t')).toMatchObject({ status: 'queued', round: 1, attempt: 0 });
  });

  it('Q2: of two claims of one attempt the first in the log wins', () => {
    const { fold, answers } = foldOf(claim(1, 'w1'), claim(1, 'w2'));
    expect(answers).toEqual(['applied', 'ignored']);
    expect(fold.get('t')).toMatchObject({ workerId: 'w1', eventId: 'claim-w1-1' });
  });

  it('Q2: a claim of the next attempt needs to say whom it supersedes', () => {
    expect(foldOf(claim(1, 'w1'), claim(2, 'w2')).answers).toEqual(['applied', 'ignored']);
    expect(foldOf(claim(1, 'w1'), takeOver(2, 'w2')).answers).toEqual(['applied', 'applied']);
  });

  it('Q4: a finish under an attempt that was superseded changes nothing', () => {
    const { fold, answers } = foldOf(
      claim(1, 'w1'),
      takeOver(2, 'w2'),
      completed(1, 'w1'),
      completed(2, 'w2'),
    );
    expect(answers).toEqual(['applied', 'applied', 'ignored', 'applied']);
    expect(fold.get('t')).toMatchObject({ status: 'completed', workerId: 'w2', cost: 100, faults: 1 });
  });

  it('Q4: nobody ends an attempt that somebody else holds', () => {
    expect(foldOf(claim(1, 'w1'), completed(1, 'w2')).answers).toEqual(['applied', 'ignored']);
    expect(foldOf(completed(0, 'w1')).answers).toEqual(['ignored']);
  });

  it('Q7: a final state is never left within its round', () => {
    const { fold, answers } = foldOf(
      claim(1),
      completed(1),
      completed(1),
      claim(2),
      takeOver(2, 'w2'),
      claim(1, 'w2', { round: 2 }),
    );
    expect(answers).toEqual(['applied', 'applied', 'ignored', 'ignored', 'ignored', 'ignored']);
    expect(fold.get('t')).toMatchObject({ status: 'completed', round: 1, cost: 100 });
  });

  it('Q7: an edited task is new work in the next round', () => {
    const { fold, answers } = foldOf(claim(1), completed(1), claim(1, 'w2', { round: 2, task_digest: 'd2' }));
    expect(answers).toEqual(['applied', 'applied', 'applied']);
    expect(fold.get('t')).toMatchObject({
      status: 'in_progress',
      round: 2,
      attempt: 1,
      digest: 'd2',
      cost: 0,
    });
  });

  it('Q7: reopening starts the next round of the same work', () => {
    const reopened: ExecutionLogLine = {
      task_id: 't',
      worker_id: 'orchestrator',
      status: 'queued',
      event: 'task.reopened',
      timestamp: at,
      reason: 'asked',
      round: 2,
      attempt: 0,
      task_digest: 'd1',
    };
    const { fold, answers } = foldOf(
      claim(1),
      completed(1),
      reopened,
      reopened,
      claim(1, 'w2', { round: 2 }),
    );
    expect(answers).toEqual(['applied', 'applied', 'applied', 'applied', 'applied']);
    expect(fold.get('t')).toMatchObject({ status: 'in_progress', round: 2, attempt: 1 });
  });

  it('Q4: an end that names an earlier attempt changes nothing, whoever wrote it', () => {
    const takeover = { supersedes: { worker_id: 'w1', attempt: 1, why: 'holder_gone' as const } };
    const { fold, answers } = foldOf(
      claim(1),
      claim(2, 'w1', takeover),
      completed(1),
      claim(3, 'w2', takeover),
      completed(2, 'w2'),
      completed(4, 'w2'),
    );
    expect(answers).toEqual(['applied', 'applied', 'ignored', 'applied', 'ignored', 'ignored']);
    expect(fold.get('t')).toMatchObject({ status: 'in_progress', attempt: 3 });
  });

  it('Q7: a first line may say that earlier rounds are in an archived log; a later one may not', () => {
    const carried: ExecutionLogLine = {
      task_id: 't',
      worker_id: 'orchestrator',
      status: 'queued',
      event: 'task.carried-over',
      timestamp: at,
      reason: 'cleared',
      round: 4,
      attempt: 0,
    };
    const { fold, answers } = foldOf(claim(1), carried, carried, claim(1, 'w2', { round: 4 }), {
      ...carried,
      round: 5,
    });
    expect(answers).toEqual(['applied', 'ignored', 'ignored', 'ignored', 'ignored']);
    const fresh = foldOf(carried, carried, claim(1), claim(1, 'w2', { round: 4 }));
    expect(fresh.answers).toEqual(['applied', 'ignored', 'ignored', 'applied']);
    expect(fresh.fold.get('t')).toMatchObject({ status: 'in_progress', round: 4, attempt: 1 });
    expect(fold.get('t')).toMatchObject({ round: 1, attempt: 1 });
  });

  it('Q8: a line written twice after a torn write counts once', () => {
    const { fold } = foldOf(claim(1), claim(1), completed(1), completed(1));
    expect(fold.get('t')).toMatchObject({ status: 'completed', attempt: 1, cost: 100 });
  });

  it('Q11: a deferral and a release end an attempt without a fault', () => {
    const deferred: ExecutionLogLine = {
      task_id: 't',
      worker_id: 'w1',
      status: 'deferred',
      timestamp: at,
      reason: 'run_budget',
      until: null,
      errors: null,
      round: 1,
      attempt: 1,
      run_id: 'run_1',
    };
    const released: ExecutionLogLine = {
      task_id: 't',
      worker_id: 'w1',
      status: 'queued',
      event: 'task.released',
      timestamp: at,
      reason: 'halted',
      round: 1,
      attempt: 2,
    };
    const { fold, answers } = foldOf(claim(1), deferred, claim(2), released);
    expect(answers).toEqual(['applied', 'applied', 'applied', 'applied']);
    expect(fold.get('t')).toMatchObject({ status: 'queued', attempt: 2, faults: 0 });
  });

  it('counts faults, which an attempts limit limits', () => {
    const retrying: ExecutionLogLine = {
      task_id: 't',
      worker_id: 'w1',
      status: 'retrying',
      timestamp: at,
      errors: 'provider answered 503',
      not_before: at,
      round: 1,
      attempt: 1,
    };
    expect(foldOf(claim(1), retrying).fold.get('t')).toMatchObject({
      status: 'retrying',
      faults: 1,
      notBefore: at,
    });
  });

  it('Q10: a skip ends a task nobody works on, and only such a one', () => {
    const skipped: ExecutionLogLine = {
      task_id: 't',
      worker_id: 'w1',
      status: 'skipped',
      timestamp: at,
      completed_at: at,
      result_summary: null,
      errors: 'a failed',
      round: 1,
      attempt: 0,
      dependency: 'a',
    };
    expect(foldOf(skipped).fold.get('t')).toMatchObject({ status: 'skipped', reason: 'a failed' });
    expect(foldOf(claim(1), { ...skipped, attempt: 1 }).answers).toEqual(['applied', 'ignored']);
  });
});
