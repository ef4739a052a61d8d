import { useTopic } from '@bigboard/react';
import { useRef } from 'react';
import { Age } from '../cells/Age.tsx';
import { Price } from '../cells/Price.tsx';
import { Signed } from '../cells/Signed.tsx';
import { useTint } from '../cells/useTint.ts';
import { priceDecimals } from '../format/precision.ts';
import { formatFixed } from '../format/price.ts';
import { formatBps, formatCompact, formatSigned } from '../format/quantity.ts';
import { ageOf, isStale } from '../live/staleness.ts';
import { useServerNow } from '../live/useServerNow.ts';
import './symbol.css';

/** The selected symbol in large: price, change, and the day in numbers. */
export function SymbolHead({ symbol }: { readonly symbol: string }): React.ReactNode {
  const record = useTopic('market_data', symbol);
  const ageMs = ageOf(record?.received_at, useServerNow());
  const big = useRef<HTMLSpanElement>(null);
  useTint(big, record?.last_price);
  const decimals = priceDecimals(symbol, record);
  const price = (value: number | undefined): string => (value === undefined ? '–' : formatFixed(value, decimals));
  const stale = isStale(ageMs);
  return (
    <header className={stale ? 'symbol-head values stale' : 'symbol-head values'}>
      <div className="symbol-title">
        <h1 data-testid="symbol">{symbol}</h1>
        <span className="label">{record?.venue ?? ''}</span>
      </div>
      <div className="symbol-price">
        <span ref={big} className="big number">
          <Price value={record?.last_price} decimals={decimals} />
        </span>
        <span className="symbol-change">
          <Signed value={record?.change_24h_pct} decimals={2} unit="%" />
          <Signed value={record?.change_24h} decimals={decimals} />
        </span>
      </div>
      <dl className="facts">
        <Fact label="Bid" text={price(record?.bid_price)} />
        <Fact label="Ask" text={price(record?.ask_price)} />
        <div>
          <dt className="label">Age</dt>
          <dd>
            <Age ageMs={ageMs} testId="stale-symbol" />
          </dd>
        </div>
        <Fact label="Spread bp" text={record?.spread_bps === undefined ? '–' : formatBps(record.spread_bps)} />
        <Fact label="High 24h" text={price(record?.high_24h)} />
        <Fact label="Low 24h" text={price(record?.low_24h)} />
        <Fact label="Vol 24h" text={record?.volume_24h === undefined ? '–' : formatCompact(record.volume_24h)} />
        {record?.mark_price !== undefined && <Fact label="Mark" text={price(record.mark_price)} />}
        {record?.funding_rate !== undefined && (
          <Fact label="Funding" text={`${formatSigned(record.funding_rate * 100, 4)}%`} />
        )}
      </dl>
    </header>
  );
}

function Fact({ label, text }: { readonly label: string; readonly text: string }): React.ReactNode {
  return (
    <div>
      <dt className="label">{label}</dt>
      <dd>{text}</dd>
    </div>
  );
}
