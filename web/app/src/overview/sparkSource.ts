/**
 * Sparklines of the symbols that were on screen: begun from the server's candles, carried on from the live price.
 *
 * They outlive their rows, so that scrolling away and back asks for nothing again.
 */
import type { BoardClient } from '@bigboard/client';
import { permits } from '@bigboard/client';
import { Pace } from '../live/pace.ts';
import { fetchCandles } from '../live/rest.ts';
import type { Spark } from './sparkHistory.ts';
import { EMPTY_SPARK, SPARK_STEPS, sparkFromCandles, withPrice } from './sparkHistory.ts';

const AT_ONCE = 3;
/** With fewer minutes than this a line in minutes says nothing; then seconds are taken. */
const ENOUGH_MINUTES = 20;
/** Seconds to ask for then: no more than the minutes that there are. */
const SECONDS = 1_000;

/** A large screen shows a hundred symbols. The server allows an address 10 requests per second, and the chart asks too. */
const pace = new Pace(40, 8);
const sparks = new Map<string, Spark>();
const waiting: string[] = [];
let running = 0;
/** The last symbol had few minutes yet, as all have on a server that has just begun: the others need not be asked for them. */
let young = false;

/** What is known of a symbol's course; the same object until that changes. */
export function sparkOf(symbol: string): Spark {
  return sparks.get(symbol) ?? EMPTY_SPARK;
}

/** Takes the present price of a symbol; asks for its history the first time. */
export function sampleSpark(board: BoardClient, symbol: string): void {
  let spark = sparks.get(symbol);
  if (spark === undefined) {
    spark = EMPTY_SPARK;
    const permitted = permits(board.status.permissions, 'candles', `${symbol}/1m`);
    if (permitted) waiting.push(symbol);
    seedNext();
  }
  const record = board.get('market_data', symbol);
  const time = record?.timestamp ?? record?.received_at;
  if (record?.last_price !== undefined && time !== undefined) spark = withPrice(spark, time, record.last_price);
  sparks.set(symbol, spark);
}

function seedNext(): void {
  if (running >= AT_ONCE || waiting.length === 0) return;
  running++;
  void seed().finally(() => {
    running--;
    seedNext();
  });
}

async function seed(): Promise<void> {
  await turn();
  // The latest asked for is the one on screen now.
  const symbol = waiting.pop();
  if (symbol === undefined) return;
  try {
    const spark = await history(symbol);
    if (spark.points.length > 0) sparks.set(symbol, spark);
  } catch {
    // Without a history the line grows from now on.
  }
}

async function history(symbol: string): Promise<Spark> {
  if (young) {
    const seconds = await fetchCandles(`${symbol}/1s`, SECONDS);
    if (seconds.length < SECONDS) return sparkFromCandles(seconds, 1_000);
    await turn();
  }
  const minutes = await fetchCandles(`${symbol}/1m`, SPARK_STEPS);
  young = minutes.length < ENOUGH_MINUTES;
  if (!young) return sparkFromCandles(minutes, 60_000);
  await turn();
  return sparkFromCandles(await fetchCandles(`${symbol}/1s`, SECONDS), 1_000);
}

async function turn(): Promise<void> {
  const waitMs = pace.take(Date.now());
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
