import { expect, it } from 'vitest';
import type { ControlState } from '@vivarium/contracts';
import { controlNote } from './control.ts';

const running: ControlState = { kind: 'running' };
const since = '2026-11-23T10:00:00.000Z';
const paused: ControlState = {
  kind: 'paused',
  scope: { kind: 'all' },
  order: 'o1',
  reason: 'lunch',
  actor: 'operator',
  since,
};
const halted: ControlState = {
  kind: 'halted',
  scope: { kind: 'all' },
  order: 'o1',
  reason: 'smoke',
  actor: 'operator',
  since,
};

it('tells who watches a run that it stopped, why, how to go on, and that it goes on', () => {
  expect(controlNote(running, paused)).toBe('PAUSED: lunch (orchestrator resume)');
  expect(controlNote(paused, halted)).toBe('HALTED: smoke (orchestrator clear-halt --reason "…")');
  expect(controlNote(halted, running)).toBe('running again');
});

it('says nothing while nothing changed', () => {
  for (const state of [running, paused, halted]) expect(controlNote(state, { ...state })).toBeUndefined();
});
