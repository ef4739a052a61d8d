import { beforeEach, describe, expect, it } from 'vitest';
import type { ServerMessage } from '../src/index.ts';
import { Replica, Session } from '../src/index.ts';
import { Interest } from '../src/interest.ts';

const TIMESTAMP = '2025-10-06T05:41:00.000Z';

let interest: Interest;
let replica: Replica;
let session: Session;

beforeEach(() => {
  interest = new Interest();
  replica = new Replica();
  session = new Session(replica, interest);
});

function answer(subscriptions: string[], resumed = false): ServerMessage {
  return { type: 'subscribed', subscriptions, epoch: 'e', sequence: 7, interval_ms: 250, tape_length: 100, resumed };
}

function state(subscriptions: string[], sequence = 7): ServerMessage {
  const data = Object.fromEntries(subscriptions.map((topic) => [topic, topic === 'orders' ? [] : {}]));
  return { type: 'state_update', epoch: 'e', sequence, timestamp: TIMESTAMP, subscriptions, data };
}

function diff(since: number): ServerMessage {
  return { type: 'diff_update', epoch: 'e', since, sequence: since + 1, timestamp: TIMESTAMP, changes: {} };
}

function goLive(subscriptions: string[]): void {
  interest.add(subscriptions);
  session.open();
  session.receive(answer(subscriptions));
  session.receive(state(subscriptions));
}

describe('opening', () => {
  it('subscribes to all that is wanted, once', () => {
    interest.add(['market_data', 'orderbook:A']);
    interest.add(['orderbook:A', 'market_data:A']);
    expect(session.open()).toEqual([{ action: 'subscribe', subscriptions: ['market_data', 'orderbook:A'], id: 1 }]);
    expect(session.live).toBe(false);
    session.receive(answer(['market_data', 'orderbook:A']));
    expect(session.live).toBe(false);
    session.receive(state(['market_data', 'orderbook:A']));
    expect(session.live).toBe(true);
  });

  it('resumes with the same subscriptions', () => {
    goLive(['market_data']);
    session.closed();
    expect(session.open()).toMatchObject([{ subscriptions: ['market_data'], resume: { epoch: 'e', sequence: 7 } }]);
    session.receive(answer(['market_data'], true));
    expect(session.live).toBe(true);
    expect(session.resumes).toBe(1);
    expect(session.receive(diff(7))).toEqual([]);
    expect(replica.cursor?.sequence).toBe(8);
  });

  it('does not resume after the interest changed, a gap, or an unreadable message', () => {
    goLive(['market_data']);
    session.closed();
    interest.add(['orders']);
    expect(session.open()[0]).not.toHaveProperty('resume');
    session.receive(answer(['market_data', 'orders']));
    session.receive(state(['market_data', 'orders']));
    session.receive(diff(9));
    session.closed();
    expect(session.open()[0]).not.toHaveProperty('resume');
    session.receive(state(['market_data', 'orders']));
    session.receive(answer(['market_data', 'orders']));
    session.closed();
    session.forget();
    expect(session.open()[0]).not.toHaveProperty('resume');
  });

  it('still resumes after a connection that broke before the first answer', () => {
    goLive(['market_data']);
    session.closed();
    session.open();
    session.closed();
    expect(session.open()[0]).toHaveProperty('resume');
  });

  it('does not resume what was asked for and never came', () => {
    goLive(['market_data']);
    interest.add(['orders']);
    expect(session.sync()).toMatchObject([{ action: 'subscribe', subscriptions: ['orders'] }]);
    session.closed();
    expect(session.open()[0]).not.toHaveProperty('resume');

    session.receive(answer(['market_data', 'orders']));
    session.closed(); // answered, but the state was lost with the connection
    expect(session.open()[0]).not.toHaveProperty('resume');

    session.receive(answer(['market_data', 'orders']));
    session.receive(state(['market_data', 'orders']));
    session.closed();
    expect(session.open()[0]).toHaveProperty('resume');
  });

  it('resumes though the server refuses a part, as it did before', () => {
    interest.add(['market_data', 'risk']);
    session.open();
    session.receive({ type: 'error', code: 'forbidden', message: 'risk', id: 1 });
    session.receive(answer(['market_data']));
    session.receive(state(['market_data']));
    session.closed();
    expect(session.open()[0]).toHaveProperty('resume');
  });

  it('ignores heartbeats until the first answer: they tell the place of the server', () => {
    goLive(['market_data']);
    session.closed();
    session.open();
    session.receive({ type: 'heartbeat', epoch: 'e', sequence: 99, timestamp: TIMESTAMP });
    expect(replica.cursor?.sequence).toBe(7);
  });
});

describe('while open', () => {
  it('asks for what is new and gives up what nobody wants, in this order', () => {
    goLive(['orderbook:A']);
    interest.add(['orderbook:B']);
    interest.remove(['orderbook:A']);
    expect(session.sync()).toMatchObject([
      { action: 'subscribe', subscriptions: ['orderbook:B'] },
      { action: 'unsubscribe', subscriptions: ['orderbook:A'] },
    ]);
    expect(session.sync()).toEqual([]);
  });

  it('mends a gap by asking once for everything', () => {
    goLive(['market_data', 'orders']);
    expect(session.receive(diff(8))).toMatchObject([{ action: 'subscribe', subscriptions: ['market_data', 'orders'] }]);
    expect(session.receive(diff(9))).toEqual([]);
    expect(session.mending).toBe(true);
    session.receive(state(['market_data', 'orders'], 10));
    expect(session.mending).toBe(false);
    expect(session.receive(diff(10))).toEqual([]);
    expect(session.gaps).toBe(1);
  });

  it('is not live while the server wants a credential', () => {
    interest.add(['orders']);
    session.open();
    session.receive({ type: 'error', code: 'unauthenticated', message: 'who are you?', id: 1 });
    expect(session.live).toBe(false);
    expect(session.error?.code).toBe('unauthenticated');
  });

  it('is live after a refusal: there is nothing to wait for', () => {
    interest.add(['weather']);
    session.open();
    session.receive({ type: 'error', code: 'unknown_topic', message: 'no topic weather', id: 1 });
    expect(session.live).toBe(true);
  });

  it('asks for longer intervals after a close for slowness, up to a limit', () => {
    interest.add(['orders']);
    session.slowDown();
    expect(session.open()).toMatchObject([{ interval_ms: 500 }]);
    for (let i = 0; i < 10; i++) session.slowDown();
    expect(session.intervalMs).toBe(10_000);
  });
});
