import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it('one is one, everything else is many', () => {
  expect([0, 1, 2].map((number) => counted(number, 'task'))).toEqual(['0 tasks', '1 task', '2 tasks']);
});
