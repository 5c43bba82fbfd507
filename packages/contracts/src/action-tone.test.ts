import { expect, it } from 'vitest';
import { toneOf } from './action-tone.ts';
import { ACTION_TYPES, type ActionType } from './events/action-log.ts';

const tone = (action_type: ActionType, action = 'x', detail = ''): string =>
  toneOf({ action_type, action, detail });

it('each of the eleven types has the colour of the seed', () => {
  expect(Object.fromEntries(ACTION_TYPES.map((type) => [type, tone(type)]))).toEqual({
    TOOL: 'blue', COST: 'yellow', SOCIAL: 'teal', IDENTITY: 'teal', SAFETY: 'bright-red', BUDGET: 'orange', TEST: 'green',
    JOURNAL: 'teal', ERROR: 'red', SYSTEM: 'purple', API: 'yellow',
  }); // prettier-ignore
});
it('a warning is milder than a block, and a budget that was exceeded is worse than one that was used', () => {
  expect(tone('SAFETY', 'BLOCKED')).toBe('bright-red');
  expect(tone('SAFETY', 'WARNING')).toBe('orange');
  expect(tone('BUDGET', 'ALERT_90%')).toBe('orange');
  expect(tone('BUDGET', 'EXCEEDED')).toBe('red');
});
it('tests are red when none passed, orange when some failed, green otherwise: "0 fail" is no failure, "10 pass" are not none', () => {
  expect(tone('TEST', 'run', '10 pass, 0 fail, 0 skip')).toBe('green');
  expect(tone('TEST', 'run', '10 pass, 1 fail, 0 skip')).toBe('orange');
  expect(tone('TEST', 'run', '0 pass, 3 fail, 0 skip')).toBe('red');
  expect(tone('TEST', 'run', 'begun')).toBe('green');
});
