import type { ConnectionState, ConnectionStatus } from '@bigboard/client';
import { useConnection } from '@bigboard/react';
import { formatAge } from '../format/moment.ts';
import { useSecond } from '../live/ticker.ts';

const SIGNS: Readonly<Record<ConnectionState, string>> = {
  idle: '○',
  connecting: '○',
  live: '●',
  lost: '▲',
  closed: '✕',
};

/** The connection in a few letters, with the round trip while it is live. */
export function ConnectionBadge(): React.ReactNode {
  const status = useConnection();
  const now = useSecond();
  const state = status.state === 'idle' ? 'closed' : status.state;
  return (
    <span className="connection" data-testid="connection" data-state={state} role="status">
      <span className={`sign connection-${state}`} aria-hidden="true">
        {SIGNS[status.state]}
      </span>{' '}
      {words(status, now)}
    </span>
  );
}

function words(status: ConnectionStatus, now: number): string {
  switch (status.state) {
    case 'live':
      return status.latencyMs === undefined ? 'connected' : `connected ${latency(status.latencyMs)}`;
    case 'lost':
      return `lost ${formatAge(now - status.since)}`;
    case 'connecting':
      return 'connecting…';
    default:
      return 'closed';
  }
}

function latency(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
