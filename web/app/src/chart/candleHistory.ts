/** The candles of one key in order of time: history from the server, then the live one as it changes. */
import type { Candle } from '@bigboard/client';
import type { CandleRow } from '../live/rest.ts';

export interface Bar {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** What a change did: nothing, moved or added the last bar, or changed something further back. */
export type Extent = 'none' | 'last' | 'all';

const LONGEST = 2_000;

export class CandleHistory {
  private held: Bar[] = [];

  get bars(): readonly Bar[] {
    return this.held;
  }

  get last(): Bar | undefined {
    return this.held.at(-1);
  }

  /** Takes rows of the server, oldest first; they are exact, so they replace what is held at their times. */
  takeRows(rows: readonly CandleRow[]): Extent {
    let extent: Extent = 'none';
    for (const [openTime, open, high, low, close, volume] of rows) {
      extent = wider(extent, this.put({ openTime, open, high, low, close, volume }));
    }
    return extent;
  }

  /** Takes the live candle, if it is complete enough to draw. */
  takeLive(candle: Candle | undefined): Extent {
    const { open_time: openTime, open, high, low, close, volume = 0 } = candle ?? {};
    if (openTime === undefined || open === undefined || high === undefined) return 'none';
    if (low === undefined || close === undefined) return 'none';
    return this.put({ openTime, open, high, low, close, volume });
  }

  /** Forgets the bars that open later. */
  dropAfter(openTime: number): void {
    this.held.length = this.position(openTime + 1);
  }

  private put(bar: Bar): Extent {
    const at = this.position(bar.openTime);
    const found = this.held[at];
    if (found?.openTime === bar.openTime) {
      if (sameBar(found, bar)) return 'none';
      this.held[at] = bar;
      return at === this.held.length - 1 ? 'last' : 'all';
    }
    this.held.splice(at, 0, bar);
    if (this.held.length > LONGEST) {
      // A good part at once, for every cut makes the chart draw anew.
      this.held.splice(0, LONGEST / 4);
      return 'all';
    }
    return at === this.held.length - 1 ? 'last' : 'all';
  }

  /** The index of the first bar that is not older than `openTime`. */
  private position(openTime: number): number {
    let low = 0;
    let high = this.held.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.held[middle] as Bar).openTime < openTime) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sameBar(a: Bar, b: Bar): boolean {
  return a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;
}

function wider(a: Extent, b: Extent): Extent {
  if (a === 'all' || b === 'all') return 'all';
  return a === 'last' || b === 'last' ? 'last' : 'none';
}
