/** What this browser remembers of its user's choices. */
import { useSyncExternalStore } from 'react';

export type Theme = 'dark' | 'light';
export type Palette = 'usual' | 'colour-blind';

export interface Preferences {
  readonly theme: Theme;
  readonly palette: Palette;
  readonly favourites: readonly string[];
  readonly sortColumn: string;
  readonly sortDescending: boolean;
  readonly interval: string | undefined;
  readonly leastTradeSize: number;
}

const STORED_AS = 'bigboard.preferences';

const DEFAULTS: Preferences = {
  theme: matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark',
  palette: 'usual',
  favourites: [],
  sortColumn: 'symbol',
  sortDescending: false,
  interval: undefined,
  leastTradeSize: 0,
};

const listeners = new Set<() => void>();
let current = load();

function load(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(STORED_AS) ?? '{}') as Partial<Preferences>) };
  } catch {
    // Storage may be switched off, or hold what an older version wrote.
    return DEFAULTS;
  }
}

export function preferences(): Preferences {
  return current;
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(STORED_AS, JSON.stringify(current));
  } catch {
    // The choice then lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

export function onPreferences(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(onPreferences, preferences);
}
