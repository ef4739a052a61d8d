/** Plain HTTP from the page, against a real server in this process. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setApiToken } from '../src/live/apiToken.ts';
import { fetchCandles } from '../src/live/rest.ts';

const CANDLE = [1, 2, 3, 1, 2, 5, 4, true];

let server: Server;
let asked: IncomingMessage[];
let answer: (response: ServerResponse) => void;

function candles(response: ServerResponse): void {
  response.end(JSON.stringify({ candles: [CANDLE, [2, null, null, null, null, 0, 0, false]] }));
}

beforeEach(async () => {
  asked = [];
  answer = candles;
  server = createServer((request, response) => {
    asked.push(request);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // In a page an address without a host is the page's own; here there is no page.
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const real = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, options?: RequestInit) => real(`${own}${path}`, options));
});

afterEach(async () => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('candles', () => {
  it('come without those that are not whole', async () => {
    expect(await fetchCandles('BTCUSDT/1m', 5)).toEqual([CANDLE]);
    expect(asked[0]?.url).toBe('/api/v1/candles?key=BTCUSDT%2F1m&limit=5');
    expect(asked[0]?.headers.authorization).toBeUndefined();
  });

  it('are asked for again when the server says that this page asks too often', async () => {
    answer = (response) => {
      if (asked.length > 1) candles(response);
      else response.writeHead(429, { 'Retry-After': '0' }).end();
    };
    expect(await fetchCandles('BTCUSDT/1m', 5)).toEqual([CANDLE]);
    expect(asked).toHaveLength(2);
  });

  it('are an error where the server has none, and that is not asked again', async () => {
    answer = (response) => response.writeHead(403).end();
    await expect(fetchCandles('BTCUSDT/1m', 5)).rejects.toThrow('HTTP 403');
    expect(asked).toHaveLength(1);
  });

  it('are waited for no longer than somebody wants them', async () => {
    answer = (response) => response.writeHead(429, { 'Retry-After': '60' }).end();
    const aborter = new AbortController();
    const waiting = fetchCandles('BTCUSDT/1m', 5, aborter.signal);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    aborter.abort();
    await expect(waiting).rejects.toThrow();
  });

  it("are asked for with the page's key, never in the address", async () => {
    setApiToken('bb_1_secret');
    await fetchCandles('BTCUSDT/1m', 5);
    expect(asked[0]?.headers.authorization).toBe('Bearer bb_1_secret');
    expect(asked[0]?.url).not.toContain('secret');
  });
});
