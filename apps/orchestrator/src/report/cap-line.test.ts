import { expect, it } from 'vitest';
import { runId, usdToNano } from '@vivarium/core';
import { deferred, task, viewsOf } from '../testing/views.ts';
import { capLine } from './cap-line.ts';

const run = runId('run_1');
const cap = usdToNano(0.5);

it('a run without money for what is left says so, and what to do', () => {
  const views = viewsOf([task('a'), task('b')], deferred('a', 'run_budget', null));
  expect(capLine(views, run, cap)).toMatch(
    /^The cap of this run \(\$0\.50\) leaves too little for 1 task, .*start again with a higher --run-cap\.$/,
  );
});

it('says nothing where another run, or a cap of the task, is the reason', () => {
  expect(capLine(viewsOf([task('a')], deferred('a', 'run_budget', null, 'run_0')), run, cap)).toBeUndefined();
  expect(capLine(viewsOf([task('a')], deferred('a', 'task_budget', null)), run, cap)).toBeUndefined();
});
