/** How many decimals the prices and the sizes of each symbol have. */
import type { MarketData } from '@bigboard/client';
import { decimalsOf } from './price.ts';

const MOST_GUESSED = 8;
const MOST_OF_A_SIZE = 6;
const seen = new Map<string, number>();
const seenInSizes = new Map<string, number>();

/**
 * The decimals of the tick size if the source told it; else the most seen so far in last, bid and ask. Never fewer than
 * before, so that no column narrows because a price happened to be round.
 */
export function priceDecimals(symbol: string, record: MarketData | undefined): number {
  if (record?.tick_size !== undefined && record.tick_size > 0) return decimalsOf(record.tick_size);
  let most = seen.get(symbol) ?? 0;
  for (const price of [record?.last_price, record?.bid_price, record?.ask_price]) {
    if (price !== undefined) most = Math.max(most, Math.min(MOST_GUESSED, decimalsOf(price)));
  }
  seen.set(symbol, most);
  return most;
}

/** The smallest step of a price with that many decimals, if the source did not tell the tick size. */
export function tickSize(symbol: string, record: MarketData | undefined): number {
  const told = record?.tick_size;
  return told !== undefined && told > 0 ? told : Number(`1e-${priceDecimals(symbol, record)}`);
}

/** The most decimals that sizes of a symbol have had so far: its lot size, in effect. Never fewer than before. */
export function sizeDecimals(symbol: string, sizes: Iterable<number>): number {
  let most = seenInSizes.get(symbol) ?? 0;
  for (const size of sizes) most = Math.max(most, Math.min(MOST_OF_A_SIZE, decimalsOf(size)));
  seenInSizes.set(symbol, most);
  return most;
}
