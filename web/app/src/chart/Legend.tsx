import { formatFixed } from '../format/price.ts';
import { formatCompact, formatSigned } from '../format/quantity.ts';
import type { Bar } from './candleHistory.ts';

/** Open, high, low, close and volume of the bar under the crosshair, or of the last one. */
export function Legend({
  bar,
  decimals,
}: {
  readonly bar: Bar | undefined;
  readonly decimals: number;
}): React.ReactNode {
  if (bar === undefined) return null;
  const direction = bar.close >= bar.open ? 'up' : 'down';
  const part = (label: string, text: string): React.ReactNode => (
    <span>
      <span className="label">{label} </span>
      <span className={direction}>{text}</span>
    </span>
  );
  return (
    <div className="legend values">
      {part('O', formatFixed(bar.open, decimals))}
      {part('H', formatFixed(bar.high, decimals))}
      {part('L', formatFixed(bar.low, decimals))}
      {part('C', formatFixed(bar.close, decimals))}
      {part('', `${formatSigned((bar.close / bar.open - 1) * 100, 2)}%`)}
      {part('Vol', formatCompact(bar.volume))}
    </div>
  );
}
