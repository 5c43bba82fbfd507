import { expect, it } from 'vitest';
import { memoryHome } from '../testing/memory-home.ts';
import { deferred, task } from '../testing/views.ts';
import { resetBreaker } from './breaker.ts';

it('Q11: a reset given again, since the first was killed half way, finds nothing to reset, opens what still waits for it, and says so', async () => {
  const home = memoryHome(
    ['waits', 'waits-too', 'for-the-day'].map((id) => task(id)),
    [
      ...deferred('waits', 'circuit_open', '2026-11-24T00:00:00.000Z'),
      ...deferred('waits-too', 'circuit_open', null),
      ...deferred('for-the-day', 'day_budget', null),
    ],
  );
  const reset = async (): Promise<string> => {
    const deps = home.deps();
    const input = { home: undefined, model: undefined, reason: 'it is well again', json: false };
    expect(await resetBreaker(input, deps)).toBe(0);
    return deps.terminal.out.join('\n');
  };
  expect(await reset()).toBe(
    'Nothing to reset: every breaker is closed. 2 tasks that waited for it may begin at once.',
  );
  expect(await reset()).toBe('Nothing to reset: every breaker is closed.');
});
