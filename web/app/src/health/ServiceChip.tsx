import { formatAge } from '../format/moment.ts';
import { severityOf, SIGNS } from './serviceStatus.ts';
import type { ServiceGroup } from './serviceTree.ts';

interface ServiceChipProps {
  readonly group: ServiceGroup;
  /** By the server's clock. */
  readonly now: number;
}

/** One service in the strip: silent while it is well, and specific when it is not. */
export function ServiceChip({ group, now }: ServiceChipProps): React.ReactNode {
  const { key, service, parts, partsUp } = group;
  const own = severityOf(service);
  const severity = own === 'good' && partsUp < parts ? 'warning' : own;
  return (
    <span className="chip" data-testid={`service-${key}`} data-status={service.status}>
      <span className={`sign ${severity}`} aria-hidden="true">
        {SIGNS[severity]}
      </span>
      {key}
      {own !== 'good' && <span className={own}>{service.status ?? 'unknown'}</span>}
      {own !== 'good' && service.last_seen !== undefined && (
        <span className="label">{formatAge(now - service.last_seen)}</span>
      )}
      {parts > 0 && (
        <span className={severity === 'good' ? 'label' : severity}>
          {partsUp}/{parts}
        </span>
      )}
    </span>
  );
}
