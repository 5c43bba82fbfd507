import type { NanoUsd } from '@vivarium/core';

/** Percent of a cap that are worth a word when they are passed. */
const SHARES = [50, 75, 90, 100] as const;

/** Which of them lie between `before` (exclusive) and `after` (inclusive). */
export const sharesPassed = (before: NanoUsd, after: NanoUsd, cap: NanoUsd): readonly number[] =>
  cap <= 0 ? [] : SHARES.filter((share) => before * 100 < share * cap && after * 100 >= share * cap);
