import { useTopic } from '@bigboard/react';
import { ageOf, isStale } from './staleness.ts';
import { useServerNow } from './useServerNow.ts';

/** Whether a symbol was silent for too long, so that nothing that shows it may look alive. */
export function useStaleSymbol(symbol: string | undefined): boolean {
  const record = useTopic('market_data', symbol);
  return isStale(ageOf(record?.received_at, useServerNow()));
}
