/** Ages and times of day. */

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
];

/** The largest whole unit: `<1s`, `12s`, `3m`, `2h`, `4d`. */
export function formatAge(ms: number): string {
  for (const [size, unit] of UNITS) {
    if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  }
  return '<1s';
}

/** Longer than `formatAge`, for uptimes: `3h 12m`. */
export function formatDuration(ms: number): string {
  const at = UNITS.findIndex(([size]) => ms >= size);
  if (at < 0) return '0s';
  const [size, unit] = UNITS[at] as readonly [number, string];
  const next = UNITS[at + 1];
  const whole = `${Math.floor(ms / size)}${unit}`;
  return next === undefined ? whole : `${whole} ${Math.floor((ms % size) / next[0])}${next[1]}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

export function formatUtc(epochMs: number): string {
  const time = new Date(epochMs);
  return `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
}

export function formatLocal(epochMs: number): string {
  const time = new Date(epochMs);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
