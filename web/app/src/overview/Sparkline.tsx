import { useBoard } from '@bigboard/react';
import { useSyncExternalStore } from 'react';
import { onSecond } from '../live/ticker.ts';
import { sampleSpark, sparkOf } from './sparkSource.ts';
import { sparkPath } from './sparkHistory.ts';

const WIDTH = 72;
const HEIGHT = 18;

/** The recent course of a symbol's price; drawn anew once a second at most. */
export function Sparkline({ symbol }: { readonly symbol: string }): React.ReactNode {
  const board = useBoard();
  const spark = useSyncExternalStore(
    (listener) =>
      onSecond(() => {
        sampleSpark(board, symbol);
        listener();
      }),
    () => sparkOf(symbol),
  );
  const first = spark.points[0]?.price ?? 0;
  const last = spark.points.at(-1)?.price ?? 0;
  return (
    <svg
      className={last >= first ? 'spark up' : 'spark down'}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={sparkPath(spark, WIDTH, HEIGHT)} />
    </svg>
  );
}
