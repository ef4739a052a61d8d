import type { RefObject } from 'react';
import { useEffect, useState } from 'react';

/** The height of an element in CSS pixels, kept up to date. */
export function useHeight(ref: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0);
  useEffect(() => {
    if (ref.current === null) return;
    const observer = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 0));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, [ref]);
  return height;
}
