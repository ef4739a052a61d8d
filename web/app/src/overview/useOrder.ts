import { useBoard, useTopicKeys } from '@bigboard/react';
import { useEffect, useMemo, useState } from 'react';
import { usePreferences } from '../live/preferences.ts';
import { matching, ordered } from './ordering.ts';

const RESORT_EVERY_MS = 2_000;

/**
 * The symbols to show, in order. By a live value the order is renewed every two seconds, and not at all while `hold`:
 * a row must not jump away from under a pointer.
 */
export function useOrder(filter: string, hold: boolean): readonly string[] {
  const board = useBoard();
  const keys = useTopicKeys('market_data');
  const { sortColumn, sortDescending, favourites } = usePreferences();
  const [round, setRound] = useState(0);
  const moves = sortColumn !== 'symbol' && !hold;
  useEffect(() => {
    if (!moves) return;
    const timer = setInterval(() => setRound((last) => last + 1), RESORT_EVERY_MS);
    return () => clearInterval(timer);
  }, [moves]);
  // A new round is a reason to look at the values again, though they are read from the board and not from it.
  return useMemo(() => {
    const order = { column: sortColumn, descending: sortDescending };
    return ordered(matching(keys, filter), order, new Set(favourites), (symbol) => board.get('market_data', symbol));
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [board, keys, filter, sortColumn, sortDescending, favourites, round]);
}
