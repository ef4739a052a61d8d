import type { ConnectionStatus } from '@bigboard/client';
import { useBoard, useConnection } from '@bigboard/react';
import { formatAge } from '../format/moment.ts';
import { useSecond } from '../live/ticker.ts';
import { TokenForm } from './TokenForm.tsx';

/** Says that what is on screen is no longer live, since when, and what happens next. It covers nothing that one needs. */
export function LostBar(): React.ReactNode {
  const board = useBoard();
  const status = useConnection();
  const now = useSecond();
  if (needsToken(status)) return <TokenForm refused={status.end?.policy === 'authenticate'} />;
  if (status.state !== 'lost' && status.state !== 'closed') return null;
  return (
    <div className="lost-bar" role="alert" data-testid="lost">
      <span className="lost-text">
        <strong>{status.state === 'lost' ? 'Connection lost' : 'Connection closed'}</strong> {sentence(status, now)}{' '}
        <span className="lost-grey">Last values in grey.</span>
      </span>
      <button type="button" onClick={() => board.connect()}>
        Try now
      </button>
    </div>
  );
}

function needsToken(status: ConnectionStatus): boolean {
  return status.error?.code === 'unauthenticated' || status.end?.policy === 'authenticate';
}

function sentence(status: ConnectionStatus, now: number): string {
  const reason = status.end?.reason ?? '';
  if (status.state === 'closed') return reason === '' ? 'by the server.' : `by the server: ${reason}`;
  const since = `${formatAge(now - status.since)} ago`;
  if (status.nextTryAt === undefined) return `${since}. Trying now…`;
  return `${since}. Next try in ${Math.max(0, Math.ceil((status.nextTryAt - now) / 1000))}s.`;
}
