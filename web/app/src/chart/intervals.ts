/** The candle intervals that the board keeps. */

export const INTERVALS = ['1s', '1m', '5m', '15m', '1h', '4h', '1d'] as const;

export type Interval = (typeof INTERVALS)[number];

const LENGTHS_MS: Readonly<Record<Interval, number>> = {
  '1s': 1_000,
  '1m': 60_000,
  '5m': 300_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '4h': 14_400_000,
  '1d': 86_400_000,
};

export function isInterval(text: string | undefined): text is Interval {
  return (INTERVALS as readonly (string | undefined)[]).includes(text);
}

export function intervalMs(interval: Interval): number {
  return LENGTHS_MS[interval];
}

/** The next longer (`1`) or shorter (`-1`) one; the same at the end. */
export function neighbour(interval: Interval, step: 1 | -1): Interval {
  return INTERVALS[INTERVALS.indexOf(interval) + step] ?? interval;
}
