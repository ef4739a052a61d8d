import { useBoard, useTopicKeys } from '@bigboard/react';
import { useSecond } from '../live/ticker.ts';
import { modesOf } from './mode.ts';

/** LIVE, REPLAY or SIMULATED, always in sight: nobody should take made-up prices for real ones. */
export function ModeWord(): React.ReactNode {
  const board = useBoard();
  // Symbols that come are seen at once, a mode that changes within a second.
  useTopicKeys('market_data');
  useSecond();
  const modes = modesOf(board);
  return (
    <span className="mode" data-testid="mode" data-value={modes.join(' ')}>
      {modes.length === 0 ? (
        <span className="label">no data</span>
      ) : (
        modes.map((mode) => (
          <strong key={mode} className={`mode-${mode}`}>
            {mode.toUpperCase()}
          </strong>
        ))
      )}
    </span>
  );
}
