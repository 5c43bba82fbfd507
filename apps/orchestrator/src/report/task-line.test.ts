import { describe, expect, it } from 'vitest';
import { deferred, ended, noColours, skipped, task, viewsOf, type Line } from '../testing/views.ts';
import { outputLines } from './output-lines.ts';
import { taskLine } from './task-line.ts';

const lineOf = (lines: readonly Line[], width = 100): string => {
  const [view] = viewsOf([task('a')], lines);
  if (view === undefined) throw new Error('no view');
  return taskLine({ id: 'a', record: view.record }, noColours, width);
};

describe('one line per task', () => {
  const completed = ended('a', 'completed', {
    latency_ms: 1_234,
    cost_nano_usd: 4_160,
    simulated: true,
    model: 'm',
    result_summary: 'It\u001b[2J begins so',
    finish_reason: 'length',
  });

  it('tells time, cost, book, model and the beginning of the output, and nothing a terminal would obey', () => {
    expect(lineOf(completed)).toBe(
      '✓ a  1.2 s, $0.00000416 simulated, m, cut at its limit  It [2J begins so',
    );
    expect(lineOf(completed, 0)).toBe('✓ a  1.2 s, $0.00000416 simulated, m, cut at its limit');
  });

  it('cuts the beginning to the width of the terminal', () => {
    expect(lineOf(ended('a', 'completed', { result_summary: 'word '.repeat(60) }), 60)).toHaveLength(60);
  });

  it.each([
    [ended('a', 'failed', { errors: 'no\nway' }), '✗ a  failed: no way'],
    [ended('a', 'refused', { errors: 'rule x' }), '✗ a  refused: rule x'],
    [[skipped('a', 'b failed')], '- a  skipped: b failed'],
    [deferred('a', 'run_budget', null), '… a  deferred: run_budget'],
    [
      ended('a', 'retrying', { errors: '503', not_before: '2026-11-23T10:00:01.000Z' }),
      '… a  will be tried again: 503',
    ],
    [ended('a', 'queued', { reason: 'halted', event: 'task.released' }), '… a  given back: halted'],
  ])('%#: tells why', (lines, text) => {
    expect(lineOf(lines)).toBe(text);
  });
});

describe('the first lines of an output', () => {
  it('keep their indentation, lose blanks and control characters, and say when there is more', () => {
    expect(outputLines('{\n\n\t"a": 1,\n  "b": "\u001b]0;x\u0007"\n}', 60)).toEqual([
      '    │ {',
      '    │   "a": 1,',
      '    │   "b": " ]0;x "',
      '    │ }',
    ]);
    expect(outputLines('1\n2\n3\n4\n5', 60)).toEqual(['    │ 1', '    │ 2', '    │ 3', '    │ 4', '    │ …']);
    expect(outputLines('x'.repeat(500), 40)).toEqual([`    │ ${'x'.repeat(33)}…`]);
    expect(outputLines('', 60)).toEqual([]);
  });
});
