import { LadderRow } from './LadderRow.tsx';
import type { LadderLevel, Side } from './grouping.ts';

interface LadderSideProps {
  readonly side: Side;
  readonly levels: readonly LadderLevel[];
  readonly decimals: number;
  readonly sizeDecimals: number;
  /** The greatest cumulative size on screen: the length of a full depth bar. */
  readonly deepest: number;
}

/** The levels of one side, best nearest to the spread. */
export function LadderSide(props: LadderSideProps): React.ReactNode {
  const { side, levels, decimals, sizeDecimals, deepest } = props;
  return (
    <div className={`ladder-side ${side}s`} data-side={`${side}s`}>
      {levels.map((level) => (
        <LadderRow
          key={level.price}
          level={level}
          side={side}
          decimals={decimals}
          sizeDecimals={sizeDecimals}
          depth={level.cumulative / deepest}
        />
      ))}
    </div>
  );
}
