/** Sizes, volumes, percentages and basis points, each in a width that does not jump. */
import { formatFixed } from './price.ts';

const UNITS: readonly (readonly [limit: number, unit: string])[] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'K'],
];

/** Four significant digits with a unit: 12.35K, 1.204B, 0.0012. */
export function formatCompact(value: number): string {
  const size = Math.abs(value);
  for (const [limit, unit] of UNITS) {
    if (size >= limit) return `${formatFixed(value / limit, decimalsFor(size / limit))}${unit}`;
  }
  if (size === 0) return '0';
  return formatFixed(value, size >= 1 ? decimalsFor(size) : Math.min(8, 2 - Math.floor(Math.log10(size))));
}

const LARGEST_IN_FULL = 1e5;

/** A size with the symbol's own decimals, so that the points of a column stand below each other; a huge one in short. */
export function formatSize(value: number, decimals: number): string {
  return value < LARGEST_IN_FULL ? formatFixed(value, decimals) : formatCompact(value);
}

function decimalsFor(size: number): number {
  if (size >= 100) return 1;
  return size >= 10 ? 2 : 3;
}

/** With its sign, which says the direction to those who do not see the colour. */
export function formatSigned(value: number, decimals: number): string {
  const text = formatFixed(value, decimals);
  return value > 0 ? `+${text}` : text;
}

export function formatBps(value: number): string {
  return formatFixed(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

/** A number with its unit, or a dash for what is not known. */
export function formatFixedOr(value: number | undefined, decimals: number, unit: string): string {
  return value === undefined ? '–' : `${formatFixed(value, decimals)} ${unit}`;
}
