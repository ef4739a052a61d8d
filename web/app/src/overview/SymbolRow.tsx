import { useTopic } from '@bigboard/react';
import { memo, useRef } from 'react';
import { Age } from '../cells/Age.tsx';
import { Price } from '../cells/Price.tsx';
import { Signed } from '../cells/Signed.tsx';
import { useTint } from '../cells/useTint.ts';
import { priceDecimals } from '../format/precision.ts';
import { formatBps, formatCompact } from '../format/quantity.ts';
import { ageOf, isStale } from '../live/staleness.ts';
import { useServerNow } from '../live/useServerNow.ts';
import { toggleFavourite } from './favourites.ts';
import { Sparkline } from './Sparkline.tsx';

interface SymbolRowProps {
  readonly symbol: string;
  readonly index: number;
  readonly top: number;
  readonly selected: boolean;
  readonly favourite: boolean;
  readonly onSelect: (symbol: string) => void;
}

/** One symbol of the overview. It renders again when its own record changes, and once a second for its age. */
export const SymbolRow = memo(function SymbolRow(props: SymbolRowProps): React.ReactNode {
  const { symbol, index, top, selected, favourite, onSelect } = props;
  const record = useTopic('market_data', symbol);
  const ageMs = ageOf(record?.received_at, useServerNow());
  const last = useRef<HTMLSpanElement>(null);
  useTint(last, record?.last_price);
  const decimals = priceDecimals(symbol, record);
  return (
    <div
      role="row"
      id={`row-${symbol}`}
      data-testid={`row-${symbol}`}
      className={isStale(ageMs) ? 'grid-row stale' : 'grid-row'}
      aria-rowindex={index + 2}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(symbol)}
    >
      <span role="gridcell" className="cell-symbol">
        <button
          type="button"
          tabIndex={-1}
          className="star"
          aria-pressed={favourite}
          aria-label={`Favourite ${symbol}`}
          onClick={(event) => {
            event.stopPropagation();
            toggleFavourite(symbol);
          }}
        >
          {favourite ? '★' : '☆'}
        </button>
        {symbol}
      </span>
      <span
        role="gridcell"
        ref={last}
        className="number"
        data-testid={`last-${symbol}`}
        data-value={record?.last_price}
      >
        <Price value={record?.last_price} decimals={decimals} />
      </span>
      <span role="gridcell" className="number" data-testid={`change-${symbol}`} data-value={record?.change_24h_pct}>
        <Signed value={record?.change_24h_pct} decimals={2} unit="%" />
      </span>
      <span role="gridcell" className="number" data-testid={`spread-${symbol}`} data-value={record?.spread_bps}>
        {record?.spread_bps === undefined ? '–' : formatBps(record.spread_bps)}
      </span>
      <span role="gridcell" className="number" data-testid={`volume-${symbol}`} data-value={record?.volume_24h}>
        {record?.volume_24h === undefined ? '–' : formatCompact(record.volume_24h)}
      </span>
      <span role="gridcell" className="cell-trend">
        <Sparkline symbol={symbol} />
      </span>
      <span role="gridcell" className="number" data-testid={`age-${symbol}`} data-value={ageMs}>
        <Age ageMs={ageMs} testId={`stale-${symbol}`} />
      </span>
    </div>
  );
});
