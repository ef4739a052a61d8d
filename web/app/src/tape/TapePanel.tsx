import type { Trade } from '@bigboard/client';
import { useBoard, useTopic } from '@bigboard/react';
import { memo } from 'react';
import { formatUtc } from '../format/moment.ts';
import { priceDecimals, sizeDecimals } from '../format/precision.ts';
import { formatFixed } from '../format/price.ts';
import { formatSize } from '../format/quantity.ts';
import { setPreferences, usePreferences } from '../live/preferences.ts';
import { notPermitted, usePermitted } from '../live/usePermitted.ts';
import { useStaleSymbol } from '../live/useStaleSymbol.ts';
import './tape.css';

/** Time and sales: the latest trades, newest on top, by the taker's side. */
export function TapePanel({ symbol }: { readonly symbol: string | undefined }): React.ReactNode {
  const board = useBoard();
  const trades = useTopic('trades', symbol) ?? [];
  const decimals = priceDecimals(symbol ?? '', symbol === undefined ? undefined : board.get('market_data', symbol));
  const lot = sizeDecimals(
    symbol ?? '',
    trades.map(({ size = 0 }) => size),
  );
  const stale = useStaleSymbol(symbol);
  const permitted = usePermitted('trades', symbol);
  const { leastTradeSize } = usePreferences();
  const shown = trades.filter(({ size = 0 }) => size >= leastTradeSize);
  return (
    <section className={stale ? 'panel tape stale' : 'panel tape'} aria-label="Trades" data-testid="tape">
      <div className="panel-head">
        <h2>Trades</h2>
        <label className="push label">
          from size{' '}
          <input
            className="field least-size"
            type="number"
            min="0"
            step="any"
            value={leastTradeSize === 0 ? '' : leastTradeSize}
            placeholder="0"
            onChange={(event) => setPreferences({ leastTradeSize: Math.max(0, Number(event.target.value) || 0) })}
          />
        </label>
      </div>
      <div className="tape-head label" aria-hidden="true">
        <span>Price</span>
        <span className="number">Size</span>
        <span className="number">Time UTC</span>
      </div>
      <div className="panel-body tape-body values" role="table" aria-label="Latest trades" tabIndex={0}>
        {shown.length === 0 && (
          <p className="empty">
            {symbol === undefined || permitted
              ? emptyText(symbol, trades.length, leastTradeSize)
              : notPermitted(`the trades of ${symbol}`)}
          </p>
        )}
        {shown.toReversed().map((trade, i) => (
          <TradeRow key={trade.trade_id ?? `at-${shown.length - i}`} trade={trade} decimals={decimals} lot={lot} />
        ))}
      </div>
    </section>
  );
}

function emptyText(symbol: string | undefined, count: number, leastSize: number): string {
  if (symbol === undefined) return 'Select a symbol to see its trades.';
  return count > 0 ? `None of the last ${count} trades reached ${leastSize}.` : `No trade of ${symbol} yet.`;
}

interface TradeRowProps {
  readonly trade: Trade;
  readonly decimals: number;
  /** Decimals of sizes. */
  readonly lot: number;
}

const TradeRow = memo(function TradeRow({ trade, decimals, lot }: TradeRowProps): React.ReactNode {
  const { price, size, side, timestamp } = trade;
  const direction = side === 'sell' ? 'down' : 'up';
  return (
    <div role="row" className="tape-row" data-trade={trade.trade_id}>
      <span role="cell" className={side === undefined ? '' : direction}>
        <span className="arrow" aria-label={side}>
          {side === undefined ? '' : direction === 'up' ? '▴' : '▾'}
        </span>
        {price === undefined ? '–' : formatFixed(price, decimals)}
      </span>
      <span role="cell" className="number">
        {size === undefined ? '–' : formatSize(size, lot)}
      </span>
      <span role="cell" className="number label">
        {timestamp === undefined ? '–' : formatUtc(timestamp)}
      </span>
    </div>
  );
});
