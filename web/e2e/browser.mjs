/** A headless Chromium that asks no other host for anything by itself. */
import { chromium } from 'playwright-core';

const QUIET = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** `CHROMIUM` names the browser if it is not at the usual place. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: QUIET });
}

/** Collects what must not happen on a page: errors, and requests to another host than its own. */
export function watch(page, url) {
  const own = new URL(url).host;
  const faults = [];
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  const check = (address) => {
    const { host, protocol } = new URL(address);
    if (protocol !== 'data:' && protocol !== 'blob:' && host !== own) faults.push(`foreign request: ${address}`);
  };
  page.on('request', (request) => check(request.url()));
  page.on('websocket', (socket) => check(socket.url()));
  return faults;
}
