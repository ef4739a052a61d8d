/** The overview as a file for spreadsheets. */
import type { BoardClient, MarketData } from '@bigboard/client';

const FIELDS: readonly (keyof MarketData)[] = [
  'last_price',
  'change_24h_pct',
  'spread_bps',
  'volume_24h',
  'bid_price',
  'ask_price',
  'timestamp',
  'received_at',
];

/** RFC 4180: a header, then a line per symbol; unknown values are empty. */
export function toCsv(symbols: readonly string[], record: (symbol: string) => MarketData | undefined): string {
  const lines = symbols.map((symbol) => [symbol, ...FIELDS.map((field) => record(symbol)?.[field] ?? '')]);
  return [['symbol', ...FIELDS], ...lines].map((cells) => cells.map(quoted).join(',')).join('\r\n') + '\r\n';
}

function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function saveCsv(board: BoardClient, symbols: readonly string[]): void {
  const csv = toCsv(symbols, (symbol) => board.get('market_data', symbol));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  link.download = 'bigboard-overview.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}
