import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pace } from '../src/live/pace.ts';

describe('a pace', () => {
  it('lets a burst through at once, and the rest one by one', () => {
    const pace = new Pace(3, 10);
    expect([1, 2, 3, 4, 5].map(() => pace.take(1_000))).toEqual([0, 0, 0, 100, 200]);
    expect(pace.take(1_250)).toBe(50);
    expect([1, 2, 3, 4].map(() => pace.take(9_000))).toEqual([0, 0, 0, 100]);
  });

  it('never gives more turns in any time than the burst and what the rate adds', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        steps,
        (burst, perSecond, pauses) => {
          const pace = new Pace(burst, perSecond);
          let now = 0;
          const turns = pauses.map((pause) => (now += pause) + pace.take(now));
          turns.forEach((from, first) => {
            turns.slice(first).forEach((to, further) => {
              expect(further + 1).toBeLessThanOrEqual(burst + ((to - from) * perSecond) / 1000 + 1e-6);
            });
          });
        },
      ),
    );
  });
});
