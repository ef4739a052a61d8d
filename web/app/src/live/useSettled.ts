import { useEffect, useState } from 'react';

/**
 * `value` once it has stayed the same for `delayMs`; the first one at once.
 *
 * With a key held down the selection runs over many symbols in a second: their books are not asked for one by one.
 */
export function useSettled<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    if (Object.is(settled, value)) return;
    const timer = setTimeout(() => setSettled(value), settled === undefined ? 0 : delayMs);
    return () => clearTimeout(timer);
  }, [settled, value, delayMs]);
  return settled;
}
