import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMoneyFold } from '../folds/money.ts';
import { createTaskFold } from '../folds/tasks.ts';
import { ActionLogLine } from './action-log.ts';
import { ApiAuditLine } from './api-audit.ts';
import { ExecutionLogLine } from './execution-log.ts';
import { PerformanceRecord, ToolOperation } from './projections.ts';
import { SafetyAuditLine } from './safety-audit.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
const jsonLines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line));
const fixture = (name: string): string => read(`../../fixtures/${name}`);

describe('lines of the seed', () => {
  it('parses every api_audit line the seed shipped, and re-derives its sums', () => {
    const fold = createMoneyFold();
    for (const line of jsonLines(fixture('api_audit.log'))) fold.apply(ApiAuditLine.parse(line));
    // 4.16e-6 + 0.01775893 + 0.01777552 + 0.01777868 dollars, exactly.
    expect(fold.book(false).total).toMatchObject({
      settled: 53_317_290,
      calls: 4,
      held: 0,
      unknown: 0,
      inputTokens: 90_203,
    });
    expect(fold.refusals).toBe(1);
  });

  it('keeps the refusals of the seed readable: what was left, what was asked', () => {
    const refused = jsonLines(fixture('api_audit.log'))
      .map((line) => ApiAuditLine.parse(line))
      .at(-1);
    expect(refused).toMatchObject({
      event: 'BUDGET_EXCEEDED',
      remaining: 0.019124550000000004,
      requested: 0.026945,
    });
  });

  it('parses safety_audit lines, blocked and passed', () => {
    const lines = jsonLines(fixture('safety_audit.log')).map((line) => SafetyAuditLine.parse(line));
    expect(lines.map((line) => line.passed)).toEqual([true, false, false, false]);
  });

  it('folds an execution log of the seed, which has no rounds and no attempts', () => {
    const fold = createTaskFold();
    for (const line of jsonLines(fixture('execution_log.jsonl')))
      expect(fold.apply(ExecutionLogLine.parse(line))).toBe('applied');
    expect(fold.get('task_1')).toMatchObject({
      status: 'completed',
      round: 1,
      attempt: 1,
      workerId: 'worker_be021545',
    });
  });

  it('parses performance_history.json and tool_operations.json', () => {
    expect(
      z
        .array(PerformanceRecord)
        .parse(JSON.parse(fixture('performance_history.json')))
        .map((entry) => entry.duration_seconds),
    ).toEqual([120.5, 43.310875, 12.959601]);
    expect(z.array(ToolOperation).parse(JSON.parse(fixture('tool_operations.json')))[0]).toMatchObject({
      hallucination_detected: true,
    });
  });

  it('takes the action log lines the seed describes', () => {
    const line = {
      timestamp: '2026-02-03T22:42:06.798',
      actor: 'worker_be021545',
      action_type: 'API',
      action: 'llama-3.1-8b-instant',
      detail: '73 tokens | $0.0000',
      session_id: null,
      metadata: null,
    };
    expect(ActionLogLine.parse(line)).toMatchObject({ action_type: 'API' });
  });

  const shipped = (name: string): string =>
    fileURLToPath(new URL(`../../../../../shared/data/seed-logs/${name}`, import.meta.url));
  it.runIf(existsSync(shipped('safety_audit.log')))(
    'parses all 263 lines of the shipped safety_audit.log: 215 passed, 48 blocked',
    () => {
      const lines = jsonLines(readFileSync(shipped('safety_audit.log'), 'utf8')).map((line) =>
        SafetyAuditLine.parse(line),
      );
      expect([lines.length, lines.filter((line) => line.passed).length]).toEqual([263, 215]);
    },
  );
  it.runIf(existsSync(shipped('performance_history.json')))(
    'parses all 45 performance records and 8 tool operations',
    () => {
      expect(
        z
          .array(PerformanceRecord)
          .parse(JSON.parse(readFileSync(shipped('performance_history.json'), 'utf8'))),
      ).toHaveLength(45);
      expect(
        z.array(ToolOperation).parse(JSON.parse(readFileSync(shipped('tool_operations.json'), 'utf8'))),
      ).toHaveLength(8);
    },
  );
});
