/** The recent course of one price, in steps of equal length that grow with the time it has been watched. */
import type { CandleRow } from '../live/rest.ts';

export const SPARK_STEPS = 60;

/** Once a step is this long it grows no more: the line then shows the last hour. */
const LONGEST_STEP_MS = 60_000;

export interface SparkPoint {
  /** The number of the step since 1970. */
  readonly step: number;
  readonly price: number;
}

export interface Spark {
  readonly stepMs: number;
  /** Oldest first, one per step at most; steps without a price are left out. */
  readonly points: readonly SparkPoint[];
}

export const EMPTY_SPARK: Spark = { stepMs: 1_000, points: [] };

/** From candles, oldest first: the closing price of each. */
export function sparkFromCandles(rows: readonly CandleRow[], stepMs: number): Spark {
  return rows.reduce((spark, row) => withPrice(spark, row[0], row[4]), { ...EMPTY_SPARK, stepMs });
}

/** With the price at a moment: within the last step it replaces its price, later it begins a new one. */
export function withPrice(spark: Spark, timeMs: number, price: number): Spark {
  const point = { step: Math.floor(timeMs / spark.stepMs), price };
  const { points } = spark;
  const last = points.at(-1);
  if (last === undefined || point.step > last.step) return fitted({ ...spark, points: [...points, point] });
  if (point.step === last.step) {
    return last.price === price ? spark : { ...spark, points: [...points.slice(0, -1), point] };
  }
  // A replay that began anew is in its past again: the old course has nothing to do with it.
  return last.step - point.step >= SPARK_STEPS ? { ...spark, points: [point] } : spark;
}

/** Twice the step while the course is too long for the line; at the longest step the oldest points go instead. */
function fitted(spark: Spark): Spark {
  const newest = spark.points.at(-1)?.step ?? 0;
  const oldest = spark.points[0]?.step ?? 0;
  if (newest - oldest < SPARK_STEPS) return spark;
  if (spark.stepMs >= LONGEST_STEP_MS) {
    return { ...spark, points: spark.points.filter(({ step }) => newest - step < SPARK_STEPS) };
  }
  const byStep = new Map(spark.points.map(({ step, price }) => [Math.floor(step / 2), price]));
  const points = [...byStep].map(([step, price]) => ({ step, price }));
  return fitted({ stepMs: spark.stepMs * 2, points });
}

/** An SVG path through the points, within `width` and `height` and a margin of 1, the newest at the right edge. */
export function sparkPath({ points }: Spark, width: number, height: number): string {
  if (points.length < 2) return '';
  const prices = points.map(({ price }) => price);
  const low = Math.min(...prices);
  const range = Math.max(...prices) - low;
  const newest = points.at(-1)?.step ?? 0;
  const stride = (width - 2) / (SPARK_STEPS - 1);
  return points
    .map(({ step, price }, i) => {
      const x = width - 1 - (newest - step) * stride;
      const y = range === 0 ? height / 2 : 1 + (height - 2) * (1 - (price - low) / range);
      return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
