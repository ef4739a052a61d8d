import { useEffect, useState } from 'react';
import type { Interval } from './intervals.ts';
import { isInterval } from './intervals.ts';
import { setPreferences, usePreferences } from '../live/preferences.ts';
import { fetchCandles } from '../live/rest.ts';

/** With fewer minutes than this a chart of minutes is mostly empty. */
const ENOUGH_MINUTES = 30;

/**
 * The candle interval: the one that was chosen, else minutes, or seconds on a board that has not run for long. The board
 * is asked once, for the first symbol; `undefined` until it is known.
 */
export function useInterval(symbol: string | undefined): [Interval | undefined, (interval: Interval) => void] {
  const chosen = usePreferences().interval;
  const [fitting, setFitting] = useState<Interval>();
  const wanted = isInterval(chosen) ? chosen : fitting;
  useEffect(() => {
    if (symbol === undefined || wanted !== undefined) return;
    const aborter = new AbortController();
    fetchCandles(`${symbol}/1m`, ENOUGH_MINUTES, aborter.signal)
      .then((rows) => setFitting(rows.length < ENOUGH_MINUTES ? '1s' : '1m'))
      .catch(() => {
        if (!aborter.signal.aborted) setFitting('1s');
      });
    return () => aborter.abort();
  }, [symbol, wanted]);
  return [wanted, (interval) => setPreferences({ interval })];
}
