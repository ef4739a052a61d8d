/** What a search offers: intervals that begin with the text, and symbols that contain it. */
import type { Interval } from '../chart/intervals.ts';
import { INTERVALS } from '../chart/intervals.ts';

export type Match =
  { readonly kind: 'interval'; readonly name: Interval } | { readonly kind: 'symbol'; readonly name: string };

const MOST = 12;

/** Best first: a symbol that is the text, then those that begin with it, then those that contain it. */
export function findMatches(text: string, symbols: readonly string[]): readonly Match[] {
  const query = text.trim().toUpperCase();
  const intervals = /^\d/.test(query) ? INTERVALS.filter((one) => one.toUpperCase().startsWith(query)) : [];
  const ranked = symbols
    .map((name) => ({ name, rank: rankOf(name.toUpperCase(), query) }))
    .filter(({ rank }) => rank < 3)
    .sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return [
    ...intervals.map((name): Match => ({ kind: 'interval', name })),
    ...ranked.map(({ name }): Match => ({ kind: 'symbol', name })),
  ].slice(0, MOST);
}

function rankOf(name: string, query: string): number {
  // Behind a venue's label stands the name that people type.
  const bare = name.slice(name.indexOf(':') + 1);
  if (name === query || bare === query) return 0;
  if (name.startsWith(query) || bare.startsWith(query)) return 1;
  return name.includes(query) ? 2 : 3;
}
