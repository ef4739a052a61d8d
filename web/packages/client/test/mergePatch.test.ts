import { describe, expect, it } from 'vitest';
import type { Json } from '../src/index.ts';
import { mergePatch } from '../src/index.ts';

/** The examples of RFC 7396, appendix A: original, patch, result. */
const EXAMPLES: readonly (readonly [Json, Json, Json])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('mergePatch', () => {
  it.each(EXAMPLES)('merges %j with %j into %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it('changes neither argument and shares what the patch does not name', () => {
    const target = Object.freeze({ kept: Object.freeze({ a: 1 }), changed: Object.freeze({ b: 1 }) });
    const merged = mergePatch(target, Object.freeze({ changed: Object.freeze({ c: 2 }) })) as typeof target;
    expect(merged).toEqual({ kept: { a: 1 }, changed: { b: 1, c: 2 } });
    expect(merged.kept).toBe(target.kept);
  });

  it('treats the names of object internals as names', () => {
    const patch = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"name": "x"}}') as Json;
    const merged = mergePatch({}, patch);
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"polluted":1},"constructor":{"name":"x"}}');
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
    const removed = mergePatch(merged, JSON.parse('{"__proto__": null}') as Json);
    expect(JSON.stringify(removed)).toBe('{"constructor":{"name":"x"}}');
  });
});
