/** WCAG AA: text keeps 4.5:1 against every surface that it stands on, in every theme and palette. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');

function block(selector: string): Record<string, string> {
  const start = css.indexOf(`\n${selector} {`);
  const body = css.slice(start, css.indexOf('}', start));
  const found = body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value] as const));
}

const dark = block(':root');
const light = { ...dark, ...block(":root[data-theme='light']") };
const themes: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['dark', dark],
  ['light', light],
  ['dark, colour-blind', { ...dark, ...block(":root[data-palette='colour-blind']") }],
  ['light, colour-blind', { ...light, ...block(":root[data-theme='light'][data-palette='colour-blind']") }],
];

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.040_45 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const TEXTS = ['text', 'price', 'price-changed', 'secondary', 'up', 'down', 'accent', 'warning', 'replay', 'stale'];
const SURFACES = ['panel', 'background'];
const ROWS = ['selected', 'raised'];

describe.each(themes)('%s', (_name, colours) => {
  it.each(TEXTS)('%s is readable on every surface', (text) => {
    for (const surface of SURFACES) {
      expect(contrast(colours[text] ?? '', colours[surface] ?? ''), surface).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(['text', 'price', 'secondary', 'up', 'down', 'stale'])('%s is readable on a selected row', (text) => {
    for (const surface of ROWS) {
      expect(contrast(colours[text] ?? '', colours[surface] ?? ''), surface).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('the bar of a lost connection is readable', () => {
    expect(contrast(colours['on-warning'] ?? '', colours.warning ?? '')).toBeGreaterThanOrEqual(4.5);
  });
});
