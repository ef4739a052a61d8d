import { notPermitted, usePermitted } from '../live/usePermitted.ts';
import { useStaleSymbol } from '../live/useStaleSymbol.ts';
import { SymbolHead } from '../symbol/SymbolHead.tsx';
import type { Interval } from './intervals.ts';
import { INTERVALS } from './intervals.ts';
import { useCandleView } from './useCandleView.ts';
import './chart.css';

interface ChartPanelProps {
  readonly symbol: string | undefined;
  /** `undefined` until it is known which one fits. */
  readonly interval: Interval | undefined;
  readonly onInterval: (interval: Interval) => void;
}

/** The selected symbol: its price and its candles. */
export function ChartPanel({ symbol, interval, onInterval }: ChartPanelProps): React.ReactNode {
  const stale = useStaleSymbol(symbol);
  const { CandleView, failed } = useCandleView();
  const permitted = usePermitted('candles', `${symbol}/${interval}`);
  return (
    <section className="panel chart" aria-label="Chart">
      {symbol === undefined ? (
        <p className="empty">Select a symbol, or type its name, to see its chart.</p>
      ) : (
        <>
          <SymbolHead symbol={symbol} />
          <div className="panel-head">
            <h2>Candles, UTC</h2>
            <div role="group" aria-label="Interval" className="intervals">
              {INTERVALS.map((one) => (
                <button
                  key={one}
                  type="button"
                  className="choice"
                  aria-pressed={one === interval}
                  onClick={() => onInterval(one)}
                >
                  {one}
                </button>
              ))}
            </div>
            <a className="label push attribution" href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
              Charts by TradingView
            </a>
          </div>
          <div className={stale ? 'panel-body stale' : 'panel-body'}>
            {!permitted && <p className="empty">{notPermitted(`the candles of ${symbol}`)}</p>}
            {permitted && CandleView !== undefined && interval !== undefined && (
              <CandleView key={`${symbol}/${interval}`} symbol={symbol} interval={interval} />
            )}
            {failed && (
              <p className="empty">
                The chart could not be loaded from the server.{' '}
                <button type="button" className="choice" onClick={() => location.reload()}>
                  Load the page anew
                </button>
              </p>
            )}
          </div>
        </>
      )}
    </section>
  );
}
