import { describe, expect, it } from 'vitest';
import { nanoUsd, workerId } from '@vivarium/core';
import {
  GrindRefusal,
  refusalCatalogue,
  type Claim,
  type GrindReply,
  type RefusalCode,
} from '@vivarium/contracts';
import {
  backoff,
  beginningOf,
  judgeAnswer,
  SUMMARY_LENGTH,
  type Judgement,
  type Refusal,
} from './outcome.ts';

const now = new Date('2026-11-23T10:00:00.000Z');
const claim: Claim = {
  task: {
    id: 'task-1',
    type: 'grind',
    prompt: 'Say yes.',
    min_budget: 0.05,
    max_budget: 0.1,
    intensity: 'medium',
    depends_on: [],
    parallel_safe: true,
    model: null,
  },
  digest: 'd'.repeat(32),
  round: 1,
  attempt: 1,
  faults: 0,
  outages: 0,
  workerId: workerId('worker_0000000a'),
};

const refusal = (code: RefusalCode, remedy: Refusal['remedy'], more: Partial<Refusal> = {}): Refusal =>
  GrindRefusal.parse({
    error: {
      code,
      remedy,
      message: 'what happened',
      hint: 'what to do',
      retryable: remedy === 'retry',
      task_id: 'task-1',
      request_id: 'req-1',
      ...more,
    },
  }).error;
const judge = (code: RefusalCode, remedy: Refusal['remedy'], more: Partial<Refusal> = {}): Judgement =>
  judgeAnswer({ kind: 'refusal', refusal: refusal(code, remedy, more) }, claim, {
    now,
    chance: 1,
    stays: false,
  });

const allCodes = Object.keys(refusalCatalogue) as readonly RefusalCode[];
const BLAMELESS: readonly RefusalCode[] = [
  'halted',
  'paused',
  'stopping',
  'record_unwritable',
  'provider_key',
  'foreign_home',
];

describe('a reply', () => {
  const reply: GrindReply = {
    status: 'completed',
    result: 'Yes.\nIndeed.',
    model: 'llama-3.1-8b-instant',
    task_id: 'task-1',
    usage: { prompt_tokens: 56, completion_tokens: 17, total_tokens: 73 },
    requested_model: 'llama-3.1-8b-instant',
    finish_reason: 'stop',
    cost_usd: 0.00000416,
    cost_nano_usd: 4160,
    latency_ms: 12,
    provider: 'simulator',
    simulated: true,
    call_id: 'call_1',
    request_id: 'req_1',
    result_sha256: 'a'.repeat(64),
    replayed: false,
  };

  it('completes the task with its model, tokens, exact cost and provider (M4)', () => {
    const { outcome, next } = judgeAnswer({ kind: 'reply', reply, latencyMs: 15.4 }, claim, {
      now,
      chance: 1,
      stays: false,
    });
    expect(next).toEqual({ kind: 'go_on' });
    expect(outcome).toEqual({
      kind: 'completed',
      usage: {
        requestedModel: 'llama-3.1-8b-instant',
        model: 'llama-3.1-8b-instant',
        inputTokens: 56,
        outputTokens: 17,
        cost: nanoUsd(4160),
        latencyMs: 15,
        provider: 'simulator',
        simulated: true,
        callId: 'call_1',
      },
      summary: 'Yes. Indeed.',
      resultSha256: 'a'.repeat(64),
      finishReason: 'stop',
    });
  });

  it('without usage counts no tokens rather than inventing some', () => {
    const { outcome } = judgeAnswer(
      { kind: 'reply', reply: { ...reply, usage: null }, latencyMs: 1 },
      claim,
      { now, chance: 1, stays: false },
    );
    expect(outcome).toMatchObject({
      kind: 'completed',
      usage: { inputTokens: 0, outputTokens: 0, cost: 4160 },
    });
  });
});

describe('a refusal', () => {
  it('with remedy stop gives the task back and ends all claiming, whatever its code', () => {
    for (const code of allCodes) {
      expect(judge(code, 'stop'), code).toEqual({
        outcome: { kind: 'released', reason: code },
        next: { kind: 'stop', code, detail: 'what happened', hint: 'what to do' },
      });
    }
  });

  it('with remedy fail fails the task, and refuses it when the gate spoke', () => {
    for (const code of allCodes) {
      const { outcome, next } = judge(code, 'fail');
      expect(outcome.kind, code).toBe(code === 'refused' ? 'refused' : 'failed');
      expect(next).toEqual({ kind: 'go_on' });
    }
  });

  it('names the rules that spoke', () => {
    expect(judge('refused', 'fail', { rule_ids: ['no-shell'] }).outcome).toEqual({
      kind: 'refused',
      reason: 'what happened',
      ruleIds: ['no-shell'],
    });
  });

  it('Q11: HALT, PAUSE, a stopping grind, a full disk and a wrong key are never the task’s failure, under any remedy but fail', () => {
    for (const code of BLAMELESS) {
      for (const remedy of ['retry', 'wait', 'stop'] as const) {
        const { outcome, next } = judge(code, remedy);
        expect(outcome, `${code} ${remedy}`).toEqual({ kind: 'released', reason: code });
        expect(next.kind, `${code} ${remedy}`).not.toBe('go_on');
      }
    }
  });

  it('Q11: lack of money defers until another run and names the cap', () => {
    expect(judge('deferred', 'wait', { reason: 'run_budget' }).outcome).toEqual({
      kind: 'deferred',
      reason: 'run_budget',
      until: null,
    });
  });

  it('Q11: the cap of the day defers to the next day in a run that stays, and to another run in one that ends', () => {
    const told = refusal('deferred', 'wait', { reason: 'day_budget', retry_after_ms: 3_600_000 });
    const outcome = (stays: boolean) =>
      judgeAnswer({ kind: 'refusal', refusal: told }, claim, { now, chance: 1, stays }).outcome;
    expect(outcome(true)).toEqual({
      kind: 'deferred',
      reason: 'day_budget',
      until: new Date(now.getTime() + 3_600_000),
    });
    expect(outcome(false)).toEqual({ kind: 'deferred', reason: 'day_budget', until: null });
  });

  it('Q11: a rate limit defers for the time the provider asked for, and up to a quarter more, so that tasks come back apart', () => {
    const told = refusal('rate_limited', 'retry', { retry_after_ms: 7_000 });
    const untilAt = (chance: number): unknown =>
      judgeAnswer({ kind: 'refusal', refusal: told }, claim, { now, chance, stays: false }).outcome;
    expect(untilAt(0)).toEqual({
      kind: 'deferred',
      reason: 'rate_limit',
      until: new Date('2026-11-23T10:00:07.000Z'),
    });
    expect(untilAt(1)).toMatchObject({ until: new Date('2026-11-23T10:00:08.750Z') });
  });

  it('that may pass is retried after the wait it names, or a growing one', () => {
    expect(judge('provider_failed', 'retry', { retry_after_ms: 250 }).outcome).toMatchObject({
      kind: 'retrying',
      retryAfterMs: 250,
    });
    expect(judge('deadline_exceeded', 'retry').outcome).toMatchObject({
      kind: 'retrying',
      retryAfterMs: 1_000,
      errorCode: 'deadline_exceeded',
    });
    const later = judgeAnswer(
      { kind: 'refusal', refusal: refusal('internal', 'retry') },
      { ...claim, faults: 2 },
      { now, chance: 1, stays: false },
    );
    expect(later.outcome).toMatchObject({ kind: 'retrying', retryAfterMs: 4_000 });
  });

  it('that was charged all the same carries its cost into the record, marked as simulated or not (M2, M5)', () => {
    expect(judge('provider_failed', 'retry', { cost_nano_usd: 900, simulated: true }).outcome).toMatchObject({
      cost: 900,
      simulated: true,
    });
    expect(
      judge('provider_rejected', 'fail', { cost_nano_usd: 900, simulated: false }).outcome,
    ).toMatchObject({ cost: 900, simulated: false });
    expect(judge('provider_failed', 'retry').outcome).not.toHaveProperty('cost');
  });

  it('Q11: no code under remedy wait or retry ends a task, except the gate’s own no', () => {
    for (const code of allCodes) {
      for (const remedy of ['wait', 'retry'] as const) {
        const { kind } = judge(code, remedy).outcome;
        expect(
          code === 'refused' ? ['refused'] : ['released', 'deferred', 'retrying'],
          `${code} ${remedy}`,
        ).toContain(kind);
      }
    }
  });
});

describe('no answer', () => {
  it('Q11: an unreachable grind gives the task back and stops claiming until it is back', () => {
    expect(
      judgeAnswer({ kind: 'unreachable', message: 'connection refused' }, claim, {
        now,
        chance: 1,
        stays: false,
      }),
    ).toEqual({
      outcome: { kind: 'released', reason: 'grind_unreachable' },
      next: { kind: 'await_grind', detail: 'connection refused' },
    });
  });

  it('by the deadline is a fault of the attempt, which is tried again', () => {
    expect(
      judgeAnswer({ kind: 'silent', message: 'no answer in 900 s' }, claim, { now, chance: 1, stays: false })
        .outcome,
    ).toMatchObject({
      kind: 'retrying',
      errorCode: 'deadline_exceeded',
    });
  });

  it('because the worker cut the call gives the task back with the reason', () => {
    expect(judgeAnswer({ kind: 'cut', reason: 'halted' }, claim, { now, chance: 1, stays: false })).toEqual({
      outcome: { kind: 'released', reason: 'halted' },
      next: { kind: 'go_on' },
    });
  });
});

describe('waits and summaries', () => {
  it('the wait doubles with every fault and stays below half a minute', () => {
    const waits = (chance: number) =>
      [0, 1, 2, 3, 4, 5, 50].map((faults) => backoff({ faults, outages: 0 }, chance));
    expect(waits(1)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(waits(0)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(backoff({ faults: 1, outages: 2 }, 1)).toBe(8_000);
  });

  it("Q11: a provider that is out of reach is blamed itself; anything else it answers is the task's", () => {
    for (const [reason, blame] of [
      ['unavailable', 'upstream'],
      ['timeout', 'task'],
      ['malformed', 'task'],
      [undefined, 'task'],
    ] as const)
      expect(judge('provider_failed', 'retry', reason === undefined ? {} : { reason }).outcome).toMatchObject(
        { kind: 'retrying', blame },
      );
    expect(judge('internal', 'retry', { reason: 'unavailable' }).outcome).toMatchObject({ blame: 'task' });
  });

  it('a summary is the beginning on one line, cut between characters', () => {
    expect(beginningOf('  a\n\n b ')).toBe('a b');
    const long = beginningOf('😀'.repeat(500));
    expect(Array.from(long)).toHaveLength(SUMMARY_LENGTH);
    expect(long.endsWith('😀…')).toBe(true);
  });
});
