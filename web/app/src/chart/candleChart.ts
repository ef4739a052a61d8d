/** A candle chart with volume, on lightweight-charts. Loaded only when a chart is shown. */
import type { IChartApi, ISeriesApi, PriceFormatCustom, UTCTimestamp } from 'lightweight-charts';
import { CandlestickSeries, ColorType, createChart, CrosshairMode, HistogramSeries } from 'lightweight-charts';
import { formatFixed } from '../format/price.ts';
import type { Bar } from './candleHistory.ts';
import type { ChartColours } from './chartColours.ts';
import { chartColours } from './chartColours.ts';

const MOST_SHOWN = 140;
const FEWEST_SHOWN = 60;

export interface ChartOptions {
  readonly decimals: number;
  readonly tickSize: number;
  readonly seconds: boolean;
  /** The bar under the crosshair, or `undefined` when there is none. */
  readonly onHover: (openTime: number | undefined) => void;
}

export class CandleChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  private readonly volume: ISeriesApi<'Histogram'>;
  private colours: ChartColours;
  private bars: readonly Bar[] = [];
  private fitted = false;

  constructor(element: HTMLElement, options: ChartOptions) {
    this.colours = chartColours();
    this.chart = createChart(element, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      // The library's own logo brings a style element of its own, which a strict content security policy refuses; the
      // panel's head carries the attribution instead.
      layout: { attributionLogo: false, fontSize: 11 },
      rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.24 } },
      timeScale: { timeVisible: true, secondsVisible: options.seconds, rightOffset: 6, minBarSpacing: 1 },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, {
      priceFormat: priceFormat(options.decimals, options.tickSize),
      borderVisible: false,
    });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'volume' },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.chart.priceScale('volume').applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.chart.subscribeCrosshairMove(({ time }) =>
      options.onHover(typeof time === 'number' ? time * 1000 : undefined),
    );
    this.paint();
  }

  setAll(bars: readonly Bar[]): void {
    this.bars = bars;
    this.candles.setData(bars.map(candlePoint));
    this.volume.setData(bars.map((bar) => this.volumePoint(bar)));
    if (this.fitted || bars.length === 0) return;
    this.fitted = true;
    const shown = Math.min(MOST_SHOWN, Math.max(FEWEST_SHOWN, bars.length));
    this.chart.timeScale().setVisibleLogicalRange({ from: bars.length - shown, to: bars.length + 5 });
  }

  setLast(bar: Bar): void {
    this.candles.update(candlePoint(bar));
    this.volume.update(this.volumePoint(bar));
  }

  setPrecision(decimals: number, tickSize: number): void {
    this.candles.applyOptions({ priceFormat: priceFormat(decimals, tickSize) });
  }

  /** Takes the page's present colours. */
  recolour(): void {
    this.colours = chartColours();
    this.paint();
    this.volume.setData(this.bars.map((bar) => this.volumePoint(bar)));
  }

  close(): void {
    this.chart.remove();
  }

  private paint(): void {
    const { panel, line, secondary, raised, up, down } = this.colours;
    const crosshair = { color: secondary, labelBackgroundColor: raised };
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: panel }, textColor: secondary, fontFamily: pageFont() },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: { vertLine: crosshair, horzLine: crosshair },
    });
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
  }

  private volumePoint(bar: Bar): { time: UTCTimestamp; value: number; color: string } {
    const rose = bar.close >= bar.open;
    return { time: seconds(bar), value: bar.volume, color: rose ? this.colours.depthUp : this.colours.depthDown };
  }
}

function candlePoint(bar: Bar): { time: UTCTimestamp; open: number; high: number; low: number; close: number } {
  const { open, high, low, close } = bar;
  return { time: seconds(bar), open, high, low, close };
}

/** Prices as everywhere else on the page. */
function priceFormat(decimals: number, tickSize: number): PriceFormatCustom {
  return { type: 'custom', formatter: (price: number) => formatFixed(price, decimals), minMove: tickSize };
}

function seconds(bar: Bar): UTCTimestamp {
  return Math.floor(bar.openTime / 1000) as UTCTimestamp;
}

function pageFont(): string {
  return getComputedStyle(document.body).fontFamily;
}
