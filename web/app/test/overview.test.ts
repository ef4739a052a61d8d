import type { MarketData } from '@bigboard/client';
import { describe, expect, it } from 'vitest';
import { toCsv } from '../src/overview/csv.ts';
import { matching, ordered } from '../src/overview/ordering.ts';
import { EMPTY_SPARK, SPARK_STEPS, sparkFromCandles, sparkPath, withPrice } from '../src/overview/sparkHistory.ts';
import { findMatches } from '../src/search/matches.ts';

const RECORDS: Readonly<Record<string, MarketData>> = {
  BTCUSDT: { last_price: 60_000, change_24h_pct: -1 },
  ETHUSDT: { last_price: 2_600, change_24h_pct: 2 },
  ADAUSDT: { last_price: 0.35 },
  'kraken:BTCUSDT': { last_price: 60_010, change_24h_pct: 2 },
};
const SYMBOLS = Object.keys(RECORDS);
const order = (column: string, descending: boolean, favourites: string[] = []): readonly string[] =>
  ordered(SYMBOLS, { column, descending }, new Set(favourites), (symbol) => RECORDS[symbol]);

describe('the order', () => {
  it('is by name, either way', () => {
    expect(order('symbol', false)).toEqual(['ADAUSDT', 'BTCUSDT', 'ETHUSDT', 'kraken:BTCUSDT']);
    expect(order('symbol', true)[0]).toBe('kraken:BTCUSDT');
  });

  it('is by value, with the unknown last and equals by name', () => {
    expect(order('change', true)).toEqual(['ETHUSDT', 'kraken:BTCUSDT', 'BTCUSDT', 'ADAUSDT']);
    expect(order('change', false)).toEqual(['BTCUSDT', 'ETHUSDT', 'kraken:BTCUSDT', 'ADAUSDT']);
  });

  it('puts favourites on top', () => {
    expect(order('last', true, ['ADAUSDT'])[0]).toBe('ADAUSDT');
  });
});

it('filters by every word, in any case', () => {
  expect(matching(SYMBOLS, 'btc')).toEqual(['BTCUSDT', 'kraken:BTCUSDT']);
  expect(matching(SYMBOLS, ' BTC kra ')).toEqual(['kraken:BTCUSDT']);
  expect(matching(SYMBOLS, ' ')).toBe(SYMBOLS);
});

it('exports what spreadsheets read', () => {
  const csv = toCsv(['BTCUSDT', 'a,"b'], (symbol) => RECORDS[symbol]);
  const [head, first, second] = csv.split('\r\n');
  expect(head).toMatch(/^symbol,last_price,change_24h_pct,/);
  expect(first).toBe('BTCUSDT,60000,-1,,,,,,');
  expect(second).toBe('"a,""b",,,,,,,,');
});

describe('a search', () => {
  it('finds the exact name first, then beginnings, then the rest', () => {
    const names = ['WBTCUSDT', 'BTCUSDT', 'BTCUSDT-241227', 'kraken:BTCUSDT', 'ETHBTC'];
    expect(findMatches('btcusdt', names).map(({ name }) => name)).toEqual([
      'BTCUSDT',
      'kraken:BTCUSDT',
      'BTCUSDT-241227',
      'WBTCUSDT',
    ]);
  });

  it('offers intervals for digits, and symbols that begin with them', () => {
    expect(findMatches('1', ['1000PEPEUSDT', 'BTCUSDT'])).toEqual([
      { kind: 'interval', name: '1s' },
      { kind: 'interval', name: '1m' },
      { kind: 'interval', name: '15m' },
      { kind: 'interval', name: '1h' },
      { kind: 'interval', name: '1d' },
      { kind: 'symbol', name: '1000PEPEUSDT' },
    ]);
    expect(findMatches('15m', [])).toEqual([{ kind: 'interval', name: '15m' }]);
  });
});

describe('a spark', () => {
  it('keeps one price per step, the last of it', () => {
    let spark = withPrice(EMPTY_SPARK, 1_000, 10);
    spark = withPrice(spark, 1_900, 11);
    spark = withPrice(spark, 2_000, 12);
    expect(spark.points.map(({ price }) => price)).toEqual([11, 12]);
    expect(withPrice(spark, 2_100, 12)).toBe(spark);
    expect(withPrice(spark, 1_000, 99)).toBe(spark);
  });

  it('doubles its step rather than forget, and never holds more than fits', () => {
    let spark = EMPTY_SPARK;
    for (let second = 0; second < 7_200; second++) {
      spark = withPrice(spark, second * 1_000, second);
      expect(spark.points.length).toBeLessThanOrEqual(SPARK_STEPS);
      expect(spark.points.at(-1)?.price).toBe(second);
    }
    expect(spark.stepMs).toBe(64_000);
    expect(spark.points[0]?.price).toBeGreaterThan(3_000);
  });

  it('starts over when time does', () => {
    const spark = sparkFromCandles([[3_600_000, 1, 1, 1, 5, 0, 0, true]], 60_000);
    expect(withPrice(spark, 0, 7).points).toEqual([{ step: 0, price: 7 }]);
  });

  it('draws a path within its box, the newest at the right', () => {
    expect(sparkPath(EMPTY_SPARK, 62, 20)).toBe('');
    const spark = { stepMs: 1_000, points: [1, 3, 2].map((price, step) => ({ step, price })) };
    expect(sparkPath(spark, 61, 20)).toBe('M58.0 19.0L59.0 1.0L60.0 10.0');
    const flat = { stepMs: 1_000, points: [4, 4].map((price, step) => ({ step, price })) };
    expect(sparkPath(flat, 61, 20)).toBe('M59.0 10.0L60.0 10.0');
  });
});
