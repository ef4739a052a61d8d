import type { RefObject } from 'react';
import { useEffect, useState } from 'react';

/** How many rows fit on each side of the middle. */
export function useRowsThatFit(body: RefObject<HTMLElement | null>, rowHeight: number, middleHeight: number): number {
  const [rows, setRows] = useState(12);
  useEffect(() => {
    const element = body.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setRows(Math.max(1, Math.floor((element.clientHeight - middleHeight) / 2 / rowHeight))),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [body, rowHeight, middleHeight]);
  return rows;
}
