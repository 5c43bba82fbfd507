import { nanoUsd, usdToNano } from '@vivarium/core';
import { expect, it } from 'vitest';
import { ended, task, viewsOf } from '../testing/views.ts';
import { fundingLines } from './funding.ts';

const views = viewsOf(
  [
    task('cheap', { min_budget: 0.05 }),
    task('dear', { min_budget: 3, max_budget: 4 }),
    task('done', { min_budget: 9, max_budget: 9 }),
    task('waits', { min_budget: 2.5, max_budget: 4, depends_on: ['dear'] }),
  ],
  ended('done', 'completed'),
);

it('names the tasks that want more before they begin than the run may cost, and the cap that would do', () => {
  const [told, remedy] = fundingLines(views, usdToNano(2));
  expect(told).toMatch(/\(\$2\.00\): dear, waits$/);
  expect(remedy).toContain('--run-cap 3,');
});

it('says nothing when every open task could begin', () => {
  expect(fundingLines(views, usdToNano(3))).toEqual([]);
  expect(fundingLines([], nanoUsd(0))).toEqual([]);
});

it('names five and counts the rest', () => {
  const many = viewsOf(
    Array.from({ length: 7 }, (_, at) => task(`t${at}`, { min_budget: 1, max_budget: 1 })),
  );
  expect(fundingLines(many, usdToNano(0.5))[0]).toMatch(/t0, t1, t2, t3, t4 and 2 more$/);
});
