import { nanoUsd, workerId } from '@vivarium/core';
import { ExecutionLogLine, type TaskOutcome } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { completed, deferred, failed, faulty, released } from '../testing/task-queue-world.ts';
import {
  claimLine,
  finishLine,
  oneLine,
  poisonedLine,
  skipLine,
  type Holding,
  type LineContext,
} from './lines.ts';

const holding: Holding = {
  taskId: 't',
  workerId: workerId('w'),
  digest: 'd'.repeat(32),
  round: 2,
  attempt: 3,
};
const context: LineContext = {
  home: 'home_1',
  runId: 'run_1',
  eventId: 'evt_1',
  timestamp: '2026-01-01T00:00:00.000Z',
};

const outcomes: readonly TaskOutcome[] = [
  completed(),
  failed,
  { ...failed, cost: nanoUsd(5), simulated: true },
  { kind: 'refused', reason: 'a rule spoke', ruleIds: ['no-weapons'] },
  deferred(null),
  deferred(new Date(Date.UTC(2026, 0, 2))),
  faulty(1_500),
  released,
];

describe('lines of the execution log', () => {
  it('Q1: every line written is one that the schema knows, unchanged, and names event, home, run, round, attempt and digest', () => {
    const lines = [
      claimLine(holding, context),
      claimLine(holding, context, { worker_id: 'v', attempt: 2, why: 'holder_gone' }),
      skipLine(holding, context, 'a', 'the dependency "a" failed'),
      poisonedLine(holding, context, 'given up'),
      ...outcomes.map((outcome) => finishLine(holding, outcome, context, true)),
      finishLine(holding, faulty(), context, false),
    ];
    for (const line of lines) {
      expect(ExecutionLogLine.parse(JSON.parse(JSON.stringify(line)))).toEqual(line);
      expect(line).toMatchObject({
        event_id: 'evt_1',
        home: 'home_1',
        run_id: 'run_1',
        round: 2,
        attempt: 3,
        task_digest: holding.digest,
      });
      expect(line.event).toMatch(/^task\./);
    }
  });

  it('turns a fault into the failure of the task when no attempts are left, and keeps its code and cost', () => {
    const outcome = { ...faulty(), cost: nanoUsd(7), simulated: false } as TaskOutcome;
    expect(finishLine(holding, outcome, context, true)).toMatchObject({
      status: 'retrying',
      cost: 7e-9,
      cost_nano_usd: 7,
      simulated: false,
    });
    expect(finishLine(holding, outcome, context, false)).toMatchObject({
      status: 'failed',
      errors: 'the provider answered 503 (no attempts are left)',
      error_code: 'provider_unavailable',
      cost_nano_usd: 7,
    });
  });

  it('says when a retry may begin, and survives a wait beyond the last date', () => {
    expect(finishLine(holding, faulty(7_000), context, true)).toMatchObject({
      not_before: '2026-01-01T00:00:07.000Z',
    });
    expect(finishLine(holding, faulty(Number.MAX_VALUE), context, true)).toMatchObject({
      status: 'retrying',
    });
  });

  it('Q8: stays small whatever the model wrote', () => {
    const line = finishLine(holding, completed('x\n'.repeat(1_000_000)), context, true);
    expect(JSON.stringify(line).length).toBeLessThan(1_200);
  });

  it('cuts by code points, never in the middle of one, and makes one line', () => {
    expect(oneLine('  a\r\n\tb\u2028c\u0000d  ', 240)).toBe('a b c d');
    expect(oneLine('😀'.repeat(300), 240)).toBe('😀'.repeat(240));
    expect(oneLine(`${'😀'.repeat(239)}ab`, 240)).toBe(`${'😀'.repeat(239)}a`);
    expect(oneLine('', 240)).toBe('');
  });
});
