import { useEffect, useRef } from 'react';
import { usePreferences } from '../live/preferences.ts';
import { GridHead } from './GridHead.tsx';
import { ROW_HEIGHT } from './rowHeight.ts';
import { SymbolRow } from './SymbolRow.tsx';
import { useWindow } from './useWindow.ts';
import './grid.css';

interface SymbolGridProps {
  readonly symbols: readonly string[];
  readonly selected: string | undefined;
  readonly onSelect: (symbol: string) => void;
}

/** The overview's table. Only the rows on screen exist, so that 500 symbols cost as much as 40. */
export function SymbolGrid({ symbols, selected, onSelect }: SymbolGridProps): React.ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const [first, end] = useWindow(scroller, symbols.length, ROW_HEIGHT);
  const favourites = new Set(usePreferences().favourites);
  const at = selected === undefined ? -1 : symbols.indexOf(selected);
  useEffect(() => {
    if (at >= 0) reveal(scroller.current, at);
  }, [at]);
  return (
    <div
      role="grid"
      className="grid values"
      data-testid="grid"
      aria-label="Symbols"
      aria-rowcount={symbols.length + 1}
      aria-activedescendant={at >= first && at < end && selected !== undefined ? `row-${selected}` : undefined}
      tabIndex={0}
    >
      <GridHead />
      <div className="grid-scroll" role="presentation" ref={scroller}>
        <div role="rowgroup" style={{ height: symbols.length * ROW_HEIGHT, '--row': `${ROW_HEIGHT}px` }}>
          {symbols.slice(first, end).map((symbol, i) => (
            <SymbolRow
              key={symbol}
              symbol={symbol}
              index={first + i}
              top={(first + i) * ROW_HEIGHT}
              selected={symbol === selected}
              favourite={favourites.has(symbol)}
              onSelect={onSelect}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/** Scrolls no further than it takes to see the row. */
function reveal(scroller: HTMLElement | null, index: number): void {
  if (scroller === null) return;
  const top = index * ROW_HEIGHT;
  const { scrollTop, clientHeight } = scroller;
  if (top < scrollTop) scroller.scrollTop = top;
  else if (top + ROW_HEIGHT > scrollTop + clientHeight) scroller.scrollTop = top + ROW_HEIGHT - clientHeight;
}
