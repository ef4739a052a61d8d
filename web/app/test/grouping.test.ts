import type { Level } from '@bigboard/client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupLevels } from '../src/book/grouping.ts';

const ASKS: readonly Level[] = [
  [100.1, 1],
  [100.2, 2],
  [100.9, 3],
  [101, 4],
  [101.5, 5],
];

describe('levels', () => {
  it('are summed up from the best price', () => {
    expect(groupLevels(ASKS, 'ask', 0, 2)).toEqual([
      { price: 100.1, size: 1, cumulative: 1 },
      { price: 100.2, size: 2, cumulative: 3 },
    ]);
  });

  it('are merged upwards for asks and downwards for bids', () => {
    expect(groupLevels(ASKS, 'ask', 1, 9)).toEqual([
      { price: 101, size: 10, cumulative: 10 },
      { price: 102, size: 5, cumulative: 15 },
    ]);
    expect(groupLevels(ASKS.toReversed(), 'bid', 1, 9).map(({ price, size }) => [price, size])).toEqual([
      [101, 9],
      [100, 6],
    ]);
  });

  it('keep prices that stand on a step where they are, whatever binary fractions make of them', () => {
    expect(groupLevels([[0.3, 1]], 'bid', 0.1, 1)[0]?.price).toBeCloseTo(0.3, 12);
    expect(groupLevels([[0.7, 1]], 'ask', 0.1, 1)[0]?.price).toBeCloseTo(0.7, 12);
  });

  it('lose no size, and never promise a better price', () => {
    const books = fc.uniqueArray(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(books, fc.constantFrom(1, 5, 25), (ticks, step) => {
        const asks = ticks.toSorted((a, b) => a - b).map((price): Level => [price, 2]);
        const grouped = groupLevels(asks, 'ask', step, 1_000);
        expect(grouped.at(-1)?.cumulative).toBe(2 * asks.length);
        expect(grouped[0]?.price).toBeGreaterThanOrEqual(asks[0]?.[0] ?? 0);
        expect(grouped.every(({ price }) => price % step === 0)).toBe(true);
      }),
    );
  });
});
