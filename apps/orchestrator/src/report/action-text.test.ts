import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { ACTION_TYPES, type ActionLogLine } from '@vivarium/contracts';
import { noColours } from '../testing/views.ts';
import { actionText, colourOf } from './action-text.ts';

const line = (more: Partial<ActionLogLine>): ActionLogLine => ({
  timestamp: '2026-11-23T10:00:00.000Z', actor: 'grind', action_type: 'SYSTEM', action: 'started', detail: 'x', session_id: null, metadata: null, ...more,
}); // prettier-ignore

it('cuts only the detail, to eighty characters, and lets nothing through that a terminal obeys', () => {
  expect(actionText(line({ detail: 'd'.repeat(80) }), noColours)).toMatch(/\| d{80}$/);
  expect(actionText(line({ detail: 'd'.repeat(81) }), noColours)).toMatch(/\| d{77}\.\.\.$/);
  expect(actionText(line({ actor: 'a\u001b[2J', detail: 'x\ny' }), noColours)).toMatch(
    / \| a \[2J +\| .*\| x y$/,
  );
});

describe('the colour of a line', () => {
  const colours = pc.createColors(true);
  const codeOf = (more: Partial<ActionLogLine>): string => {
    const painted = colourOf(line(more), colours)('x');
    return painted.slice(2, painted.indexOf('m'));
  };

  it('is that of its type', () => {
    expect(Object.fromEntries(ACTION_TYPES.map((type) => [type, codeOf({ action_type: type })]))).toEqual({
      TOOL: '94', COST: '33', SOCIAL: '96', IDENTITY: '96', SAFETY: '91', BUDGET: '93', TEST: '92', JOURNAL: '96', ERROR: '31', SYSTEM: '95', API: '33',
    }); // prettier-ignore
  });

  it('is another where what happened is milder or worse; no failure among ten passes is green', () => {
    expect(codeOf({ action_type: 'SAFETY', action: 'WARNING' })).toBe('93');
    expect(codeOf({ action_type: 'BUDGET', action: 'EXCEEDED' })).toBe('31');
    const test = (detail: string): string => codeOf({ action_type: 'TEST', detail });
    expect(test('10 pass, 0 fail, 0 skip')).toBe('92');
    expect(test('10 pass, 1 fail, 0 skip')).toBe('93');
    expect(test('0 pass, 3 fail, 0 skip')).toBe('31');
  });
});
