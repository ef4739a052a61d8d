import { describe, expect, it } from 'vitest';
import { permits } from '../src/index.ts';

describe('permissions', () => {
  it.each([
    [undefined, 'orders', undefined, true],
    [['*'], 'orders', 'x', true],
    [['orders'], 'orders', undefined, true],
    [['orders'], 'orders', '1', true],
    [['orders:1'], 'orders', '1', true],
    [['orders:1'], 'orders', '2', false],
    [['orders:1'], 'orders', undefined, false],
    [['order'], 'orders', undefined, false],
    [[], 'orders', undefined, false],
  ])('%j permit %s:%s: %s', (permissions, topic, key, permitted) => {
    expect(permits(permissions, topic, key)).toBe(permitted);
  });
});
