/**
 * Candles of one key for a chart: the server's history, then the live candle, mended from the server.
 *
 * A client gets merged changes, so the last update of a candle and the first of its successor may arrive as one: the
 * board holds one live candle per key. When a new one begins, the latest few are asked for once more.
 */
import type { BoardClient } from '@bigboard/client';
import { fetchCandles } from '../live/rest.ts';
import type { Bar, Extent } from './candleHistory.ts';
import { CandleHistory } from './candleHistory.ts';
import type { Interval } from './intervals.ts';
import { intervalMs } from './intervals.ts';

const HISTORY = 500;
/** One-second candles begin every second; mending them all would ask the server as often. */
const MEND_EVERY_MS = 4_000;

export interface CandleView {
  /** The last bar moved, or a new one follows it. */
  last(bar: Bar): void;
  all(bars: readonly Bar[]): void;
  /** There is no history to be had; live candles still come. */
  noHistory(): void;
}

export class CandleSource {
  private history = new CandleHistory();
  private readonly board: BoardClient;
  private readonly key: string;
  private readonly lengthMs: number;
  private readonly view: CandleView;
  private readonly aborter = new AbortController();
  private readonly release: readonly (() => void)[];
  private mending: ReturnType<typeof setTimeout> | undefined;
  private mendedTo = 0;
  private ready = false;
  private wasLive: boolean;

  constructor(board: BoardClient, symbol: string, interval: Interval, view: CandleView) {
    this.board = board;
    this.key = `${symbol}/${interval}`;
    this.lengthMs = intervalMs(interval);
    this.view = view;
    this.wasLive = board.status.state === 'live';
    this.release = [
      board.subscribe([`candles:${this.key}`]),
      board.onKey('candles', this.key, () => this.live()),
      board.onStatus(() => this.connectionChanged()),
    ];
    void this.load();
  }

  close(): void {
    this.aborter.abort();
    clearTimeout(this.mending);
    for (const release of this.release) release();
  }

  private async load(): Promise<void> {
    try {
      this.history.takeRows(await fetchCandles(this.key, HISTORY, this.aborter.signal));
    } catch {
      if (this.aborter.signal.aborted) return;
      this.view.noHistory();
    }
    if (this.aborter.signal.aborted) return;
    this.ready = true;
    this.mendedTo = this.history.last?.openTime ?? 0;
    const candle = this.board.get('candles', this.key);
    // A store may hold a later end from an earlier play of the same recording; what is live decides what is now.
    if (candle?.open_time !== undefined) this.history.dropAfter(candle.open_time);
    this.history.takeLive(candle);
    this.view.all(this.history.bars);
  }

  private live(): void {
    if (!this.ready) return;
    const candle = this.board.get('candles', this.key);
    const before = this.history.last;
    if (before !== undefined && (candle?.open_time ?? Infinity) < before.openTime) {
      this.startOver();
      return;
    }
    const extent = this.history.takeLive(candle);
    this.show(extent);
    const { last } = this.history;
    if (before !== undefined && last !== undefined && last.openTime > before.openTime) this.mendSoon();
  }

  /** A replay that began anew, or another server behind the same address: its past is not what is held here. */
  private startOver(): void {
    this.ready = false;
    this.history = new CandleHistory();
    void this.load();
  }

  private show(extent: Extent): void {
    const { last } = this.history;
    if (extent === 'all') this.view.all(this.history.bars);
    else if (extent === 'last' && last !== undefined) this.view.last(last);
  }

  private mendSoon(): void {
    this.mending ??= setTimeout(() => void this.mend(), this.lengthMs < 60_000 ? MEND_EVERY_MS : 500);
  }

  private async mend(): Promise<void> {
    const { last } = this.history;
    if (last === undefined) return;
    const missing = Math.ceil((last.openTime - this.mendedTo) / this.lengthMs) + 2;
    try {
      const rows = await fetchCandles(this.key, Math.min(HISTORY, Math.max(3, missing)), this.aborter.signal);
      // The live candle is newer on the board than in this answer, so the answer's own last one is left out.
      const closed = rows.filter(([openTime]) => openTime < (this.history.last?.openTime ?? 0));
      this.show(this.history.takeRows(closed));
      this.mendedTo = closed.at(-1)?.[0] ?? this.mendedTo;
    } catch {
      // The next candle tries again, and asks for all that is missing until then.
    } finally {
      this.mending = undefined;
    }
  }

  /** After a lost connection whole candles may be missing. */
  private connectionChanged(): void {
    const live = this.board.status.state === 'live';
    if (this.ready && live && !this.wasLive) this.mendSoon();
    this.wasLive = live;
  }
}
