import { describe, expect, it } from 'vitest';
import { formatUsd, nanoToUsd, nanoUsd, sumUsd, usdToNano } from './money.ts';

describe('money', () => {
  it('converts the dollar figures of the seed logs exactly, whatever their last digit', () => {
    expect(usdToNano(4.160000000000001e-6)).toBe(4_160);
    expect(usdToNano(0.017758929999999996)).toBe(17_758_930);
    expect(usdToNano(0.019124550000000004)).toBe(19_124_550);
  });

  it('refuses fractions of a nano-dollar, NaN and infinity', () => {
    for (const bad of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
      expect(() => nanoUsd(bad)).toThrow(RangeError);
    expect(() => usdToNano(Number.NaN)).toThrow(RangeError);
  });

  it('comes back from dollars unchanged', () => {
    for (const amount of [0, 1, 999_999_999, 17_758_930, 2_000_000_001])
      expect(usdToNano(nanoToUsd(nanoUsd(amount)))).toBe(amount);
  });

  it('sums', () => {
    expect(sumUsd([nanoUsd(1), nanoUsd(2), nanoUsd(3)])).toBe(6);
  });

  it('never shows a cost as nothing', () => {
    expect(formatUsd(nanoUsd(0))).toBe('$0.00');
    expect(formatUsd(nanoUsd(4_160))).toBe('$0.00000416');
    expect(formatUsd(nanoUsd(1))).toBe('$0.000000001');
    expect(formatUsd(nanoUsd(53_400_000))).toBe('$0.0534');
    expect(formatUsd(nanoUsd(2_000_000_000))).toBe('$2.00');
    expect(formatUsd(nanoUsd(1_234_567_890))).toBe('$1.2345');
    expect(formatUsd(nanoUsd(-500_000_000))).toBe('-$0.50');
  });
});
