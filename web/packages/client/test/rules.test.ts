import { describe, expect, it } from 'vitest';
import { Backoff, closePolicy, covers, ServerClock, splitSubscription } from '../src/index.ts';
import { sameSubscriptions, withoutCovered } from '../src/subscription.ts';

describe('backoff', () => {
  it('doubles its ceiling up to the cap, and draws from all of it', () => {
    const top = new Backoff(500, 10_000, () => 1);
    expect([1, 2, 3, 4, 5, 6, 7].map(() => top.next())).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    top.reset();
    expect(top.next()).toBe(500);
    expect(new Backoff(500, 10_000, () => 0).next()).toBe(0);
  });

  it('keeps a floor below the jitter', () => {
    expect(new Backoff(500, 10_000, () => 0.5).next(30_000)).toBe(30_250);
  });
});

describe('close codes', () => {
  it.each([
    [undefined, 'retry'],
    [1000, 'retry'],
    [1001, 'retry'],
    [1009, 'stop'],
    [1012, 'retry'],
    [4400, 'stop'],
    [4401, 'authenticate'],
    [4403, 'stop'],
    [4429, 'retry-later'],
    [4499, 'stop'],
    [4500, 'retry'],
    [4508, 'retry-slower'],
  ])('%s asks for %s', (code, policy) => {
    expect(closePolicy(code)).toBe(policy);
  });
});

describe('subscriptions', () => {
  it('split at the first colon', () => {
    expect(splitSubscription('orderbook:kraken:BTCUSDT')).toEqual({ topic: 'orderbook', key: 'kraken:BTCUSDT' });
    expect(splitSubscription('orders')).toEqual({ topic: 'orders', key: undefined });
  });

  it('cover what is narrower', () => {
    expect(covers(['orders'], 'orders:1')).toBe(true);
    expect(covers(['*'], 'orders')).toBe(true);
    expect(covers(['orders:1'], 'orders')).toBe(false);
    expect(covers(['orders:1'], 'orders:1')).toBe(true);
  });

  it('leave out what a wider one brings, and compare as sets', () => {
    expect(withoutCovered(['orders:1', 'orders', 'risk:a', 'orders'])).toEqual(['orders', 'risk:a']);
    expect(withoutCovered(['orders', '*'])).toEqual(['*']);
    expect(sameSubscriptions(['a', 'b'], ['b', 'a', 'a'])).toBe(true);
    expect(sameSubscriptions(['a'], ['a', 'b'])).toBe(false);
  });
});

describe("the server's clock", () => {
  const at = (ms: number): string => new Date(ms).toISOString();

  it('prefers the shortest round trip, until it is old', () => {
    let local = 1_000_000;
    const clock = new ServerClock(() => local);
    clock.observe(at(1_005_000));
    expect(clock.offsetMs).toBe(5_000);
    clock.observe(at(1_006_000), 20);
    expect(clock.offsetMs).toBe(6_010);
    clock.observe(at(1_009_000), 400);
    expect(clock.offsetMs).toBe(6_010);
    local += 121_000;
    clock.observe(at(local + 7_000), 400);
    expect(clock.offsetMs).toBe(7_200);
    expect(clock.now()).toBe(local + 7_200);
  });

  it('does not take what is no time', () => {
    const clock = new ServerClock(() => 5);
    clock.observe('yesterday');
    expect(clock.now()).toBe(5);
  });
});
