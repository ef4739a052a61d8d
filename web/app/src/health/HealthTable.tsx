import type { ServiceHealth } from '@bigboard/client';
import { useTopic } from '@bigboard/react';
import { formatAge } from '../format/moment.ts';
import { formatFixedOr } from '../format/quantity.ts';
import { useServerNow } from '../live/useServerNow.ts';
import { severityOf, SIGNS, worstFirst } from './serviceStatus.ts';

/** Every feed and service in detail. */
export function HealthTable({ onClose }: { readonly onClose: () => void }): React.ReactNode {
  const services = worstFirst(useTopic('services'));
  const now = useServerNow();
  return (
    <section className="health-table panel" aria-label="Services" data-testid="services">
      <div className="panel-head">
        <h2>Services</h2>
        <button type="button" className="choice push" onClick={onClose}>
          Close <kbd>Esc</kbd>
        </button>
      </div>
      <div className="health-scroll values" tabIndex={0}>
        <table>
          <thead className="label">
            <tr>
              <th>Service</th>
              <th>Kind</th>
              <th>Status</th>
              <th>Circuit</th>
              <th className="number">Seen</th>
              <th className="number">Rate</th>
              <th className="number">Latency</th>
              <th className="number">Gaps</th>
              <th className="number">Resyncs</th>
              <th>Detail</th>
            </tr>
          </thead>
          <tbody>
            {services.map(([key, service]) => (
              <Row key={key} name={key} service={service} now={now} />
            ))}
          </tbody>
        </table>
        {services.length === 0 && <p className="empty">No service has reported yet.</p>}
      </div>
    </section>
  );
}

interface RowProps {
  readonly name: string;
  readonly service: ServiceHealth;
  readonly now: number;
}

function Row({ name, service, now }: RowProps): React.ReactNode {
  const severity = severityOf(service);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{service.kind ?? '–'}</td>
      <td className={severity}>
        <span className="sign" aria-hidden="true">
          {SIGNS[severity]}
        </span>{' '}
        {service.status ?? 'unknown'}
      </td>
      <td className={service.circuit === 'open' ? 'bad' : ''}>{service.circuit?.replace('_', ' ') ?? '–'}</td>
      <td className="number">{service.last_seen === undefined ? '–' : formatAge(now - service.last_seen)}</td>
      <td className="number">{formatFixedOr(service.messages_per_second, 0, '/s')}</td>
      <td className="number">{formatFixedOr(service.latency_ms, 1, 'ms')}</td>
      <td className="number">{service.gaps ?? '–'}</td>
      <td className="number">{service.resyncs ?? '–'}</td>
      <td className="detail">{service.detail ?? ''}</td>
    </tr>
  );
}
