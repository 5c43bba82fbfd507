/**
 * Money is an integer count of 1e-9 US dollars. Every listed price per million tokens is a whole number of these per
 * token, so sums are exact; JavaScript's safe integers reach nine million dollars. Dollars exist only on disk beside the integer, and on screen.
 */
declare const nano: unique symbol;
export type NanoUsd = number & { readonly [nano]: true };

export const NANO_PER_USD = 1_000_000_000;
export const zeroUsd = 0 as NanoUsd;

/** Brands a count of nano-dollars. Throws on anything but a safe integer: a fraction here means a sum went wrong. */
export function nanoUsd(count: number): NanoUsd {
  if (!Number.isSafeInteger(count)) throw new RangeError(`not a whole number of nano-dollars: ${count}`);
  return count as NanoUsd;
}

/** Dollars as people and the seed's files write them → nano-dollars, rounded to the nearest. Throws on NaN and infinity. */
export function usdToNano(dollars: number): NanoUsd {
  return nanoUsd(Math.round(dollars * NANO_PER_USD));
}

/** Nano-dollars → the dollar figure that stands beside them in the record. */
export const nanoToUsd = (amount: NanoUsd): number => amount / NANO_PER_USD;

export const addUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => nanoUsd(a + b);
export const subtractUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => nanoUsd(a - b);
export const sumUsd = (amounts: Iterable<NanoUsd>): NanoUsd => {
  let total = 0;
  for (const amount of amounts) total += amount;
  return nanoUsd(total);
};

/**
 * For screens: `$0.0534`, `$0.00000416`, `$2.00`. Never rounds a cost to nothing: shows at least two significant digits.
 * The original printed its own call of 4.16e-6 dollars as `$0.0000`.
 */
export function formatUsd(amount: NanoUsd): string {
  const sign = amount < 0 ? '-' : '';
  const absolute = Math.abs(amount);
  const whole = Math.floor(absolute / NANO_PER_USD);
  const digits = String(absolute % NANO_PER_USD).padStart(9, '0');
  if (whole > 0 || absolute === 0) return `${sign}$${whole}.${trimTo(digits, 2, 4)}`;
  const firstDigit = digits.search(/[1-9]/);
  return `${sign}$0.${trimTo(digits, 2, Math.max(4, firstDigit + 3))}`;
}

/** Cuts a run of decimals to `most` digits and drops trailing zeros down to `least`. */
function trimTo(digits: string, least: number, most: number): string {
  let end = Math.min(most, digits.length);
  while (end > least && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}
