import { describe, expect, it } from 'vitest';
import { nanoUsd } from '@vivarium/core';
import { countStatuses, NO_SUMS, type Sums, type TaskView } from '@vivarium/contracts';
import type { RunEnd } from '../supervisor/state.ts';
import { deferred, ended, noColours, skipped, task, viewsOf } from '../testing/views.ts';
import {
  countsText,
  exitCodeOf,
  factLines,
  spentText,
  summaryLines,
  summaryRecord,
  type RunSummary,
} from './summary.ts';

const drained: RunEnd = { kind: 'drained' };
const codeOf = (end: RunEnd, views: readonly TaskView[]) => exitCodeOf(end, countStatuses(views));
const done = ended('a', 'completed');
const sums = (settled: number, more: Partial<Sums> = {}): Sums => ({
  ...NO_SUMS,
  settled: nanoUsd(settled),
  calls: 2,
  inputTokens: 1_200,
  outputTokens: 34,
  ...more,
});
const summary = (views: readonly TaskView[], more: Partial<RunSummary> = {}): RunSummary => ({
  runId: 'run_1', durationMs: 1_500, end: drained, counts: countStatuses(views), open: views.filter(({ status }) => status !== 'completed'), real: NO_SUMS,
  simulated: sums(4_160), cap: nanoUsd(2_000_000_000), besides: { real: nanoUsd(0), simulated: nanoUsd(0) }, waves: [], cutShort: [], logs: '/h/logs', results: '/h/logs/results', ...more,
}); // prettier-ignore

describe('the exit code of a run', () => {
  const all = viewsOf([task('a')], done);
  it.each([
    ['0 when all completed', drained, all, 0],
    ['0 for an empty queue', drained, viewsOf([]), 0],
    [
      '1 when one failed',
      drained,
      viewsOf([task('a'), task('b')], [...done, ...ended('b', 'failed', { errors: 'no' })]),
      1,
    ],
    ['1 when one was refused', drained, viewsOf([task('a')], ended('a', 'refused')), 1],
    [
      '1 when one was skipped, whatever else is deferred',
      drained,
      viewsOf([task('a'), task('b')], [skipped('a', 'x'), ...deferred('b', 'run_budget', null)]),
      1,
    ],
    [
      '5 when work is left for another run',
      drained,
      viewsOf([task('a'), task('b')], [...done, ...deferred('b', 'run_budget', null)]),
      5,
    ],
    [
      '5 when one is blocked behind it',
      drained,
      viewsOf([task('a'), task('b', { depends_on: ['a'] })], deferred('a', 'run_budget', null)),
      5,
    ],
    ['3 under HALT, also when all is done', { kind: 'halted', reason: 'x' } as const, all, 3],
    [
      '4 for what only an operator can mend',
      { kind: 'fault', code: 'provider_key', message: 'm', hint: undefined } as const,
      all,
      4,
    ],
    ['1 when a process keeps dying', { kind: 'crash_loop', who: 'worker 1' } as const, all, 1],
    ['130 when Ctrl-C left work', { kind: 'signal', signal: 'SIGINT' } as const, viewsOf([task('a')]), 130],
    ['143 when SIGTERM left work', { kind: 'signal', signal: 'SIGTERM' } as const, viewsOf([task('a')]), 143],
    [
      '129 when the terminal was closed',
      { kind: 'signal', signal: 'SIGHUP' } as const,
      viewsOf([task('a')]),
      129,
    ],
    ['that of the work when a signal came after it', { kind: 'signal', signal: 'SIGINT' } as const, all, 0],
    ['143 when who started it is gone', { kind: 'parent_gone' } as const, viewsOf([task('a')]), 143],
  ])('%s', (_title, end, views, code) => {
    expect(codeOf(end, views)).toBe(code);
  });
});

describe('the block at the end', () => {
  it('says what was done, what it cost in which book, and where the outputs are', () => {
    expect(summaryLines(summary(viewsOf([task('a')], done)), noColours)).toEqual([
      '',
      'All completed in 1.5 s',
      '  1 completed of 1',
      '  cost, simulated: $0.00000416, 2 calls, 1,200 + 34 tokens (no real money moved)',
      '  results: /h/logs/results   logs: /h/logs',
      '    → `orchestrator results DIR` writes each to a file named after its task',
    ]);
  });

  it('M5: what others spent on the home meanwhile is told beside, each book by itself', () => {
    const linesOf = (real: number, simulated: number) =>
      summaryLines(
        summary(viewsOf([]), { besides: { real: nanoUsd(real), simulated: nanoUsd(simulated) } }),
        noColours,
      );
    expect(linesOf(5_200_000, 4_160)).toContain(
      '  besides: $0.0052 + $0.00000416 simulated by other runs and direct requests',
    );
    expect(linesOf(0, 0).join()).not.toContain('besides');
  });

  it('counts what is only queued in one line', () => {
    const views = viewsOf(
      Array.from({ length: 40 }, (_, at) => task(`t${at}`)),
      ended('t0', 'failed', { errors: 'no' }),
    );
    const stopped = summary(views, { end: { kind: 'signal', signal: 'SIGINT' } });
    expect(summaryLines(stopped, noColours).slice(-3)).toEqual([
      '  t0 failed: no',
      '    → orchestrator retry t0, and start again',
      '  39 tasks are still queued: start again to go on.',
    ]);
    expect(factLines(summary(viewsOf([task('a')])), noColours).at(-1)).toBe(
      '  1 task is still queued: start again to go on.',
    );
  });

  it('tells what each wave and all of it took, and which answers were cut', () => {
    const wave = (tasks: number, taskMs: number) => ({
      tasks,
      taskMs,
      real: nanoUsd(0),
      simulated: nanoUsd(4_000 * tasks),
    });
    const told = summary(viewsOf([task('a')], done), {
      waves: [wave(2, 2_400), wave(1, 100)],
      cutShort: ['a', 'b'],
    });
    const lines = summaryLines(told, noColours);
    expect(lines.slice(4, -2)).toEqual([
      '  wave 1: 2 tasks, 2.4 s of work, $0.000008 simulated',
      '  wave 2: 1 task, 100 ms of work, $0.000004 simulated',
      '  all: 3 tasks, 2.5 s of work, $0.000012 simulated, in 1.5 s by the clock',
      '  2 completed answers were cut short: a, b  → orchestrator show a',
    ]);
    expect(summaryRecord(told, 0)).toMatchObject({
      task_ms: 2_500,
      waves: [{ tasks: 2, task_ms: 2_400, cost_nano_usd: 0, simulated_cost_nano_usd: 8_000 }, { tasks: 1 }],
      cut_short: ['a', 'b'],
    });
    expect(summaryLines(summary(viewsOf([task('a')], done), { waves: [wave(1, 5)] }), noColours).join()).not.toMatch(/wave|of work/); // prettier-ignore
  });

  it('tells a run that its cap was too small for a task what the cap is', () => {
    const poor = summary(viewsOf([task('a')], deferred('a', 'run_budget', null)), {
      cap: nanoUsd(0),
      simulated: NO_SUMS,
    });
    expect(summaryLines(poor, noColours).slice(-2)).toEqual([
      '  a deferred: the cap of the run leaves too little for it',
      '    → raise --run-cap (now $0.00) and start again',
    ]);
  });

  it('M5: keeps real and simulated money apart, and says what is unknown and held', () => {
    const lines = summaryLines(
      summary(viewsOf([task('a')], done), {
        real: sums(100_000_000, { unknown: nanoUsd(50_000_000), held: nanoUsd(10_000_000) }),
      }),
      noColours,
    );
    expect(lines[3]).toBe(
      '  cost: $0.16, 2 calls, 1,200 + 34 tokens, $0.05 of it unknown, charged at worst case, $0.01 of it held',
    );
    expect(lines[4]).toMatch(/^ {2}cost, simulated: \$0\.00000416,/);
    expect(spentText(sums(1_000_000), sums(4_160), true)).toBe('$0.001 + $0.00000416 simulated');
    expect(spentText(NO_SUMS, sums(4_160, { held: nanoUsd(5_000_000) }), true)).toBe('$0.00000416 simulated');
    expect(spentText(NO_SUMS, NO_SUMS, false)).toBe('$0.00');
    expect(spentText(NO_SUMS, NO_SUMS, true)).toBe('$0.00 simulated');
  });

  it('names every task that did not complete, with reason and remedy', () => {
    const views = viewsOf(
      [task('f'), task('r'), task('s', { depends_on: ['f'] }), task('d'), task('b', { depends_on: ['d'] })],
      [
        ...ended('f', 'failed', { errors: 'the provider\nrefused\u001b[31m it' }),
        ...ended('r', 'refused', { errors: 'rule no-shell' }),
        skipped('s', 'f failed'),
        ...deferred('d', 'task_budget', null),
      ],
    );
    const lines = summaryLines(summary(views), noColours);
    expect(lines[1]).toBe('Ended, not all completed in 1.5 s');
    expect(lines[2]).toBe('  1 blocked, 1 deferred, 1 failed, 1 refused, 1 skipped of 5');
    expect(lines.slice(5)).toEqual([
      '  f failed: the provider refused [31m it',
      '    → orchestrator retry f, and start again',
      '  r refused: rule no-shell',
      '    → reword the text in queue.json if it was not meant so, and start again',
      '  s skipped: f failed',
      '    → retry the dependency named, and this one comes along; after an edit of that: orchestrator retry s',
      '  d deferred: its own max_budget leaves too little for another call',
      '    → raise max_budget of the task in queue.json, and start again',
      '  1 task blocked, for want of others: b',
    ]);
  });

  it('tells what was cancelled for one reason as one, and does not call that completed', () => {
    const cancelled = (id: string) => ended(id, 'cancelled', { errors: 'no longer wanted' });
    const views = viewsOf([task('a'), task('b'), task('c')], [...done, ...cancelled('b'), ...cancelled('c')]);
    const lines = summaryLines(summary(views), noColours);
    expect(lines.slice(1, 3)).toEqual(['Worked off in 1.5 s', '  1 completed, 2 cancelled of 3']);
    expect(lines.slice(-2)).toEqual([
      '  cancelled 2: no longer wanted: b, c',
      "    → orchestrator retry --matching 'no longer wanted' to run them after all",
    ]);
  });

  it('shows a dozen and counts the rest', () => {
    const views = viewsOf(
      Array.from({ length: 15 }, (_, at) => task(`t${at}`)),
      Array.from({ length: 15 }, (_, at) => ended(`t${at}`, 'failed')).flat(),
    );
    const lines = summaryLines(summary(views), noColours);
    expect(lines.filter((line) => line.includes(' failed'))).toHaveLength(13);
    expect(lines.at(-1)).toBe('  and 3 more; `orchestrator status --all` lists every task');
  });

  it('says how to go on', () => {
    const open = viewsOf([task('a')]);
    expect(summaryLines(summary(open, { end: { kind: 'halted', reason: 'smoke' } }), noColours).at(-1)).toBe(
      '  To leave HALT: orchestrator clear-halt --reason "…"',
    );
    const fault: RunEnd = {
      kind: 'fault',
      code: 'provider_key',
      message: 'the key was refused',
      hint: 'set one',
    };
    expect(summaryLines(summary(open, { end: fault }), noColours).at(-1)).toBe('  set one');
    expect(summaryLines(summary(open, { end: fault }), noColours)[1]).toBe(
      'Stopped: the key was refused after 1.5 s',
    );
  });

  it('programs get the same figures as integers', () => {
    expect(summaryRecord(summary(viewsOf([task('a'), task('b')], done)), 5)).toMatchObject({
      event: 'run.ended', end: 'drained', exit_code: 5, total: 2, completed: 1, queued: 1, cost_nano_usd: 0, simulated_cost_nano_usd: 4_160, open: [{ id: 'b', status: 'queued', reason: null }],
    }); // prettier-ignore
  });

  it('an empty queue has a word of its own', () => {
    expect(countsText(countStatuses([]))).toBe('no tasks');
  });
});
