import { describe, expect, it } from 'vitest';
import type { JsonObject, ServerMessage } from '../src/index.ts';
import { ProtocolError, Replica } from '../src/index.ts';

const TIMESTAMP = '2025-10-06T05:41:00.000Z';

function subscribed(subscriptions: string[], tapeLength = 100): ServerMessage {
  const place = { epoch: 'e', sequence: 1, interval_ms: 250, tape_length: tapeLength, resumed: false };
  return { type: 'subscribed', subscriptions, ...place };
}

function state(sequence: number, subscriptions: string[], data: JsonObject, epoch = 'e'): ServerMessage {
  return { type: 'state_update', epoch, sequence, timestamp: TIMESTAMP, subscriptions, data };
}

function diff(since: number, sequence: number, changes: JsonObject, epoch = 'e'): ServerMessage {
  return { type: 'diff_update', epoch, since, sequence, timestamp: TIMESTAMP, changes };
}

function heartbeat(sequence: number, epoch = 'e'): ServerMessage {
  return { type: 'heartbeat', epoch, sequence, timestamp: TIMESTAMP };
}

function replicaOf(data: JsonObject): Replica {
  const replica = new Replica();
  replica.apply(subscribed(Object.keys(data)));
  replica.apply(state(1, Object.keys(data), data));
  return replica;
}

describe('what a replica hands out', () => {
  it('is the same object until it changes', () => {
    const replica = replicaOf({ market_data: { A: { last_price: 1 }, B: { last_price: 1 } } });
    const [a, b, keys] = [
      replica.get('market_data', 'A'),
      replica.get('market_data', 'B'),
      replica.keys('market_data'),
    ];
    const entries = replica.entries('market_data');
    replica.apply(diff(1, 2, { market_data: { A: { last_price: 2 } } }));
    expect(replica.get('market_data', 'A')).not.toBe(a);
    expect(a).toEqual({ last_price: 1 });
    expect(replica.get('market_data', 'B')).toBe(b);
    expect(replica.keys('market_data')).toBe(keys);
    expect(replica.entries('market_data')).not.toBe(entries);
    replica.apply(diff(2, 3, { market_data: { C: {} } }));
    expect(replica.keys('market_data')).toEqual(['A', 'B', 'C']);
  });

  it('does not change with a book, though the book is kept in place', () => {
    const replica = replicaOf({ orderbook: { A: { bids: [[10, 1]], asks: [[11, 1]], update_id: 1 } } });
    const before = replica.get('orderbook', 'A');
    replica.apply(diff(1, 2, { orderbook: { A: { bids: [[10.5, 2]], asks: [[11, 0]] } } }));
    const after = replica.get('orderbook', 'A');
    expect(before).toEqual({ bids: [[10, 1]], asks: [[11, 1]], update_id: 1 });
    expect(after?.bids).toEqual([[10.5, 2], [10, 1]]); // prettier-ignore
    expect(after?.asks).toEqual([]);
    expect(replica.get('orderbook', 'A')).toBe(after);
  });
});

describe('a gap', () => {
  it('stops merging until a snapshot covers all that is held', () => {
    const replica = replicaOf({ market_data: { A: { last_price: 1 } }, orders: [] });
    expect(replica.apply(diff(2, 3, { market_data: { A: { last_price: 3 } } }))).toBe('gap');
    expect(replica.apply(diff(1, 2, { market_data: { A: { last_price: 2 } } }))).toBe('gap');
    expect(replica.apply(heartbeat(9))).toBe('gap');
    expect(replica.apply(state(3, ['orders'], { orders: [{ order_id: '1' }] }))).toBe('gap');
    expect(replica.cursor).toEqual({ epoch: 'e', sequence: 1 });
    expect(replica.get('market_data', 'A')).toEqual({ last_price: 1 });
    const whole = { market_data: { A: { last_price: 3 } }, orders: [] };
    expect(replica.apply(state(3, ['market_data', 'orders'], whole))).toBe('applied');
    expect(replica.hasGap).toBe(false);
    expect(replica.apply(diff(3, 4, { market_data: { A: { last_price: 4 } } }))).toBe('applied');
  });

  it('is a diff, a partial snapshot or a heartbeat of another epoch', () => {
    for (const message of [
      diff(1, 2, { market_data: { A: { last_price: 2 } } }, 'other'),
      state(1, ['orders'], { orders: [] }, 'other'),
      heartbeat(1, 'other'),
    ]) {
      const replica = replicaOf({ market_data: { A: { last_price: 1 } } });
      expect(replica.apply(message), message.type).toBe('gap');
    }
  });

  it('is not a heartbeat of a gateway that lags behind', () => {
    const replica = replicaOf({ market_data: {} });
    replica.apply(heartbeat(5));
    expect(replica.apply(heartbeat(4))).toBe('ignored');
    expect(replica.cursor).toEqual({ epoch: 'e', sequence: 5 });
  });
});

describe('a broken message', () => {
  const broken: readonly (readonly [string, JsonObject])[] = [
    ['fields', { market_data: { A: 3 } }],
    ['rows', { orders: [{ price: 3 }] }],
    ['a tape', { trades: { A: [3] } }],
    ['a ladder', { orderbook: { A: { bids: [[1, 'x']] } } }],
    ['a topic', { orderbook: 3 }],
  ];

  it.each(broken)('in %s changes nothing at all', (_what, changes) => {
    const replica = replicaOf({ market_data: { A: { last_price: 1 } }, orders: [], trades: {}, orderbook: {} });
    const before = JSON.stringify(replica.toData());
    const good = { market_data: { A: { last_price: 2 } }, ...changes };
    expect(() => replica.apply(diff(1, 2, { account: { main: { equity: 1 } }, ...good }))).toThrow(ProtocolError);
    expect(replica.cursor?.sequence).toBe(1);
    expect(JSON.stringify(replica.toData())).toBe(before.replace(/}$/, ',"account":{}}'));
  });
});

describe('subscriptions', () => {
  it('drop what they cover before a snapshot is taken', () => {
    const replica = replicaOf({ market_data: { A: {}, B: {} }, orderbook: {} });
    replica.apply(state(2, ['market_data:A'], { market_data: {} }));
    expect(replica.toData()).toEqual({ market_data: { B: {} }, orderbook: {} });
    replica.apply(state(3, ['*'], { trades: {} }));
    expect(replica.toData()).toEqual({ trades: {} });
  });

  it('that end take what they brought with them', () => {
    const replica = replicaOf({ market_data: { A: {}, 'kraken:A': {} }, orders: [{ order_id: '1' }] });
    replica.apply({ type: 'unsubscribed', subscriptions: ['market_data:kraken:A'] });
    expect(replica.toData()).toEqual({ market_data: { 'kraken:A': {} } });
  });
});

describe('merging', () => {
  it('keeps no more of a tape than the server does', () => {
    const replica = new Replica();
    replica.apply(subscribed(['trades'], 2));
    replica.apply(state(1, ['trades'], { trades: { A: [{ trade_id: '1' }] } }));
    replica.apply(diff(1, 2, { trades: { A: [{ trade_id: '2' }, { trade_id: '3' }] } }));
    expect(replica.get('trades', 'A')).toEqual([{ trade_id: '2' }, { trade_id: '3' }]);
  });

  it('puts a row that returns at the end, without its old parts', () => {
    const replica = replicaOf({ orders: [{ order_id: '1', price: 1 }, { order_id: '2' }] });
    replica.apply(
      diff(1, 2, {
        orders: [
          { order_id: '1', deleted: true },
          { order_id: '1', quantity: 5 },
        ],
      }),
    );
    expect(replica.toData()).toEqual({ orders: [{ order_id: '2' }, { order_id: '1', quantity: 5 }] });
  });

  it('skips a topic that it does not know', () => {
    const replica = replicaOf({ market_data: {} });
    expect(replica.apply(diff(1, 2, { constructor: { A: {} }, weather: { A: {} } }))).toBe('applied');
    expect(replica.toData()).toEqual({ market_data: {} });
  });

  it('takes opaque keys for what they are', () => {
    const data = JSON.parse('{"market_data": {"__proto__": {"__proto__": 1}, "constructor": {"a": 1}}}') as JsonObject;
    const replica = replicaOf(data);
    replica.apply(diff(1, 2, JSON.parse('{"market_data": {"__proto__": {"b": 2}}}') as JsonObject));
    expect(JSON.stringify(replica.toData())).toBe(
      '{"market_data":{"__proto__":{"__proto__":1,"b":2},"constructor":{"a":1}}}',
    );
    expect(replica.get('market_data', 'toString')).toBeUndefined();
  });
});

it('tells its observer each key that changed, and where keys came or went', () => {
  const told: string[] = [];
  const replica = new Replica({
    changed: (topic, key) => told.push(`${topic}:${key}`),
    membership: (topic) => told.push(`keys of ${topic}`),
  });
  replica.apply(state(1, ['market_data'], { market_data: { A: {}, B: {} } }));
  told.length = 0;
  replica.apply(diff(1, 2, { market_data: { A: { last_price: 1 }, B: null } }));
  expect(told).toEqual(['market_data:A', 'keys of market_data', 'market_data:B']);
});
