import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDuration } from './parse-duration.ts';

it('reads durations as Groq writes them', () => {
  expect(['2m59.56s', '7.66s', '120ms', '1h0m0s', '0s', '1.5ms'].map(parseDuration)).toEqual([
    179_560, 7_660, 120, 3_600_000, 0, 2,
  ]);
});

it('reads nothing else, and takes no time over it', () => {
  for (const text of ['', '7', 's', '7 s', '-7s', '7.s', '7sec', `${'1'.repeat(50_000)}x`])
    expect(parseDuration(text)).toBeUndefined();
});

it('adds up hours, minutes and seconds', () => {
  fc.assert(
    fc.property(
      fc.nat(48),
      fc.nat(59),
      fc.nat(59),
      (h, m, s) => parseDuration(`${h}h${m}m${s}s`) === ((h * 60 + m) * 60 + s) * 1_000,
    ),
  );
});
