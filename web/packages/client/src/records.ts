/**
 * The fields of each topic (PROTOCOL section 8). Every field may be absent, which means unknown; a publisher may add
 * scalar fields of its own. Prices and sizes are in the symbol's own units, times are epoch milliseconds.
 */
import type { Json } from './json.ts';

export type Mode = 'live' | 'replay' | 'simulated';

export interface MarketData {
  readonly symbol?: string;
  readonly venue?: string;
  readonly last_price?: number;
  readonly last_size?: number;
  readonly bid_price?: number;
  readonly bid_size?: number;
  readonly ask_price?: number;
  readonly ask_size?: number;
  readonly spread?: number;
  readonly spread_bps?: number;
  readonly open_24h?: number;
  readonly high_24h?: number;
  readonly low_24h?: number;
  readonly volume_24h?: number;
  readonly quote_volume_24h?: number;
  readonly change_24h?: number;
  readonly change_24h_pct?: number;
  readonly mark_price?: number;
  readonly index_price?: number;
  readonly funding_rate?: number;
  readonly next_funding_time?: number;
  readonly mode?: Mode;
  /** The smallest step of the price, if the source told it. */
  readonly tick_size?: number;
  /** The source's event time; in a replay it lies in the past. */
  readonly timestamp?: number;
  /** The arrival at Bigboard's edge: ages count from here. */
  readonly received_at?: number;
}

/** The candle that is open now; its key is `SYMBOL/INTERVAL`. */
export interface Candle {
  readonly open_time?: number;
  readonly open?: number;
  readonly high?: number;
  readonly low?: number;
  readonly close?: number;
  readonly volume?: number;
  readonly trades?: number;
  readonly closed?: boolean;
}

/** One price level: price, size. */
export type Level = readonly [price: number, size: number];

export interface OrderBook {
  /** Best (highest) first. */
  readonly bids: readonly Level[];
  /** Best (lowest) first. */
  readonly asks: readonly Level[];
  readonly update_id?: number;
  readonly timestamp?: number;
  readonly received_at?: number;
}

export interface Trade {
  readonly trade_id?: string;
  readonly price?: number;
  readonly size?: number;
  /** The taker's side. */
  readonly side?: 'buy' | 'sell';
  readonly timestamp?: number;
}

export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'REJECTED' | 'EXPIRED';

export interface Order {
  readonly order_id: string;
  readonly client_order_id?: string;
  readonly account_id?: string;
  readonly strategy_id?: string;
  readonly symbol?: string;
  readonly side?: string;
  readonly type?: string;
  readonly status?: OrderStatus;
  readonly price?: number;
  readonly stop_price?: number;
  readonly quantity?: number;
  readonly filled_quantity?: number;
  readonly average_price?: number;
  readonly time_in_force?: string;
  readonly reduce_only?: boolean;
  readonly reject_reason?: string;
  readonly created_at?: number;
  readonly updated_at?: number;
}

export interface Position {
  readonly symbol?: string;
  readonly account_id?: string;
  readonly strategy_id?: string;
  readonly side?: 'LONG' | 'SHORT';
  readonly quantity?: number;
  readonly entry_price?: number;
  readonly mark_price?: number;
  readonly notional?: number;
  readonly unrealized_pnl?: number;
  readonly realized_pnl?: number;
  readonly leverage?: number;
  readonly liquidation_price?: number;
  readonly margin?: number;
  readonly updated_at?: number;
}

export interface Balance {
  readonly total?: number;
  readonly free?: number;
  readonly used?: number;
}

export interface Account {
  readonly account_id?: string;
  readonly currency?: string;
  readonly equity?: number;
  readonly balance?: number;
  readonly available?: number;
  readonly margin_used?: number;
  readonly unrealized_pnl?: number;
  readonly realized_pnl?: number;
  readonly realized_pnl_today?: number;
  readonly balances?: Readonly<Record<string, Balance>>;
  readonly updated_at?: number;
}

export interface Strategy {
  readonly strategy_id?: string;
  readonly name?: string;
  readonly status?: 'RUNNING' | 'PAUSED' | 'STOPPED' | 'ERROR';
  readonly symbols?: readonly string[];
  readonly pnl?: number;
  readonly trades_count?: number;
  readonly win_rate?: number;
  readonly last_signal?: Json;
  readonly message?: string;
  readonly updated_at?: number;
}

export interface Risk {
  readonly exposure?: number;
  readonly gross_exposure?: number;
  readonly leverage?: number;
  readonly drawdown?: number;
  readonly drawdown_limit?: number;
  readonly daily_loss?: number;
  readonly daily_loss_limit?: number;
  readonly breaches?: Json;
  readonly updated_at?: number;
}

/** Per symbol, or for all of them under the key `total`. */
export interface Metrics {
  readonly spread?: number;
  readonly spread_bps?: number;
  readonly messages_received?: number;
  readonly messages_per_second?: number;
  readonly uptime_seconds?: number;
  readonly feed_latency_ms?: number;
}

export interface ServiceHealth {
  readonly service?: string;
  readonly kind?: string;
  readonly status?: 'up' | 'stale' | 'degraded' | 'down';
  readonly circuit?: 'closed' | 'open' | 'half_open';
  readonly last_seen?: number;
  readonly age_ms?: number;
  readonly latency_ms?: number;
  readonly messages_per_second?: number;
  readonly gaps?: number;
  readonly resyncs?: number;
  readonly detail?: string;
}

export interface Alert {
  readonly alert_id: string;
  readonly rule?: string;
  readonly severity?: string;
  readonly topic?: string;
  readonly key?: string;
  readonly value?: Json;
  readonly threshold?: Json;
  readonly message?: string;
  readonly status?: 'firing' | 'acknowledged' | 'resolved';
  readonly fired_at?: number;
  readonly updated_at?: number;
}
