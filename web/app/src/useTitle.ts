import { useBoard } from '@bigboard/react';
import { useEffect } from 'react';
import { priceDecimals } from './format/precision.ts';
import { formatFixed } from './format/price.ts';
import { onSecond } from './live/ticker.ts';

/** The price in the browser's tab, for the trader who is looking at something else. */
export function useTitle(symbol: string | undefined): void {
  const board = useBoard();
  useEffect(
    () =>
      onSecond(() => {
        const record = symbol === undefined ? undefined : board.get('market_data', symbol);
        const live = board.status.state === 'live';
        document.title =
          symbol === undefined || record?.last_price === undefined || !live
            ? 'Bigboard'
            : `${formatFixed(record.last_price, priceDecimals(symbol, record))} ${symbol} · Bigboard`;
      }),
    [board, symbol],
  );
}
