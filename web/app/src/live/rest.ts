/** The server's plain HTTP answers, from the same origin. */

/** `[open_time, open, high, low, close, volume, trades, closed]`; the last candle is the live one. */
export type CandleRow = readonly [number, number, number, number, number, number, number, boolean];

interface Candles {
  readonly candles: readonly CandleRow[];
}

/** The last `limit` candles of `SYMBOL/INTERVAL`, oldest first. Raises an error if the server has none to give. */
export async function fetchCandles(key: string, limit: number, signal?: AbortSignal): Promise<readonly CandleRow[]> {
  const query = new URLSearchParams({ key, limit: String(limit) });
  const answer = await fetch(`/api/v1/candles?${query.toString()}`, signal === undefined ? {} : { signal });
  if (!answer.ok) throw new Error(`no candles of ${key}: HTTP ${answer.status}`);
  const { candles } = (await answer.json()) as Candles;
  return candles.filter((row) => row.slice(0, 5).every((value) => typeof value === 'number'));
}
