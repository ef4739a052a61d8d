import { formatFixed } from '../format/price.ts';
import { formatBps } from '../format/quantity.ts';

interface SpreadRowProps {
  readonly bid: number | undefined;
  readonly ask: number | undefined;
  readonly decimals: number;
}

/** The middle of the ladder: the mid price, and the spread in price and in basis points. */
export function SpreadRow({ bid, ask, decimals }: SpreadRowProps): React.ReactNode {
  if (bid === undefined || ask === undefined) {
    return <div className="spread-row label">one side is empty</div>;
  }
  const middle = (bid + ask) / 2;
  const spread = ask - bid;
  return (
    <div className="spread-row">
      <span className="middle" data-testid="mid" data-value={middle}>
        {/* The middle lies between two ticks as often as on one. */}
        {formatFixed(middle, decimals + 1)}
      </span>
      <span className="label spread-price">spread {formatFixed(spread, decimals)}</span>
      <span className="label number" data-testid="book-spread" data-value={spread}>
        {formatBps((spread / middle) * 10_000)} bp
      </span>
    </div>
  );
}
