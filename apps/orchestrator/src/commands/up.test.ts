import { expect, it } from 'vitest';
import { countStatuses } from '@vivarium/contracts';
import { ended, task, viewsOf } from '../testing/views.ts';
import { doneText } from './up.ts';

it('one task is one task', () => {
  const text = (views: ReturnType<typeof viewsOf>) => doneText(countStatuses(views));
  expect(text(viewsOf([]))).toBe('The queue is empty.');
  expect(text(viewsOf([task('a')], ended('a', 'completed')))).toMatch(/^The one task is completed/);
  expect(
    text(viewsOf([task('a'), task('b')], [...ended('a', 'completed'), ...ended('b', 'completed')])),
  ).toMatch(/^All 2 tasks are completed/);
});
