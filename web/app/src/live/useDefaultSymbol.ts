import { useBoard, useTopicKeys } from '@bigboard/react';
import { useState } from 'react';

/** The symbol to begin with when none was chosen: the one with the largest turnover when the board was first seen. */
export function useDefaultSymbol(): string | undefined {
  const board = useBoard();
  const keys = useTopicKeys('market_data');
  const [symbol, setSymbol] = useState<string>();
  if (keys.length > 0 && (symbol === undefined || !keys.includes(symbol))) {
    const turnover = (key: string): number => board.get('market_data', key)?.quote_volume_24h ?? 0;
    setSymbol(keys.reduce((best, key) => (turnover(key) > turnover(best) ? key : best)));
  }
  return symbol;
}
