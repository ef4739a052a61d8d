/** node e2e/screenshots.mjs URL FOLDER: the page in its sizes and themes, for people to look at. */
import { launch, watch } from './browser.mjs';

const SIZES = [
  ['wide', 1600, 900],
  ['laptop', 1280, 720],
  ['phone', 390, 844],
];

const [url, folder] = process.argv.slice(2);
if (url === undefined || folder === undefined) throw new Error('usage: screenshots.mjs URL FOLDER');

const browser = await launch();
for (const [name, width, height] of SIZES) {
  for (const colorScheme of ['dark', 'light']) {
    const phone = name === 'phone';
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme,
      ...(phone ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {}),
    });
    const page = await context.newPage();
    const faults = watch(page, url);
    await page.goto(url);
    await page.waitForSelector('[data-testid="connection"][data-state="live"]');
    await page.waitForSelector('[data-testid="grid"] [role="row"] + [role="row"]', { state: 'attached' });
    for (const tab of phone ? ['Overview', 'Chart', 'Book'] : ['all']) {
      if (phone) await page.getByRole('tab', { name: tab }).click();
      if (tab !== 'Overview') await page.waitForTimeout(3000);
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${tab.toLowerCase()}.png` });
    }
    for (const fault of faults) console.log(`${name} ${colorScheme}: ${fault}`);
    await context.close();
  }
}
await browser.close();
