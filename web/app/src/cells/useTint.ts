import type { RefObject } from 'react';
import { useEffect, useRef } from 'react';

const FADE_MS = 400;

/** A faint tint of up or down behind a value that changed, gone within 400 ms; one at a time per cell. */
export function useTint(cell: RefObject<HTMLElement | null>, value: number | undefined): void {
  const before = useRef(value);
  useEffect(() => {
    const last = before.current;
    before.current = value;
    if (last === undefined || value === undefined || last === value) return;
    tint(cell.current, value > last ? 'up' : 'down');
  }, [cell, value]);
}

function tint(element: HTMLElement | null, direction: 'up' | 'down'): void {
  if (element === null || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  for (const running of element.getAnimations()) running.cancel();
  element.animate([{ backgroundColor: `var(--tint-${direction})` }, { backgroundColor: 'transparent' }], {
    duration: FADE_MS,
    easing: 'ease-out',
  });
}
