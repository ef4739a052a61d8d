import { describe, expect, it } from 'vitest';
import { CandleHistory } from '../src/chart/candleHistory.ts';
import { isInterval, neighbour } from '../src/chart/intervals.ts';
import type { CandleRow } from '../src/live/rest.ts';

const row = (openTime: number, close: number): CandleRow => [openTime, 1, 9, 0, close, 5, 2, true];
const times = (history: CandleHistory): number[] => history.bars.map(({ openTime }) => openTime);

describe('a history of candles', () => {
  it('takes history, then the live candle as it moves on', () => {
    const history = new CandleHistory();
    expect(history.takeRows([row(1000, 1), row(2000, 2)])).toBe('last');
    const live = { open_time: 2000, open: 1, high: 9, low: 0, close: 3, volume: 6 };
    expect(history.takeLive(live)).toBe('last');
    expect(history.takeLive(live)).toBe('none');
    expect(history.takeLive({ ...live, open_time: 3000 })).toBe('last');
    expect(times(history)).toEqual([1000, 2000, 3000]);
    expect(history.last?.close).toBe(3);
  });

  it('is mended in the middle', () => {
    const history = new CandleHistory();
    history.takeRows([row(1000, 1), row(3000, 3), row(4000, 4)]);
    expect(history.takeRows([row(2000, 2), row(3000, 30)])).toBe('all');
    expect(history.bars.map(({ close }) => close)).toEqual([1, 2, 30, 4]);
    expect(history.takeRows([row(2000, 2)])).toBe('none');
  });

  it('does not draw a candle that is not complete', () => {
    const history = new CandleHistory();
    expect(history.takeLive(undefined)).toBe('none');
    expect(history.takeLive({ open_time: 1000, open: 1, high: 2 })).toBe('none');
    expect(history.bars).toEqual([]);
  });

  it('stays bounded, and forgets what lies in the future', () => {
    const history = new CandleHistory();
    for (let i = 0; i < 10_000; i++) history.takeRows([row(i, i)]);
    expect(history.bars.length).toBeLessThanOrEqual(2_000);
    expect(history.last?.openTime).toBe(9_999);
    history.dropAfter(9_990);
    expect(history.last?.openTime).toBe(9_990);
  });
});

it('knows its intervals', () => {
  expect([isInterval('1m'), isInterval('2m'), isInterval(undefined)]).toEqual([true, false, false]);
  expect([neighbour('1m', 1), neighbour('1m', -1), neighbour('1s', -1), neighbour('1d', 1)]).toEqual([
    '5m',
    '1s',
    '1s',
    '1d',
  ]);
});
