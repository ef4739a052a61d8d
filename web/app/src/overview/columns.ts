/** The columns of the overview: what each shows and sorts by. */
import type { MarketData } from '@bigboard/client';

export interface Column {
  readonly name: string;
  readonly label: string;
  readonly title: string;
  readonly numeric: boolean;
  /** The raw value to sort by; `undefined` sorts last either way. */
  readonly value?: (record: MarketData) => number | undefined;
}

export const COLUMNS: readonly Column[] = [
  { name: 'symbol', label: 'Symbol', title: 'Sort by symbol', numeric: false },
  { name: 'last', label: 'Last', title: 'Last traded price', numeric: true, value: (r) => r.last_price },
  { name: 'change', label: 'Chg 24h', title: 'Change over 24 hours, %', numeric: true, value: (r) => r.change_24h_pct },
  { name: 'spread', label: 'Sprd bp', title: 'Spread, basis points', numeric: true, value: (r) => r.spread_bps },
  {
    name: 'volume',
    label: 'Vol 24h',
    title: 'Volume over 24 hours, base currency',
    numeric: true,
    value: (r) => r.volume_24h,
  },
  { name: 'trend', label: 'Trend', title: 'Recent course of the last price', numeric: false },
  // A later arrival is a smaller age, so the order is that of ages turned round.
  { name: 'age', label: 'Age', title: 'Time since the last update', numeric: true, value: (r) => r.received_at },
];
