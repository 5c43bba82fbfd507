import { nanoUsd, usdToNano } from '@vivarium/core';
import { expect, it } from 'vitest';
import { deferred, ended, task, viewsOf } from '../testing/views.ts';
import { remedyFor, waitsForRunMoney } from './remedies.ts';

const [view] = viewsOf([task('a', { min_budget: 0.5, max_budget: 1 })], deferred('a', 'run_budget', null));
if (view === undefined) throw new Error('no view');
const committed = nanoUsd(1);

it('says to start again only where the same cap could do', () => {
  expect(remedyFor(view, { cap: usdToNano(2), committed })).toMatch(
    /^start again: .* \(now \$2\.00\), which --run-cap raises$/,
  );
});

it('says to raise the cap where the task wants more than it, or where all of it was free and did not do', () => {
  expect(remedyFor(view, { cap: usdToNano(0.4), committed })).toBe(
    'raise --run-cap (now $0.40) and start again',
  );
  expect(remedyFor(view, { cap: nanoUsd(0), committed: nanoUsd(0) })).toBe(
    'raise --run-cap (now $0.00) and start again',
  );
});

it('names both ways where the run is not known', () => {
  expect(remedyFor(view)).toMatch(/start again: .*raise --run-cap if it was too small/);
});

it('says what opens a task again that waits for the day or for a breaker', () => {
  const remedyOf = (reason: string) => {
    const [found] = viewsOf([task('a', { min_budget: 0.5, max_budget: 1 })], deferred('a', reason, null));
    return found === undefined ? '' : remedyFor(found);
  };
  expect(remedyOf('day_budget')).toMatch(
    /^orchestrator budget set day <usd> .* it wants \$0\.50 of the day free/,
  );
  expect(remedyOf('circuit_open')).toContain('orchestrator breaker reset --reason "…" opens it at once');
});

it('knows a task that waits for the money of one run from the others', () => {
  const [limited] = viewsOf([task('a')], deferred('a', 'rate_limit', null));
  expect(waitsForRunMoney(view, 'run_1')).toBe(true);
  expect(waitsForRunMoney(view, 'run_2')).toBe(false);
  expect(limited !== undefined && waitsForRunMoney(limited, 'run_1')).toBe(false);
});

it('says to retry where the same request may be answered otherwise, and to edit where it may not', () => {
  const failed = (id: string, code?: string) => {
    const [found] = viewsOf([task(id)], ended(id, 'failed', code === undefined ? {} : { error_code: code }));
    return found === undefined ? '' : remedyFor(found);
  };
  expect(failed('a', 'provider_failed')).toBe('orchestrator retry a, and start again');
  expect(failed('a b')).toBe("orchestrator retry 'a b', and start again");
  expect(failed('a', 'provider_rejected')).toMatch(/^change the task in queue\.json/);
  const [cancelled] = viewsOf([task('c')], ended('c', 'cancelled'));
  expect(cancelled !== undefined && remedyFor(cancelled)).toBe('orchestrator retry c to run it after all');
});
