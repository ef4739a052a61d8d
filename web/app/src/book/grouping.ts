/** Order-book levels merged into coarser price steps. */
import type { Level } from '@bigboard/client';

export type Side = 'bid' | 'ask';

/** A row of a ladder: size at the price, and all the size from the best price to here. */
export interface LadderLevel {
  readonly price: number;
  readonly size: number;
  readonly cumulative: number;
}

/** Steps to choose from: the tick and round multiples of it. */
export const GROUPINGS = [1, 10, 100] as const;

/**
 * The best `count` levels, best first, in steps of `step`; 0 leaves the levels as they are. A bid is counted down and
 * an ask up, so that a grouped level never promises a better price than the book has.
 */
export function groupLevels(levels: readonly Level[], side: Side, step: number, count: number): LadderLevel[] {
  const grouped: LadderLevel[] = [];
  let cumulative = 0;
  let price = Number.NaN;
  let size = 0;
  for (const [at, amount] of levels) {
    const rounded = step > 0 ? roundTo(at, step, side) : at;
    if (rounded !== price) {
      if (size > 0) grouped.push({ price, size, cumulative });
      if (grouped.length === count) return grouped;
      price = rounded;
      size = 0;
    }
    size += amount;
    cumulative += amount;
  }
  if (size > 0) grouped.push({ price, size, cumulative });
  return grouped;
}

function roundTo(price: number, step: number, side: Side): number {
  // 0.3 / 0.1 is 2.9999999999999996: without the slack a price on a step would fall to the one below.
  const steps = price / step;
  const nearest = Math.round(steps);
  const whole = Math.abs(steps - nearest) < 1e-6 ? nearest : side === 'bid' ? Math.floor(steps) : Math.ceil(steps);
  return whole * step;
}
