/** One timer for everything that shows an age, so that all of them move together and cost one wake-up a second. */
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Date.now();

/** Calls `listener` once a second. Returns what ends it. */
export function onSecond(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  second = Date.now();
  for (const listener of listeners) listener();
}

/** Local epoch milliseconds, renewed once a second. */
export function useSecond(): number {
  return useSyncExternalStore(onSecond, () => second);
}
