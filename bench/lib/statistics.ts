/** Figures of several rounds, and how they are written down. */

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which `share` of them lie; with few values that of 0.99 is the largest. NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);

/** Three digits are more than such a measurement is worth. */
export const rounded = (value: number): number => Number(value.toPrecision(3));
