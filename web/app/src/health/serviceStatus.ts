/** How services stand, worst first: the eye goes to what is wrong. */
import type { ServiceHealth } from '@bigboard/client';

export type Severity = 'good' | 'warning' | 'bad' | 'unknown';

const SEVERITIES: Readonly<Record<string, Severity>> = {
  up: 'good',
  degraded: 'warning',
  stale: 'warning',
  down: 'bad',
};

/** A shape as well as a colour for each. */
export const SIGNS: Readonly<Record<Severity, string>> = { good: '●', warning: '▲', bad: '✕', unknown: '○' };

const RANKS: Readonly<Record<Severity, number>> = { bad: 0, warning: 1, unknown: 2, good: 3 };

export function severityOf(service: ServiceHealth): Severity {
  if (service.circuit === 'open') return 'bad';
  return SEVERITIES[service.status ?? ''] ?? 'unknown';
}

type Entry = readonly [key: string, service: ServiceHealth];

export function worstFirst(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted(
    ([a, left], [b, right]) => RANKS[severityOf(left)] - RANKS[severityOf(right)] || (a < b ? -1 : 1),
  );
}
