/** Where the numbers on the board come from, as one word. */
import type { BoardClient, Mode } from '@bigboard/client';

const MODES: readonly Mode[] = ['simulated', 'replay', 'live'];

/** The modes of all symbols, the one to beware of most first; empty while none is known. */
export function modesOf(board: BoardClient): readonly Mode[] {
  const seen = new Set<Mode>();
  for (const symbol of board.keys('market_data')) {
    const mode = board.get('market_data', symbol)?.mode;
    if (mode !== undefined) seen.add(mode);
  }
  return MODES.filter((mode) => seen.has(mode));
}
