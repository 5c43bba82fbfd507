import { createTaskFold, Task, type TaskRecord } from '@vivarium/contracts';
import { beforeEach, expect, it } from 'vitest';
import { createDues, type DueAt } from './dues.ts';

const START = Date.parse('2026-01-01T12:00:00.000Z');
const HOUR = 3_600_000;
const task = Task.parse({ id: 'a', prompt: 'p' });
let now: number;
let wall: number;
let dueAt: DueAt;
const iso = (ms: number): string => new Date(ms).toISOString();
/** A wait of `ms`, written at `at`. */
const waiting = (ms: number, at = wall, eventId = 'evt_1'): TaskRecord => ({
  ...createTaskFold().get('a'),
  status: 'retrying',
  eventId,
  since: iso(at),
  notBefore: iso(at + ms),
});
beforeEach(() => {
  now = 0;
  wall = START;
  dueAt = createDues({ nowMs: () => now, wallMs: () => wall });
});

it('a wait ends when its time has passed, whatever becomes of the wall clock meanwhile', () => {
  const record = waiting(30_000);
  expect(dueAt(task, record)).toBe(30_000);
  for (const step of [HOUR, -HOUR, 24 * HOUR, -48 * HOUR]) {
    wall += step;
    expect(dueAt(task, record)).toBe(30_000);
  }
});

it('a wait that begins after the wall clock was set ahead and back is as long as was meant', () => {
  dueAt(task, waiting(1_000));
  wall += 24 * HOUR;
  dueAt(task, waiting(1_000, wall, 'evt_2'));
  wall -= 24 * HOUR;
  now = 5_000;
  expect(dueAt(task, waiting(30_000, wall, 'evt_3'))).toBe(35_000);
});

it('one that was written in a future that is no longer, or long ago, is never longer than was meant', () => {
  expect(dueAt(task, waiting(2_000, START + 6 * HOUR))).toBe(2_000);
  expect(
    createDues({ nowMs: () => 0, wallMs: () => START })(task, waiting(2_000, START - HOUR)),
  ).toBeLessThan(0);
});

it('the date of a task means the wall clock, and follows it', () => {
  const dated = { ...task, not_before: iso(START + HOUR) };
  const fresh = createTaskFold().get('a');
  expect(dueAt(dated, fresh)).toBe(HOUR);
  wall += HOUR / 2;
  expect(dueAt(dated, fresh)).toBe(HOUR / 2);
  expect(dueAt(dated, waiting(2 * HOUR))).toBe(2 * HOUR);
  expect(dueAt(task, fresh)).toBe(Number.NEGATIVE_INFINITY);
});
