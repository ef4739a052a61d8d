/** The chart draws on a canvas, which knows no style sheet: its colours are read from the page's own. */

export interface ChartColours {
  readonly panel: string;
  readonly line: string;
  readonly secondary: string;
  readonly raised: string;
  readonly up: string;
  readonly down: string;
  readonly depthUp: string;
  readonly depthDown: string;
}

export function chartColours(): ChartColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    panel: colour('panel'),
    line: colour('line'),
    secondary: colour('secondary'),
    raised: colour('raised'),
    up: colour('up'),
    down: colour('down'),
    depthUp: colour('tint-up'),
    depthDown: colour('tint-down'),
  };
}
