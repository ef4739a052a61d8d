import { useTopicKeys } from '@bigboard/react';
import { useRef } from 'react';
import { HealthTable } from './health/HealthTable.tsx';
import { ROW_HEIGHT } from './overview/rowHeight.ts';
import { useHeight } from './live/useHeight.ts';

const HEADS = 56;
const LEAST_ROOM = 150;
/** A phone shows one thing at a time: there the strip opens the services. */
const NARROW = '(max-width: 759px)';

/** The overview, and beneath it the services if the symbols leave room: an empty half of a screen tells nothing. */
export function LeftColumn({ children }: { readonly children: React.ReactNode }): React.ReactNode {
  const column = useRef<HTMLDivElement>(null);
  const height = useHeight(column);
  const needed = useTopicKeys('market_data').length * ROW_HEIGHT + HEADS;
  const room = height - needed >= LEAST_ROOM && !matchMedia(NARROW).matches;
  return (
    <div className="left" ref={column}>
      {/* All symbols decide, not those that a filter leaves, so that typing moves nothing. */}
      <div className="left-part" style={room ? { flex: `0 0 ${needed}px` } : { flex: '1 1 0' }}>
        {children}
      </div>
      {room && <HealthTable />}
    </div>
  );
}
