import type { Milliseconds } from '@vivarium/core';

const unitMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof unitMs;
const PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/y;

/** Durations as Groq's headers write them: `2m59.56s`, `7.66s`, `120ms`, `1h0m0s`. Anything else is undefined. */
export function parseDuration(text: string): Milliseconds | undefined {
  let total = 0;
  let end = 0;
  // From part to part: `matchAll` makes an iterator and a copy of the pattern for every reply.
  for (PART.lastIndex = 0; end < text.length; end = PART.lastIndex) {
    const part = PART.exec(text);
    if (part === null) return undefined;
    total += Number(part[1]) * unitMs[part[2] as Unit]; // `as`: the pattern names the units
  }
  return end === 0 ? undefined : Math.ceil(total);
}
