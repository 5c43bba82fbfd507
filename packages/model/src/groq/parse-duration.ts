import type { Milliseconds } from '@vivarium/core';

const unitMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof unitMs;

/** Durations as Groq's headers write them: `2m59.56s`, `7.66s`, `120ms`, `1h0m0s`. Anything else is undefined. */
export function parseDuration(text: string): Milliseconds | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g))
    total += Number(amount) * unitMs[unit as Unit]; // `as`: the pattern names the units
  return Math.ceil(total);
}
