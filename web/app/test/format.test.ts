import { describe, expect, it } from 'vitest';
import { formatAge, formatDuration, formatUtc } from '../src/format/moment.ts';
import { priceDecimals, sizeDecimals, tickSize } from '../src/format/precision.ts';
import { decimalsOf, formatFixed, unchangedLength } from '../src/format/price.ts';
import { formatBps, formatCompact, formatSigned, formatSize } from '../src/format/quantity.ts';

describe('prices', () => {
  it.each([
    [0.1, 1],
    [0.0005, 4],
    [1e-7, 7],
    [2.5e-7, 8],
    [5, 0],
    [1e21, 0],
    [Number.NaN, 0],
  ])('the tick %s has %i decimals', (tick, decimals) => {
    expect(decimalsOf(tick)).toBe(decimals);
  });

  it.each([
    [63412.5, 1, '63,412.5'],
    [1234567, 0, '1,234,567'],
    [0.0083219, 7, '0.0083219'],
    [-1234.5, 2, '−1,234.50'],
    [999, 2, '999.00'],
  ])('%s with %i decimals reads %s', (value, decimals, text) => {
    expect(formatFixed(value, decimals)).toBe(text);
  });

  it('tell which digits stayed', () => {
    expect(unchangedLength('63,412.5', '63,418.0')).toBe(5);
    expect(unchangedLength('63,412.5', '63,412.5')).toBe(8);
    expect(unchangedLength('999.9', '1,000.0')).toBe(0);
  });

  it("take the tick size's precision, or the most that was seen", () => {
    expect(priceDecimals('A', { tick_size: 0.1, last_price: 1.25 })).toBe(1);
    expect(priceDecimals('B', { last_price: 1.25, bid_price: 1.2 })).toBe(2);
    expect(priceDecimals('B', { last_price: 1 })).toBe(2);
    expect(tickSize('B', { last_price: 1 })).toBe(0.01);
    expect(tickSize('A', { tick_size: 0.5 })).toBe(0.5);
  });
});

describe('quantities', () => {
  it.each([
    [0, '0'],
    [1.5, '1.500'],
    [12.345, '12.35'],
    [123.45, '123.5'],
    [1234.5, '1.234K'],
    [12_345_678, '12.35M'],
    [1.204e9, '1.204B'],
    [0.0012, '0.00120'],
    [-2500, '−2.500K'],
    [3.5e12, '3.500T'],
  ])('%s reads %s', (value, text) => {
    expect(formatCompact(value)).toBe(text);
  });

  it('carry their sign and a precision that fits', () => {
    expect(formatSigned(1.234, 2)).toBe('+1.23');
    expect(formatSigned(-1.234, 2)).toBe('−1.23');
    expect(formatSigned(0, 2)).toBe('0.00');
    expect([0.123, 12.34, 1234].map(formatBps)).toEqual(['0.12', '12.3', '1,234']);
  });
});

describe('moments', () => {
  it.each([
    [0, '<1s'],
    [999, '<1s'],
    [12_900, '12s'],
    [60_000, '1m'],
    [7_200_000, '2h'],
    [4 * 86_400_000, '4d'],
  ])('an age of %i ms reads %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });

  it('read as durations and times of day', () => {
    expect([500, 5_000, 65_000, 11_520_000].map(formatDuration)).toEqual(['0s', '5s', '1m 5s', '3h 12m']);
    expect(formatUtc(Date.UTC(2025, 9, 6, 5, 4, 3))).toBe('05:04:03');
  });
});

describe('sizes', () => {
  it('of one symbol all have as many decimals as the finest that was seen', () => {
    expect(sizeDecimals('S', [1.702, 0.06, 3])).toBe(3);
    expect(sizeDecimals('S', [1, 2])).toBe(3);
    expect(sizeDecimals('T', [15_234_000])).toBe(0);
    expect(sizeDecimals('U', [0.1 + 0.2])).toBe(6); // noise of a sum is no lot size
  });

  it.each([
    [0.06, 3, '0.060'],
    [12_345.6, 1, '12,345.6'],
    [15_234_000, 0, '15.23M'],
  ])('%s with %i decimals reads %s', (size, decimals, text) => {
    expect(formatSize(size, decimals)).toBe(text);
  });
});
