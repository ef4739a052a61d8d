import { useBoard, useTopic } from '@bigboard/react';
import { useRef, useState } from 'react';
import { Age } from '../cells/Age.tsx';
import { priceDecimals, sizeDecimals, tickSize } from '../format/precision.ts';
import { ageOf, isStale } from '../live/staleness.ts';
import { notPermitted, usePermitted } from '../live/usePermitted.ts';
import { useServerNow } from '../live/useServerNow.ts';
import { GROUPINGS, groupLevels } from './grouping.ts';
import { LadderSide } from './LadderSide.tsx';
import { SpreadRow } from './SpreadRow.tsx';
import { useRowsThatFit } from './useRowsThatFit.ts';
import './book.css';

const ROW_HEIGHT = 20;
const SPREAD_HEIGHT = 32;

/** The order book of a symbol as a ladder: asks above, bids below, the spread as the calm middle. */
export function BookPanel({ symbol }: { readonly symbol: string | undefined }): React.ReactNode {
  const board = useBoard();
  const book = useTopic('orderbook', symbol);
  const record = useTopic('market_data', symbol);
  const ageMs = ageOf(book?.received_at, useServerNow());
  const [grouping, setGrouping] = useState(1);
  const body = useRef<HTMLDivElement>(null);
  const rows = useRowsThatFit(body, ROW_HEIGHT, SPREAD_HEIGHT);
  const tick = symbol === undefined ? 0 : tickSize(symbol, record);
  const decimals = symbol === undefined ? 0 : priceDecimals(symbol, record);
  const step = grouping === 1 ? 0 : tick * grouping;
  const asks = groupLevels(book?.asks ?? [], 'ask', step, rows);
  const bids = groupLevels(book?.bids ?? [], 'bid', step, rows);
  const lot = sizeDecimals(
    symbol ?? '',
    [...(book?.asks ?? []), ...(book?.bids ?? [])].map(([, size]) => size),
  );
  const deepest = Math.max(asks.at(-1)?.cumulative ?? 0, bids.at(-1)?.cumulative ?? 0);
  const permitted = usePermitted('orderbook', symbol);
  const answered = symbol !== undefined && board.holds(`orderbook:${symbol}`);
  return (
    <section className={isStale(ageMs) ? 'panel book stale' : 'panel book'} aria-label="Order book" data-testid="book">
      <div className="panel-head">
        <h2>Book</h2>
        {isStale(ageMs) && <Age ageMs={ageMs} testId="stale-book" />}
        <div role="group" aria-label="Price step" className="push">
          {GROUPINGS.map((one) => (
            <button
              key={one}
              type="button"
              className="choice"
              aria-pressed={one === grouping}
              title={`Levels in steps of ${one} ticks`}
              onClick={() => setGrouping(one)}
            >
              {one}×
            </button>
          ))}
        </div>
      </div>
      <div className="ladder-head label" aria-hidden="true">
        <span>Price</span>
        <span className="number">Size</span>
        <span className="number">Total</span>
      </div>
      <div className="panel-body ladder values" role="table" aria-label="Price levels" ref={body}>
        {asks.length + bids.length === 0 ? (
          <p className="empty">{emptyText(symbol, permitted, answered)}</p>
        ) : (
          <>
            <LadderSide side="ask" levels={asks} decimals={decimals} sizeDecimals={lot} deepest={deepest} />
            <SpreadRow bid={book?.bids[0]?.[0]} ask={book?.asks[0]?.[0]} decimals={decimals} />
            <LadderSide side="bid" levels={bids} decimals={decimals} sizeDecimals={lot} deepest={deepest} />
          </>
        )}
      </div>
    </section>
  );
}

function emptyText(symbol: string | undefined, permitted: boolean, answered: boolean): string {
  if (symbol === undefined) return 'Select a symbol to see its book.';
  if (!permitted) return notPermitted(`the order book of ${symbol}`);
  return answered ? `No book of ${symbol}: its feed sends none, or is syncing it.` : 'Loading…';
}
