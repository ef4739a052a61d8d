/** What each key does. The help is made from the same table, so it cannot be wrong about it. */

export type Command =
  | { readonly name: 'move'; readonly by: number }
  | { readonly name: 'edge'; readonly end: 'first' | 'last' }
  | { readonly name: 'search'; readonly begin: string }
  | { readonly name: 'interval'; readonly step: 1 | -1 }
  | { readonly name: 'filter' | 'help' | 'favourite' | 'services' | 'open' | 'escape' };

interface Keys {
  readonly shown: readonly string[];
  readonly does: string;
}

const PAGE = 20;

const FIXED: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['ArrowDown', { name: 'move', by: 1 }],
  ['j', { name: 'move', by: 1 }],
  ['ArrowUp', { name: 'move', by: -1 }],
  ['k', { name: 'move', by: -1 }],
  ['PageDown', { name: 'move', by: PAGE }],
  ['PageUp', { name: 'move', by: -PAGE }],
  ['Home', { name: 'edge', end: 'first' }],
  ['End', { name: 'edge', end: 'last' }],
  ['Enter', { name: 'open' }],
  [' ', { name: 'favourite' }],
  ['/', { name: 'filter' }],
  ['?', { name: 'help' }],
  ['[', { name: 'interval', step: -1 }],
  [']', { name: 'interval', step: 1 }],
  ['!', { name: 'services' }],
  ['Escape', { name: 'escape' }],
]);

export const HELP: readonly Keys[] = [
  { shown: ['a letter'], does: 'search a symbol by name' },
  { shown: ['a digit'], does: 'choose a candle interval: 5m, 1h' },
  { shown: ['Ctrl K'], does: 'search with an empty box, for names that begin with J or K' },
  { shown: ['↑', '↓', 'k', 'j'], does: 'select the symbol above or below' },
  { shown: ['PgUp', 'PgDn', 'Home', 'End'], does: 'move further in the list' },
  { shown: ['Space'], does: 'favourite or not: favourites stand on top' },
  { shown: ['Enter'], does: 'show the chart, on a narrow screen' },
  { shown: ['/'], does: 'filter the table' },
  { shown: ['[', ']'], does: 'shorter or longer candles' },
  { shown: ['!'], does: 'every service in detail' },
  { shown: ['Esc'], does: 'close what is open, clear the filter' },
  { shown: ['?'], does: 'these keys' },
];

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** The command of a key, or `undefined` for keys that belong to the browser. */
export function commandOf({ key, ctrlKey, metaKey, altKey }: KeyPress): Command | undefined {
  if ((ctrlKey || metaKey) && !altKey) return key.toLowerCase() === 'k' ? { name: 'search', begin: '' } : undefined;
  if (altKey) return undefined;
  const fixed = FIXED.get(key);
  if (fixed !== undefined) return fixed;
  return /^[\p{L}\p{N}]$/u.test(key) ? { name: 'search', begin: key } : undefined;
}
