/** The selected symbol. It stands in the address (`#BTCUSDT`), so that a link or a reload leads back to it. */
import { useSyncExternalStore } from 'react';

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function selectedSymbol(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined; // an address that someone cut in the middle of an escape
  }
}

/** Moving through a list must not fill the browser's history, so the address is replaced. */
export function selectSymbol(symbol: string): void {
  if (symbol === selectedSymbol()) return;
  history.replaceState(null, '', `#${encodeURIComponent(symbol)}`);
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useSelectedSymbol(): string | undefined {
  return useSyncExternalStore(subscribe, selectedSymbol);
}
