/** A ladder against the plainest model of one: a map that is sorted when it is looked at. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Level } from '../src/index.ts';
import { Replica } from '../src/index.ts';

const levels = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 40 }).map((ticks) => ticks / 10),
    fc.constantFrom(0, 0, 1, 2.5),
  ),
  { maxLength: 12 },
);
const changes = fc.array(fc.record({ bids: levels, asks: levels }), { maxLength: 20 });

function model(history: readonly (readonly Level[])[], sign: 1 | -1): Level[] {
  const sizes = new Map<number, number>();
  for (const [price, size] of history.flat()) {
    if (size === 0) sizes.delete(price);
    else sizes.set(price, size);
  }
  return [...sizes].sort(([a], [b]) => (a - b) * sign);
}

it('keeps every level in order, best first, whatever comes', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const replica = new Replica();
      const stamp = { epoch: 'e', timestamp: '2025-10-06T05:41:00.000Z' };
      const data = { orderbook: { A: { bids: [], asks: [] } } };
      replica.apply({ type: 'state_update', ...stamp, sequence: 0, subscriptions: ['orderbook'], data });
      history.forEach((book, since) => {
        replica.apply({
          type: 'diff_update',
          ...stamp,
          since,
          sequence: since + 1,
          changes: { orderbook: { A: book } },
        });
        const seen = history.slice(0, since + 1);
        expect(replica.get('orderbook', 'A')).toEqual({
          bids: model(seen.map(({ bids }) => bids), -1), // prettier-ignore
          asks: model(seen.map(({ asks }) => asks), 1), // prettier-ignore
        });
      });
    }),
  );
});
