import { formatSigned } from '../format/quantity.ts';

interface SignedProps {
  readonly value: number | undefined;
  readonly decimals: number;
  readonly unit?: string;
}

/** A change: arrow and sign say the direction, colour repeats it. */
export function Signed({ value, decimals, unit = '' }: SignedProps): React.ReactNode {
  if (value === undefined) return <span className="label">–</span>;
  // What rounds to nothing has no direction.
  const rounded = Number(value.toFixed(decimals));
  const direction = rounded > 0 ? 'up' : rounded < 0 ? 'down' : 'flat';
  return (
    <span className={direction}>
      <span className="arrow" aria-hidden="true">
        {ARROWS[direction]}
      </span>
      {formatSigned(rounded, decimals)}
      {unit}
    </span>
  );
}

const ARROWS = { up: '▴', down: '▾', flat: '' };
