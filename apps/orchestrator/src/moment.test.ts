import { expect, it } from 'vitest';
import { Timestamp } from '@vivarium/contracts';
import { momentOf } from './moment.ts';

const now = new Date('2026-11-23T10:00:00.000Z');

it.each([
  ['+30s', '2026-11-23T10:00:30.000Z'],
  ['+5m', '2026-11-23T10:05:00.000Z'],
  ['+1.5h', '2026-11-23T11:30:00.000Z'],
  ['+1d', '2026-11-24T10:00:00.000Z'],
  ['2026-12-01', '2026-12-01T00:00:00.000Z'],
  ['2026-12-01T08:30', '2026-12-01T08:30:00.000Z'],
  ['2026-12-01 08:30:15', '2026-12-01T08:30:15.000Z'],
  ['2026-12-01T08:30:00+02:00', '2026-12-01T06:30:00.000Z'],
  ['2028-02-29', '2028-02-29T00:00:00.000Z'],
])('%s is %s', (text, iso) => {
  expect(momentOf(text, now)).toBe(iso);
  expect(Timestamp.parse(iso)).toBe(iso);
});

it.each(['', 'tomorrow', '5m', '-5m', '+5', '+5w', '2026-02-30', '2026-13-01', '2026-12-01T25:00', '2026-12-01T10', '1764547200', '0000-00-00'])(
  '%j is no time',
  (text) => expect(momentOf(text, now)).toBeUndefined(),
); // prettier-ignore

it('a delay means nothing where there is no present', () => {
  expect(momentOf('+5m', undefined)).toBeUndefined();
  expect(momentOf('2026-12-01', undefined)).toBe('2026-12-01T00:00:00.000Z');
});
