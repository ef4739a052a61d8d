import { formatAge } from '../format/moment.ts';
import { isStale } from '../live/staleness.ts';

interface AgeProps {
  readonly ageMs: number | undefined;
  readonly testId?: string;
}

/** How old a number is; past the limit it says STALE. */
export function Age({ ageMs, testId }: AgeProps): React.ReactNode {
  if (ageMs === undefined) return <span className="label">–</span>;
  if (!isStale(ageMs)) return <span className="label">{formatAge(ageMs)}</span>;
  return (
    <span className="stale-word" data-testid={testId}>
      STALE {formatAge(ageMs)}
    </span>
  );
}
