import { preferences, setPreferences } from '../live/preferences.ts';

/** Puts a symbol among the favourites, or takes it out. */
export function toggleFavourite(symbol: string): void {
  const { favourites } = preferences();
  setPreferences({
    favourites: favourites.includes(symbol) ? favourites.filter((one) => one !== symbol) : [...favourites, symbol],
  });
}
