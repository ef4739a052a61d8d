import { useEffect } from 'react';
import { useBoard } from './boardContext.ts';

/** Keeps a subscription (`topic`, `topic:key`) for as long as the component is there; `undefined` asks for nothing. */
export function useSubscription(subscription: string | undefined): void {
  const board = useBoard();
  useEffect(() => (subscription === undefined ? undefined : board.subscribe([subscription])), [board, subscription]);
}
