import { describe, expect, it } from 'vitest';
import { runId } from '@vivarium/core';
import { nothingLeft } from './run.ts';
import { claimed, deferred, ended, task, viewsOf } from './testing/views.ts';

const run = runId('run_1');
const LATER = '2026-11-23T11:00:00.000Z';

describe('whether something is left that this run could do', () => {
  it.each([
    ['an empty queue: no', viewsOf([]), true],
    [
      'all final: no',
      viewsOf([task('a'), task('b')], [...ended('a', 'completed'), ...ended('b', 'failed')]),
      true,
    ],
    ['one queued: yes', viewsOf([task('a'), task('b')], ended('a', 'completed')), false],
    ['one in progress: yes', viewsOf([task('a')], [claimed('a')]), false],
    [
      'one to be tried again: yes',
      viewsOf([task('a')], ended('a', 'retrying', { errors: 'x', not_before: LATER })),
      false,
    ],
    ['deferred to a time: yes', viewsOf([task('a')], deferred('a', 'rate_limit', LATER)), false],
    [
      'deferred by this run without a time: no',
      viewsOf([task('a')], deferred('a', 'run_budget', null)),
      true,
    ],
    ['deferred by another run: yes', viewsOf([task('a')], deferred('a', 'run_budget', null, 'run_0')), false],
    [
      'deferred by this run and then by another, both without a time: no',
      viewsOf(
        [task('a')],
        [
          ...deferred('a', 'run_budget', null),
          claimed('a', { attempt: 2, event_id: 'c2', run_id: 'run_0' }),
          { ...deferred('a', 'run_budget', null, 'run_0')[1], attempt: 2 },
        ],
      ),
      true,
    ],
    [
      'deferred by this run, and in the hands of another: yes',
      viewsOf(
        [task('a')],
        [...deferred('a', 'run_budget', null), claimed('a', { attempt: 2, event_id: 'c2', run_id: 'run_0' })],
      ),
      false,
    ],
    [
      'blocked behind one that waits for another run: no',
      viewsOf([task('a'), task('b', { depends_on: ['a'] })], deferred('a', 'run_budget', null)),
      true,
    ],
    [
      'Q10: to be skipped behind one that was cancelled: yes',
      viewsOf([task('a'), task('b', { depends_on: ['a'] })], ended('a', 'cancelled')),
      false,
    ],
    [
      'Q10: to be skipped behind one that left the queue: yes',
      viewsOf([task('b', { depends_on: ['gone'] })]),
      false,
    ],
    ['blocked behind one that is queued: yes', viewsOf([task('a'), task('b', { depends_on: ['a'] })]), false],
  ])('%s', (_title, views, left) => {
    expect(nothingLeft(views, run)).toBe(left);
  });
});
