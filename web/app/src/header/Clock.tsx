import { formatLocal, formatUtc } from '../format/moment.ts';
import { useServerNow } from '../live/useServerNow.ts';

/** The time by the server's clock, here and in UTC. */
export function Clock(): React.ReactNode {
  const now = useServerNow();
  return (
    <span className="clock">
      <span>
        {formatLocal(now)} <span className="label">local</span>
      </span>
      <span>
        {formatUtc(now)} <span className="label">UTC</span>
      </span>
    </span>
  );
}
