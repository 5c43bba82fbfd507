import { expect, it } from 'vitest';
import { ended, task, viewsOf } from '../testing/views.ts';
import { companyLines, leftText } from './start.ts';

it('says how many tasks there are, or how many of them are left', () => {
  expect(leftText(viewsOf([task('a')]))).toBe('1 task');
  expect(
    leftText(viewsOf([task('a'), task('b', { depends_on: ['c'] }), task('c')], [...ended('a', 'completed')])),
  ).toBe('2 of 3 tasks left');
});

it('names who else is at work on the home', () => {
  const run = {
    run_id: 'run_0',
    pid: 7,
    started: '1',
    host: 'h',
    workers: 4,
    concurrency: 1,
    watch: false,
    started_at: '2026-11-23T10:00:00.000Z',
    run_cap_nano_usd: 0,
    simulated: true,
  };
  expect(companyLines([])).toEqual([]);
  expect(companyLines([run])).toEqual([
    expect.stringMatching(/^another run \(run_0, pid 7\) is at work here too/),
  ]);
});
