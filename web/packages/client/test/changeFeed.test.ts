import { expect, it, vi } from 'vitest';
import { ChangeFeed } from '../src/index.ts';

function manual(): { feed: ChangeFeed; flush: () => void; scheduled: () => number } {
  const flushes: (() => void)[] = [];
  let count = 0;
  const feed = new ChangeFeed((flush) => {
    count++;
    flushes.push(flush);
  });
  return { feed, flush: () => flushes.splice(0).forEach((flush) => flush()), scheduled: () => count };
}

it('calls each listener once per batch, and only those concerned', () => {
  const { feed, flush, scheduled } = manual();
  const [a, b, topic, keys] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
  feed.onKey('market_data', 'A', a);
  feed.onKey('market_data', 'B', b);
  feed.onTopic('market_data', topic);
  feed.onMembership('market_data', keys);
  for (let i = 0; i < 3; i++) feed.changed('market_data', 'A');
  feed.changed('orders', 'A');
  expect(a).not.toHaveBeenCalled();
  flush();
  expect([a, b, topic, keys].map((listener) => listener.mock.calls.length)).toEqual([1, 0, 1, 0]);
  feed.membership('market_data');
  flush();
  expect(keys).toHaveBeenCalledOnce();
  expect(scheduled()).toBe(2);
});

it('does not call who left before the batch came', () => {
  const { feed, flush } = manual();
  const listener = vi.fn();
  const leave = feed.onKey('orders', '1', listener);
  feed.changed('orders', '1');
  leave();
  flush();
  feed.changed('orders', '1');
  flush();
  expect(listener).not.toHaveBeenCalled();
});

it('schedules nothing if nobody listens', () => {
  const { feed, scheduled } = manual();
  feed.changed('orders', '1');
  expect(scheduled()).toBe(0);
});
