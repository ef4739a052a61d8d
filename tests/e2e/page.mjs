// A page in headless Chromium, driven by JSON commands on standard input, one answer a line.
// node page.mjs URL
import { createInterface } from 'node:readline';
import { launch } from '../../web/e2e/browser.mjs';

const url = process.argv[2];
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1600, height: 900 }, colorScheme: 'dark' });
const foreign = [];
const errors = [];
let loads = 0;
page.on('request', (request) => {
  if (new URL(request.url()).host !== new URL(url).host) foreign.push(request.url());
});
page.on('pageerror', (error) => errors.push(error.message));
page.on('load', () => loads++);

const commands = {
  open: () => page.goto(url).then(() => true),
  // The attributes of every element with these test ids, read in one turn of the page: one consistent picture.
  read: ({ ids }) =>
    page.evaluate((wanted) => {
      const found = {};
      for (const id of wanted) {
        const element = document.querySelector(`[data-testid="${id}"]`);
        if (element !== null) {
          found[id] = { text: element.textContent, value: element.dataset.value, state: element.dataset.state };
        }
      }
      return found;
    }, ids),
  type: ({ text }) => page.keyboard.type(text).then(() => true),
  focus: ({ id }) => page.fill(`[data-testid="${id}"]`, '').then(() => true),
  press: ({ key }) => page.keyboard.press(key).then(() => true),
  screenshot: ({ path }) => page.screenshot({ path }).then(() => true),
  facts: () => ({ foreign, errors, loads }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  if (command === 'end') break;
  const answer = await commands[command](rest);
  process.stdout.write(`${JSON.stringify(answer ?? null)}\n`);
}
await browser.close();
process.exit(0);
