import { setPreferences, usePreferences } from '../live/preferences.ts';
import type { Column } from './columns.ts';
import { COLUMNS } from './columns.ts';

/** The column heads: a click sorts, a second one turns the order round. */
export function GridHead(): React.ReactNode {
  const { sortColumn, sortDescending } = usePreferences();
  return (
    <div role="row" className="grid-head label" aria-rowindex={1}>
      {COLUMNS.map((column) => (
        <Head key={column.name} column={column} sorted={column.name === sortColumn} descending={sortDescending} />
      ))}
    </div>
  );
}

interface HeadProps {
  readonly column: Column;
  readonly sorted: boolean;
  readonly descending: boolean;
}

function Head({ column, sorted, descending }: HeadProps): React.ReactNode {
  const { name, label, title, numeric } = column;
  const sortable = name !== 'trend';
  const order = sorted ? (descending ? 'descending' : 'ascending') : 'none';
  // Numbers are of interest from the top, names from the start.
  const sort = (): void => setPreferences({ sortColumn: name, sortDescending: sorted ? !descending : numeric });
  return (
    <span role="columnheader" aria-sort={sortable ? order : undefined} className={numeric ? 'number' : `cell-${name}`}>
      {sortable ? (
        <button type="button" title={title} onClick={sort}>
          {label}
          {sorted && <span aria-hidden="true">{descending ? ' ↓' : ' ↑'}</span>}
        </button>
      ) : (
        <span title={title}>{label}</span>
      )}
    </span>
  );
}
