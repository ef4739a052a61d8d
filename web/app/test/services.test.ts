import { describe, expect, it } from 'vitest';
import { severityOf, worstFirst } from '../src/health/serviceStatus.ts';
import { groupServices } from '../src/health/serviceTree.ts';

describe('services', () => {
  it('stand worst first', () => {
    const keys = worstFirst([
      ['b', { status: 'up' }],
      ['a', { status: 'up' }],
      ['c', {}],
      ['d', { status: 'stale' }],
      ['e', { status: 'down' }],
    ]).map(([key]) => key);
    expect(keys).toEqual(['e', 'd', 'c', 'a', 'b']);
  });

  it('are bad with an open circuit, whatever they say of themselves', () => {
    expect(severityOf({ status: 'up', circuit: 'open' })).toBe('bad');
    expect(severityOf({ status: 'up', circuit: 'closed' })).toBe('good');
  });

  it('count their parts, and a part without a whole stands alone', () => {
    const groups = groupServices([
      ['replay/A/book', { status: 'up' }],
      ['replay', { status: 'up' }],
      ['replay/B/book', { status: 'stale' }],
      ['other/A', { status: 'up' }],
    ]);
    expect(groups.map(({ key, parts, partsUp }) => [key, parts, partsUp])).toEqual([
      ['replay', 2, 1],
      ['other/A', 0, 0],
    ]);
  });
});
