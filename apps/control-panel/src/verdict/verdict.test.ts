import type { ControlState, MoneyFigures } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { flowVerdict, STUCK_FLOOR_MS, type FlowInputs } from './flow-verdict.ts';
import { moneyVerdict } from './money-verdict.ts';
import { runningVerdict, type RunningInputs } from './running-verdict.ts';

const running: ControlState = { kind: 'running' };
const paused: ControlState = {
  kind: 'paused',
  scope: { kind: 'all' },
  order: 'o1',
  reason: 'lunch',
  actor: 'operator',
  since: '2026-11-23T10:00:00.000Z',
};
const halted: ControlState = {
  kind: 'halted',
  scope: { kind: 'all' },
  order: 'o1',
  reason: 'smoke',
  actor: 'operator',
  since: '2026-11-23T10:00:00.000Z',
};
const nobody = { workers: 0, acknowledged: 0, effective: true, effectiveAfterMs: undefined, each: [] };

describe('is it running?', () => {
  const given = (changes: Partial<RunningInputs>) =>
    runningVerdict({ control: running, acknowledgement: nobody, fresh: 4, target: 4, runs: 1, ...changes });

  it('says how many of the workers asked for are there', () => {
    expect(given({})).toMatchObject({ kind: 'running', tone: 'good', words: 'Running 4/4' });
    expect(given({ fresh: 3 })).toMatchObject({ kind: 'degraded', tone: 'attention', words: 'Degraded 3/4' });
    expect(given({ fresh: 0 })).toMatchObject({ kind: 'degraded', tone: 'bad', words: 'Degraded 0/4' });
  });

  it('counts workers that no run announced', () => {
    expect(given({ runs: 0, target: 0, fresh: 1 })).toMatchObject({ words: 'Running 1/1' });
  });

  it('says what to type when nothing was started', () => {
    const verdict = given({ runs: 0, target: 0, fresh: 0 });
    expect(verdict).toMatchObject({ kind: 'nothing_started', tone: 'quiet' });
    expect(verdict.advice?.command).toBe('orchestrator start 4');
  });

  it('keeps requested apart from effective', () => {
    const one = { workers: 4, acknowledged: 1, effective: false, effectiveAfterMs: undefined, each: [] };
    const all = { workers: 4, acknowledged: 4, effective: true, effectiveAfterMs: 800, each: [] };
    expect(given({ control: paused, acknowledgement: one })).toMatchObject({
      kind: 'pausing',
      words: 'Pausing 1/4',
    });
    expect(given({ control: paused, acknowledgement: all })).toMatchObject({
      kind: 'paused',
      words: 'Paused',
    });
    expect(given({ control: halted, acknowledgement: one })).toMatchObject({
      kind: 'halting',
      words: 'Halting 1/4',
      tone: 'bad',
    });
    expect(given({ control: halted, acknowledgement: all })).toMatchObject({
      kind: 'halted',
      words: 'Halted',
      tone: 'bad',
    });
  });

  it('says why it was halted and by whom, and how to leave', () => {
    const verdict = given({ control: halted });
    expect(verdict.detail).toBe('smoke · by operator');
    expect(verdict.advice?.command).toContain('--reason');
  });
});

describe('does work flow?', () => {
  const given = (changes: Partial<FlowInputs>) =>
    flowVerdict({
      control: running,
      fresh: 2,
      total: 10,
      queued: 0,
      retrying: 0,
      inProgress: 0,
      blocked: 0,
      deferred: 0,
      medianMs: 2_000,
      sinceProgressMs: 1_000,
      ...changes,
    });

  it('is empty without tasks and idle when all have ended', () => {
    expect(given({ total: 0 }).kind).toBe('empty');
    expect(given({}).kind).toBe('idle');
  });

  it('starves when everything left waits for something else', () => {
    expect(given({ blocked: 3 })).toMatchObject({ kind: 'starved', detail: '3 wait for dependencies' });
    expect(given({ deferred: 2 })).toMatchObject({ kind: 'starved', detail: '2 deferred' });
    expect(given({ blocked: 3, queued: 1 }).kind).toBe('flowing');
  });

  it('is stuck after three median durations without an end, and not one moment earlier', () => {
    const patience = 3 * 10_000;
    expect(given({ queued: 5, medianMs: 10_000, sinceProgressMs: patience }).kind).toBe('flowing');
    expect(given({ queued: 5, medianMs: 10_000, sinceProgressMs: patience + 1 })).toMatchObject({
      kind: 'stuck',
      tone: 'bad',
    });
    expect(given({ inProgress: 1, medianMs: 10_000, sinceProgressMs: patience + 1 }).kind).toBe('stuck');
  });

  it('gives short tasks a moment, too, before it calls them stuck', () => {
    expect(given({ queued: 5, medianMs: 10, sinceProgressMs: STUCK_FLOOR_MS }).kind).toBe('flowing');
    expect(given({ queued: 5, medianMs: 10, sinceProgressMs: STUCK_FLOOR_MS + 1 }).kind).toBe('stuck');
  });

  it('blames nobody while work is held or no worker is there', () => {
    const long = { queued: 5, sinceProgressMs: 3_600_000 };
    expect(given({ ...long, control: paused }).kind).toBe('held');
    expect(given({ ...long, control: halted }).kind).toBe('held');
    expect(given({ ...long, fresh: 0 }).kind).toBe('waiting');
  });

  it('carries its rule and what the rule was given', () => {
    const verdict = given({ queued: 5 });
    expect(verdict.rule).toContain('three median durations');
    expect(verdict.inputs).toContainEqual({ name: 'ready', value: '5' });
  });
});

describe('what does it cost?', () => {
  const figures = (changes: Partial<MoneyFigures> = {}): MoneyFigures => ({
    settled: 0,
    unknown: 0,
    held: 0,
    calls: 1,
    input_tokens: 0,
    output_tokens: 0,
    ...changes,
  });
  const cap = 2_000_000_000;

  it('never rounds a cost to nothing', () => {
    expect(
      moneyVerdict({ figures: figures({ settled: 4_160 }), simulated: false, capNanoUsd: cap, hasRun: true })
        .words,
    ).toBe('$0.00000416 of $2.00');
  });

  it('counts what is held and what is unknown against the cap', () => {
    const at = (changes: Partial<MoneyFigures>) =>
      moneyVerdict({ figures: figures(changes), simulated: false, capNanoUsd: cap, hasRun: true }).kind;
    expect(at({ settled: 1_000_000_000 })).toBe('within');
    expect(at({ settled: 1_000_000_000, held: 600_000_000 })).toBe('near');
    expect(at({ settled: 1_000_000_000, unknown: 1_000_000_000 })).toBe('reached');
  });

  it('M5: says of which book it speaks', () => {
    expect(
      moneyVerdict({ figures: figures({ settled: 1 }), simulated: true, capNanoUsd: cap, hasRun: true })
        .detail,
    ).toBe('simulated, no real money');
    expect(
      moneyVerdict({ figures: figures({ settled: 1 }), simulated: false, capNanoUsd: cap, hasRun: true })
        .detail,
    ).toBe('real money');
  });

  it('claims no cap that nobody told', () => {
    expect(
      moneyVerdict({
        figures: figures({ settled: 5_000_000_000 }),
        simulated: false,
        capNanoUsd: null,
        hasRun: true,
      }),
    ).toMatchObject({ kind: 'within', words: '$5.00' });
  });
});
