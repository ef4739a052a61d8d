import type { ServiceHealth } from '@bigboard/client';
import { useTopic } from '@bigboard/react';
import { useState } from 'react';
import { formatAge } from '../format/moment.ts';
import { formatFixedOr } from '../format/quantity.ts';
import { notPermitted, usePermitted } from '../live/usePermitted.ts';
import { useServerNow } from '../live/useServerNow.ts';
import { severityOf, SIGNS, worstFirst } from './serviceStatus.ts';
import type { ServiceEntry } from './serviceTree.ts';

const MOST_PARTS = 60;

interface HealthTableProps {
  /** Without it the table has a fixed place on the page, and no button to close it. */
  readonly onClose?: () => void;
}

/** Every feed and service in detail. */
export function HealthTable({ onClose }: HealthTableProps): React.ReactNode {
  const [folded, setFolded] = useState(true);
  const all = worstFirst(useTopic('services'));
  const foldable = all.filter(isQuietPart);
  // Some hundred streams that are all well are one fact, not some hundred.
  const folds = foldable.length > MOST_PARTS;
  const services = folds && folded ? all.filter((entry) => !isQuietPart(entry)) : all;
  const now = useServerNow();
  const permitted = usePermitted('services');
  return (
    <section
      className={onClose ? 'services panel over' : 'services panel'}
      aria-label="Services"
      data-testid="services"
    >
      <div className="panel-head">
        <h2>Services</h2>
        {folds && (
          <button type="button" className="choice push" aria-pressed={!folded} onClick={() => setFolded(!folded)}>
            {folded ? `Show ${foldable.length} streams that are up` : 'Hide streams that are up'}
          </button>
        )}
        {onClose && (
          <button type="button" className="choice push" onClick={onClose}>
            Close <kbd>Esc</kbd>
          </button>
        )}
      </div>
      <div className="health-scroll values" tabIndex={0}>
        <table>
          <thead className="label">
            <tr>
              <th>Service</th>
              <th className="extra">Kind</th>
              <th>Status</th>
              <th className="extra">Circuit</th>
              <th className="number">Seen</th>
              <th className="number">Rate</th>
              <th className="number">Latency</th>
              <th className="number">Gaps</th>
              <th className="number extra">Resyncs</th>
              <th>Detail</th>
            </tr>
          </thead>
          <tbody>
            {services.map(([key, service]) => (
              <Row key={key} name={key} service={service} now={now} />
            ))}
          </tbody>
        </table>
        {services.length === 0 && (
          <p className="empty">{permitted ? 'No service has reported yet.' : notPermitted('services')}</p>
        )}
      </div>
    </section>
  );
}

function isQuietPart([key, service]: ServiceEntry): boolean {
  return key.includes('/') && severityOf(service) === 'good';
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
      <td className="extra">{service.kind ?? '–'}</td>
      <td className={severity}>
        <span className="sign" aria-hidden="true">
          {SIGNS[severity]}
        </span>{' '}
        {service.status ?? 'unknown'}
      </td>
      <td className={service.circuit === 'open' ? 'bad extra' : 'extra'}>
        {service.circuit?.replace('_', ' ') ?? '–'}
      </td>
      <td className="number">{service.last_seen === undefined ? '–' : formatAge(now - service.last_seen)}</td>
      <td className="number">{formatFixedOr(service.messages_per_second, 0, '/s')}</td>
      <td className="number">{formatFixedOr(service.latency_ms, 1, 'ms')}</td>
      <td className="number">{service.gaps ?? '–'}</td>
      <td className="number extra">{service.resyncs ?? '–'}</td>
      <td className="detail">{service.detail ?? ''}</td>
    </tr>
  );
}
