import { useBoard } from '@bigboard/react';
import { saveCsv } from './csv.ts';
import { SymbolGrid } from './SymbolGrid.tsx';

interface OverviewProps {
  /** In the order that the table shows them. */
  readonly symbols: readonly string[];
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  /** A pointer is over the table: its order should hold still. */
  readonly onHold: (hold: boolean) => void;
  readonly selected: string | undefined;
  readonly onSelect: (symbol: string) => void;
  readonly filterField: React.RefObject<HTMLInputElement | null>;
}

/** Every symbol of the board at a glance. */
export function Overview(props: OverviewProps): React.ReactNode {
  const { symbols, filter, onFilter, onHold, selected, onSelect, filterField } = props;
  const board = useBoard();
  return (
    <section className="panel overview" aria-label="Overview">
      <div className="panel-head">
        <h2>Overview</h2>
        <span className="label" data-testid="symbol-count">
          {symbols.length}
        </span>
        <input
          ref={filterField}
          className="field push"
          type="search"
          placeholder="Filter  /"
          aria-label="Filter symbols"
          value={filter}
          onChange={(event) => onFilter(event.target.value)}
          data-testid="filter"
        />
        <button type="button" className="choice" title="Save this table as CSV" onClick={() => saveCsv(board, symbols)}>
          CSV
        </button>
      </div>
      <div className="panel-body" onPointerEnter={() => onHold(true)} onPointerLeave={() => onHold(false)}>
        {symbols.length > 0 ? (
          <SymbolGrid symbols={symbols} selected={selected} onSelect={onSelect} />
        ) : (
          <Empty filter={filter} answered={board.holds('market_data')} />
        )}
      </div>
    </section>
  );
}

function Empty({ filter, answered }: { readonly filter: string; readonly answered: boolean }): React.ReactNode {
  if (filter !== '') return <p className="empty">No symbol matches “{filter}”. Esc clears the filter.</p>;
  if (!answered) return <p className="empty">Waiting for the board…</p>;
  return <p className="empty">No symbols. A feed brings them: “bigboard up” runs one that is simulated.</p>;
}
