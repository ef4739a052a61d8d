import { memo, useRef } from 'react';
import { useTint } from '../cells/useTint.ts';
import { formatFixed } from '../format/price.ts';
import { formatSize } from '../format/quantity.ts';
import type { LadderLevel, Side } from './grouping.ts';

interface LadderRowProps {
  readonly level: LadderLevel;
  readonly side: Side;
  readonly decimals: number;
  readonly sizeDecimals: number;
  /** The share of the deepest cumulative size on screen, 0 to 1. */
  readonly depth: number;
}

/** One price level. It stays the same element while its price is on screen, so that a changed size can be seen. */
export const LadderRow = memo(function LadderRow(props: LadderRowProps): React.ReactNode {
  const { level, side, decimals, sizeDecimals, depth } = props;
  const size = useRef<HTMLSpanElement>(null);
  useTint(size, level.size);
  return (
    <div role="row" className={`ladder-row ${side}`} data-price={level.price}>
      <span className="depth" style={{ transform: `scaleX(${depth.toFixed(4)})` }} />
      <span role="cell" className={side === 'bid' ? 'up' : 'down'}>
        {formatFixed(level.price, decimals)}
      </span>
      <span role="cell" className="number" ref={size}>
        {formatSize(level.size, sizeDecimals)}
      </span>
      <span role="cell" className="number label">
        {formatSize(level.cumulative, sizeDecimals)}
      </span>
    </div>
  );
});
