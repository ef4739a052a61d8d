/** Which symbols the overview shows, and in which order. */
import type { MarketData } from '@bigboard/client';
import { COLUMNS } from './columns.ts';

export interface Order {
  readonly column: string;
  readonly descending: boolean;
}

/** Symbols that contain every word of `filter`, in any case. */
export function matching(symbols: readonly string[], filter: string): readonly string[] {
  const words = filter.trim().toUpperCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return symbols;
  return symbols.filter((symbol) => words.every((word) => symbol.toUpperCase().includes(word)));
}

/** Favourites first, then by the column; equals and unknowns by name, so that the order is always the same. */
export function ordered(
  symbols: readonly string[],
  order: Order,
  favourites: ReadonlySet<string>,
  record: (symbol: string) => MarketData | undefined,
): readonly string[] {
  const value = COLUMNS.find(({ name }) => name === order.column)?.value;
  const sign = order.descending ? -1 : 1;
  const sortable = symbols.map((symbol) => {
    const held = record(symbol);
    return { symbol, rank: favourites.has(symbol) ? 0 : 1, value: held && value?.(held) };
  });
  sortable.sort((a, b) => {
    if (a.rank !== b.rank) return a.rank - b.rank;
    const byName = a.symbol < b.symbol ? -1 : 1;
    if (value === undefined) return byName * sign;
    if (a.value === b.value) return byName;
    if (a.value === undefined) return 1;
    if (b.value === undefined) return -1;
    return (a.value - b.value) * sign;
  });
  return sortable.map(({ symbol }) => symbol);
}
