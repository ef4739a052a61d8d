/** Moments at which waiting for a timer is wrong: the network is back, or someone looks at the page again. */
export function browserWakes(onWake: () => void): () => void {
  if (typeof window === 'undefined') return () => undefined;
  const onVisible = (): void => {
    if (!document.hidden) onWake();
  };
  window.addEventListener('online', onWake);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    window.removeEventListener('online', onWake);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
