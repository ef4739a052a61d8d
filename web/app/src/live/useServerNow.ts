import { useBoard } from '@bigboard/react';
import { useSecond } from './ticker.ts';

/** Epoch milliseconds by the server's clock, renewed once a second. */
export function useServerNow(): number {
  return useSecond() + useBoard().clock.offsetMs;
}
