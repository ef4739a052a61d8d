/**
 * node e2e/smoke.mjs URL: the page in a real browser against a running board. Exits with 1 and a list of what is wrong.
 *
 * It needs a board with two symbols at least whose prices move.
 */
import { launch, watch } from './browser.mjs';

const [url] = process.argv.slice(2);
if (url === undefined) throw new Error('usage: smoke.mjs URL');

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
const faults = watch(page, url);
const at = (id) => page.locator(`[data-testid="${id}"]`);
const valueOf = async (id) => Number(await at(id).getAttribute('data-value'));

async function check(what, proof) {
  try {
    await proof();
    console.log(`ok    ${what}`);
  } catch (error) {
    console.log(`FAIL  ${what}`);
    faults.push(`${what}: ${error.message.split('\n')[0]}`);
  }
}

/** Waits until `read` gives something else than it does now. */
async function changes(read) {
  const before = await read();
  for (let i = 0; i < 100; i++) {
    if ((await read()) !== before) return;
    await page.waitForTimeout(100);
  }
  throw new Error(`still ${before} after 10 s`);
}

await page.goto(url);
await check('connects', () => page.waitForSelector('[data-testid="connection"][data-state="live"]'));
await check('says where the numbers come from', () =>
  page.waitForSelector('[data-testid="mode"]:not([data-value=""])'),
);
await check('lists symbols', () => page.waitForSelector('[data-testid^="row-"] + [data-testid^="row-"]'));
const symbol = await at('symbol').textContent();
await check('moves a last price', () => changes(() => valueOf(`last-${symbol}`)));
await check('draws candles', () => page.waitForSelector('[data-testid="chart"]:not([data-bars="0"])[data-bars]'));
await check('has a book that is not crossed', async () => {
  await page.waitForSelector('[data-side="asks"] [data-price]');
  const best = (side) => page.locator(`[data-side="${side}"] [data-price]`).first().getAttribute('data-price');
  const [bid, ask] = [Number(await best('bids')), Number(await best('asks'))];
  if (!(bid < ask)) throw new Error(`best bid ${bid}, best ask ${ask}`);
});
await check('shows trades', () => page.waitForSelector('[data-trade]'));
await check('shows services', () => page.waitForSelector('[data-testid^="service-"]'));
await check('selects another symbol by key', async () => {
  // Home or End: one of them is another symbol than the one that is selected.
  await page.keyboard.press('Home');
  await page.waitForTimeout(500);
  if ((await at('symbol').textContent()) === symbol) await page.keyboard.press('End');
  await page.waitForFunction((old) => document.querySelector('[data-testid="symbol"]')?.textContent !== old, symbol);
});
await check('finds a symbol by typing', async () => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(symbol.toLowerCase());
  await page.keyboard.press('Enter');
  await page.waitForFunction((name) => document.querySelector('[data-testid="symbol"]')?.textContent === name, symbol);
});
await check('filters the table', async () => {
  await page.keyboard.press('/');
  await page.keyboard.type(symbol);
  await page.waitForFunction(() => Number(document.querySelector('[data-testid="symbol-count"]')?.textContent) >= 1);
  await page.keyboard.press('Escape');
});
await check('shows and hides the keys', async () => {
  await page.keyboard.press('?');
  await at('keys').waitFor();
  await page.keyboard.press('Escape');
  await at('keys').waitFor({ state: 'detached' });
});
await check('changes the theme', async () => {
  const before = await at('theme').getAttribute('data-value');
  await at('theme').click();
  if ((await at('theme').getAttribute('data-value')) === before) throw new Error(`still ${before}`);
});

for (const fault of faults) console.error(fault);
await browser.close();
process.exitCode = faults.length > 0 ? 1 : 0;
