/** The recent course of one price, in steps of equal length. */
import type { CandleRow } from '../live/rest.ts';

export const SPARK_POINTS = 60;

export interface Spark {
  readonly stepMs: number;
  /** One price per step, oldest first. */
  readonly prices: readonly number[];
  /** The step that the last price belongs to: its time divided by `stepMs`. */
  readonly lastStep: number;
}

export const EMPTY_SPARK: Spark = { stepMs: 5_000, prices: [], lastStep: 0 };

/** From candles, oldest first: one closing price per step. */
export function sparkFromCandles(rows: readonly CandleRow[], stepMs: number): Spark {
  return rows.reduce((spark, row) => withPrice(spark, row[0], row[4]), { ...EMPTY_SPARK, stepMs });
}

/** With the price at a moment: within the last step it replaces its price, later it begins a new one. */
export function withPrice(spark: Spark, timeMs: number, price: number): Spark {
  const step = Math.floor(timeMs / spark.stepMs);
  const { prices } = spark;
  if (prices.length > 0 && step < spark.lastStep) {
    // A replay that began anew is in its past again: the old course has nothing to do with it.
    return spark.lastStep - step > SPARK_POINTS ? { ...spark, prices: [price], lastStep: step } : spark;
  }
  if (prices.length > 0 && step === spark.lastStep) {
    return prices.at(-1) === price ? spark : { ...spark, prices: [...prices.slice(0, -1), price] };
  }
  return { ...spark, prices: [...prices, price].slice(-SPARK_POINTS), lastStep: step };
}

/** An SVG path through the prices, within `width` and `height` and a margin of 1. */
export function sparkPath(prices: readonly number[], width: number, height: number): string {
  if (prices.length < 2) return '';
  const low = Math.min(...prices);
  const range = Math.max(...prices) - low;
  const stride = (width - 2) / (SPARK_POINTS - 1);
  const left = width - 1 - stride * (prices.length - 1);
  return prices
    .map((price, i) => {
      const y = range === 0 ? height / 2 : 1 + (height - 2) * (1 - (price - low) / range);
      return `${i === 0 ? 'M' : 'L'}${(left + i * stride).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
