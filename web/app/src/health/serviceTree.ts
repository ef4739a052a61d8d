/** Services and their parts: `replay` has the parts `replay/BTCUSDT/book`, `replay/BTCUSDT/trades`, … */
import type { ServiceHealth } from '@bigboard/client';
import { severityOf } from './serviceStatus.ts';

export type ServiceEntry = readonly [key: string, service: ServiceHealth];

export interface ServiceGroup {
  readonly key: string;
  readonly service: ServiceHealth;
  readonly parts: number;
  readonly partsUp: number;
}

/** The whole services with a count of their parts; a part whose whole is not on the board stands for itself. */
export function groupServices(entries: readonly ServiceEntry[]): readonly ServiceGroup[] {
  const wholes = new Map(
    entries.filter(([key]) => !key.includes('/')).map(([key, service]) => [key, { service, parts: 0, partsUp: 0 }]),
  );
  const alone: ServiceGroup[] = [];
  for (const [key, service] of entries) {
    if (!key.includes('/')) continue;
    const whole = wholes.get(key.slice(0, key.indexOf('/')));
    if (whole === undefined) {
      alone.push({ key, service, parts: 0, partsUp: 0 });
    } else {
      whole.parts++;
      if (severityOf(service) === 'good') whole.partsUp++;
    }
  }
  return [...[...wholes].map(([key, whole]) => ({ key, ...whole })), ...alone];
}
