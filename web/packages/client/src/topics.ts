import type {
  Account,
  Alert,
  Candle,
  MarketData,
  Metrics,
  Order,
  OrderBook,
  Position,
  Risk,
  ServiceHealth,
  Strategy,
  Trade,
} from './records.ts';

/** How a change merges into the state of a topic (PROTOCOL section 4). */
export type MergeKind = 'fields' | 'rows' | 'tape' | 'ladder';

/** What a key of each topic holds: a record, the latest entries of a tape, or a book. */
export interface TopicRecords {
  market_data: MarketData;
  candles: Candle;
  positions: Position;
  account: Account;
  strategies: Strategy;
  risk: Risk;
  metrics: Metrics;
  services: ServiceHealth;
  orders: Order;
  alerts: Alert;
  trades: readonly Trade[];
  orderbook: OrderBook;
}

export type TopicName = keyof TopicRecords;

interface TopicRule {
  readonly kind: MergeKind;
  /** For rows: the field that holds the record's id. */
  readonly idField?: string;
}

/** The table of PROTOCOL section 4. A topic that is not in it is ignored: a newer server may know more. */
export const TOPICS: Readonly<Record<TopicName, TopicRule>> = {
  market_data: { kind: 'fields' },
  candles: { kind: 'fields' },
  positions: { kind: 'fields' },
  account: { kind: 'fields' },
  strategies: { kind: 'fields' },
  risk: { kind: 'fields' },
  metrics: { kind: 'fields' },
  services: { kind: 'fields' },
  orders: { kind: 'rows', idField: 'order_id' },
  alerts: { kind: 'rows', idField: 'alert_id' },
  trades: { kind: 'tape' },
  orderbook: { kind: 'ladder' },
};

export function isTopic(name: string): name is TopicName {
  return Object.hasOwn(TOPICS, name);
}
