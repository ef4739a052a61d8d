import { useBoard, useTopic } from '@bigboard/react';
import { useEffect, useRef, useState } from 'react';
import { priceDecimals, tickSize } from '../format/precision.ts';
import { onPreferences } from '../live/preferences.ts';
import type { Bar } from './candleHistory.ts';
import { CandleChart } from './candleChart.ts';
import { CandleSource } from './candleSource.ts';
import type { Interval } from './intervals.ts';
import { Legend } from './Legend.tsx';

interface CandleViewProps {
  readonly symbol: string;
  readonly interval: Interval;
}

/** Candles of one symbol and interval. Mounted anew for another one. */
export default function CandleView({ symbol, interval }: CandleViewProps): React.ReactNode {
  const board = useBoard();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<CandleChart>(undefined);
  const [count, setCount] = useState<number>();
  const [noHistory, setNoHistory] = useState(false);
  const [shown, setShown] = useState<Bar>();
  const record = useTopic('market_data', symbol);
  const decimals = priceDecimals(symbol, record);
  const tick = tickSize(symbol, record);

  useEffect(() => {
    if (place.current === null) return;
    let bars: readonly Bar[] = [];
    let hovered: number | undefined;
    const legend = (): void => setShown(bars.find(({ openTime }) => openTime === hovered) ?? bars.at(-1));
    const drawn = new CandleChart(place.current, {
      decimals: 2,
      tickSize: 0.01,
      seconds: interval === '1s',
      onHover: (openTime) => {
        hovered = openTime;
        legend();
      },
    });
    chart.current = drawn;
    const source = new CandleSource(board, symbol, interval, {
      all: (all) => {
        bars = all;
        drawn.setAll(all);
        setCount(all.length);
        legend();
      },
      last: (bar) => {
        drawn.setLast(bar);
        setCount(bars.length);
        legend();
      },
      noHistory: () => setNoHistory(true),
    });
    // The attribute that changes the colours is set by another listener of the same change.
    const release = onPreferences(() => requestAnimationFrame(() => drawn.recolour()));
    return () => {
      release();
      source.close();
      drawn.close();
      chart.current = undefined;
    };
  }, [board, symbol, interval]);

  useEffect(() => chart.current?.setPrecision(decimals, tick), [decimals, tick]);

  return (
    <>
      <Legend bar={shown} decimals={decimals} />
      <div ref={place} className="chart-canvas" data-testid="chart" data-bars={count} data-interval={interval} />
      {count === 0 && (
        <p className="empty chart-empty">
          {noHistory ? 'No history here: candles show as they form.' : `No ${interval} candle of ${symbol} yet.`}
        </p>
      )}
    </>
  );
}
