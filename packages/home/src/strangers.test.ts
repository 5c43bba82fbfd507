import type { Action } from '@vivarium/contracts';
import { createManualClock } from '@vivarium/platform/testing';
import { expect, it } from 'vitest';
import { createStrangers } from './strangers.ts';

const stranger = { why: 'other origin', method: 'POST', host: '127.0.0.1:1', origin: 'http://evil.test' };

it('S8: a refused stranger is told with what it said of itself, and however often it tries, about once a minute', () => {
  const clock = createManualClock();
  const told: Action[] = [];
  const strangers = createStrangers('grind', { record: { act: (action) => told.push(action) }, clock });
  for (let minute = 0; minute < 3; minute += 1) {
    for (let n = 0; n < 1_000; n += 1) strangers.refused(stranger);
    clock.advance(60_001);
  }
  expect(told.map(({ detail }) => detail)).toEqual([
    'foreign request: other origin (POST, Host 127.0.0.1:1, Origin http://evil.test)',
    'foreign request: other origin (POST, Host 127.0.0.1:1, Origin http://evil.test); 999 more of these since it was last told',
    'foreign request: other origin (POST, Host 127.0.0.1:1, Origin http://evil.test); 999 more of these since it was last told',
  ]);
  expect(told[0]).toMatchObject({ action_type: 'SAFETY', action: 'BLOCKED', event: 'stranger.refused' });
});
it('S8: one that calls itself something else each time, at any length, is told some twenty times and no more', () => {
  const told: Action[] = [];
  const strangers = createStrangers('grind', {
    record: { act: (action) => told.push(action) },
    clock: createManualClock(),
  });
  for (let n = 0; n < 5_000; n += 1)
    strangers.refused({ ...stranger, origin: `http://${n}.${'x'.repeat(5_000)}` });
  expect(told.length).toBeLessThanOrEqual(22);
  for (const { detail } of told) expect(detail.length).toBeLessThan(400);
});
