import { expect, it } from 'vitest';
import { grindUpLine } from './grind-plan.ts';

it('says where grind is, whom it asks and whose money moves', () => {
  const url = 'http://127.0.0.1:8420';
  expect(grindUpLine(url, { provider: 'simulator', simulated: true })).toBe(
    `grind: ${url} (simulator, no real money moves)`,
  );
  expect(grindUpLine(url, { provider: 'groq', simulated: false })).toBe(`grind: ${url} (groq, REAL MONEY)`);
  expect(grindUpLine(url, undefined)).toBe(`grind: ${url}`);
});
