import type { ConnectionStatus } from '@bigboard/client';
import { useCallback, useSyncExternalStore } from 'react';
import { useBoard } from './boardContext.ts';

/** The state of the connection: live, lost and since when, the next attempt, the round trip. */
export function useConnection(): ConnectionStatus {
  const board = useBoard();
  const listen = useCallback((listener: () => void) => board.onStatus(listener), [board]);
  return useSyncExternalStore(listen, () => board.status);
}
