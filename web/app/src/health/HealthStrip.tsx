import { useBoard, useConnection, useTopic } from '@bigboard/react';
import { formatDuration } from '../format/moment.ts';
import { formatCompact, formatFixedOr } from '../format/quantity.ts';
import { usePermitted } from '../live/usePermitted.ts';
import { useServerNow } from '../live/useServerNow.ts';
import { ServiceChip } from './ServiceChip.tsx';
import { worstFirst } from './serviceStatus.ts';
import { groupServices } from './serviceTree.ts';
import './health.css';

interface HealthStripProps {
  readonly open: boolean;
  readonly onToggle: () => void;
}

/** One line at the bottom: every service with its state, then rates and latencies of the whole. */
export function HealthStrip({ open, onToggle }: HealthStripProps): React.ReactNode {
  const services = groupServices(worstFirst(useTopic('services')));
  const total = useTopic('metrics', 'total');
  const { counts } = useBoard();
  const { latencyMs } = useConnection();
  const now = useServerNow();
  const permitted = usePermitted('services');
  return (
    <footer className="health-strip values" data-testid="health">
      <button type="button" className="choice" aria-expanded={open} onClick={onToggle} title="Every service in detail">
        {open ? '▾' : '▴'} Services
      </button>
      <div className="chips">
        {services.length === 0 && (
          <span className="label">{permitted ? 'No service has reported yet.' : 'Not permitted by your key.'}</span>
        )}
        {services.map((group) => (
          <ServiceChip key={group.key} group={group} now={now} />
        ))}
      </div>
      <span className="gauges">
        <Gauge label="in" text={formatFixedOr(total?.messages_per_second, 0, 'msg/s')} />
        <Gauge label="feed" text={formatFixedOr(total?.feed_latency_ms, 0, 'ms')} />
        <Gauge label="screen" text={formatFixedOr(latencyMs, 0, 'ms')} />
        <Gauge
          label="total"
          text={total?.messages_received === undefined ? '–' : formatCompact(total.messages_received)}
        />
        <Gauge
          label="up"
          text={total?.uptime_seconds === undefined ? '–' : formatDuration(total.uptime_seconds * 1000)}
        />
        <Gauge label="gaps" text={String(counts.gaps)} />
        <Gauge label="resumes" text={String(counts.resumes)} />
      </span>
    </footer>
  );
}

function Gauge({ label, text }: { readonly label: string; readonly text: string }): React.ReactNode {
  return (
    <span className="gauge">
      <span className="label">{label}</span> {text}
    </span>
  );
}
