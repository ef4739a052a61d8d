import { setPreferences, usePreferences } from '../live/preferences.ts';

/** Dark or light, and the palette for eyes that do not tell red from green. */
export function Looks(): React.ReactNode {
  const { theme, palette } = usePreferences();
  const dark = theme === 'dark';
  const usual = palette === 'usual';
  return (
    <span className="looks">
      <button
        type="button"
        className="choice"
        title={usual ? 'Blue and orange for up and down' : 'Green and red for up and down'}
        aria-label="Colour-blind palette"
        aria-pressed={!usual}
        onClick={() => setPreferences({ palette: usual ? 'colour-blind' : 'usual' })}
      >
        <span className="up" aria-hidden="true">
          ▴
        </span>
        <span className="down" aria-hidden="true">
          ▾
        </span>
      </button>
      <button
        type="button"
        className="choice"
        data-testid="theme"
        data-value={theme}
        aria-label={dark ? 'Light theme' : 'Dark theme'}
        title={dark ? 'Light theme' : 'Dark theme'}
        onClick={() => setPreferences({ theme: dark ? 'light' : 'dark' })}
      >
        {dark ? '☀' : '☾'}
      </button>
    </span>
  );
}
