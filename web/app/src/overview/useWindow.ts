import type { RefObject } from 'react';
import { useEffect, useState } from 'react';

const OVERSCAN = 8;

/** The rows of a long list that are on screen, and a few more: `[first, end)`. */
export function useWindow(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): readonly [first: number, end: number] {
  const [view, setView] = useState({ first: 0, rows: 60 });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - OVERSCAN);
      const rows = Math.ceil(element.clientHeight / rowHeight) + 2 * OVERSCAN;
      setView((last) => (last.first === first && last.rows === rows ? last : { first, rows }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [scroller, rowHeight]);
  const first = Math.min(view.first, Math.max(0, count - view.rows));
  return [first, Math.min(count, first + view.rows)];
}
