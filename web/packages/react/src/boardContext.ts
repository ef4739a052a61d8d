import type { BoardClient } from '@bigboard/client';
import { createContext, use } from 'react';

const BoardContext = createContext<BoardClient | undefined>(undefined);

/** Makes one board known to every hook below it: `<BoardProvider value={client}>`. */
export const BoardProvider = BoardContext.Provider;

/** The board of the nearest provider. Raises an error without one. */
export function useBoard(): BoardClient {
  const board = use(BoardContext);
  if (board === undefined) throw new Error('useBoard needs a <BoardProvider value={client}> above it');
  return board;
}
