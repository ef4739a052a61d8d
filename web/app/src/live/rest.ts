/** The server's plain HTTP answers, from the same origin. */
import { apiToken } from './apiToken.ts';

/** `[open_time, open, high, low, close, volume, trades, closed]`; the last candle is the live one. */
export type CandleRow = readonly [number, number, number, number, number, number, number, boolean];

interface Candles {
  readonly candles: readonly CandleRow[];
}

/** How often an answer that says "later" is waited for. */
const PATIENCE = 4;
const LONGEST_WAIT_S = 10;

/** The last `limit` candles of `SYMBOL/INTERVAL`, oldest first. Raises an error if the server has none to give. */
export async function fetchCandles(key: string, limit: number, signal?: AbortSignal): Promise<readonly CandleRow[]> {
  const query = new URLSearchParams({ key, limit: String(limit) });
  const answer = await ask(`/api/v1/candles?${query.toString()}`, signal);
  if (!answer.ok) throw new Error(`no candles of ${key}: HTTP ${answer.status}`);
  const { candles } = (await answer.json()) as Candles;
  return candles.filter((row) => row.slice(0, 5).every((value) => typeof value === 'number'));
}

/** Asks with the page's key, and again after a while where the server says that this page asks too often. */
async function ask(path: string, signal: AbortSignal | undefined): Promise<Response> {
  const token = apiToken();
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  for (let tries = 1; ; tries++) {
    const answer = await fetch(path, signal === undefined ? { headers } : { headers, signal });
    if (answer.status !== 429 || tries > PATIENCE) return answer;
    await pause(retryAfterMs(answer), signal);
  }
}

function retryAfterMs(answer: Response): number {
  const seconds = Number(answer.headers.get('Retry-After') ?? 1);
  // Many requests were refused together: they must not come back together.
  return 1000 * (Math.min(Number.isFinite(seconds) ? seconds : 1, LONGEST_WAIT_S) + Math.random());
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new Error('aborted'));
    });
  });
}
