import { expect, it } from 'vitest';
import { deferred, ended, task, viewsOf } from '../testing/views.ts';
import { inWords, reasonText } from './reasons.ts';

const recordOf = (lines: ReturnType<typeof ended>) => {
  const [view] = viewsOf([task('a')], lines);
  if (view === undefined) throw new Error('no view');
  return view.record;
};

it('tells the codes of records as sentences, and everything else as it stands', () => {
  expect(reasonText('run_budget')).toBe('the cap of the run leaves too little for it');
  expect(reasonText('grind_unreachable')).toBe('no grind answered');
  expect(reasonText('rule no-shell\u001b[31m')).toBe('rule no-shell [31m');
  expect(reasonText('constructor')).toBe('constructor');
});

it('changes nothing of a record but its reason', () => {
  const record = recordOf(deferred('a', 'rate_limit', null));
  expect(inWords(record)).toEqual({ ...record, reason: 'the provider asked to slow down' });
  const completed = recordOf(ended('a', 'completed'));
  expect(inWords(completed)).toEqual(completed);
});
