import { onPreferences, preferences } from '../live/preferences.ts';

/** Puts theme and palette on the root element, now and whenever they change. */
export function applyLooks(): void {
  const apply = (): void => {
    const { theme, palette } = preferences();
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.palette = palette;
  };
  apply();
  onPreferences(apply);
}
