// A client of the TypeScript package, driven by lines on standard input: "report" prints what it holds, "end" ends it.
// node replica.mjs URL FORMAT INTERVAL_MS SUBSCRIPTION…
import { createInterface } from 'node:readline';
import WebSocket from '../../web/node_modules/ws/wrapper.mjs';
import { Backoff, BoardClient } from '../../web/packages/client/dist/index.js';

const [url, format, intervalMs, ...subscriptions] = process.argv.slice(2);

const client = new BoardClient({
  url,
  format,
  intervalMs: Number(intervalMs),
  socket: WebSocket,
  schedule: (run) => queueMicrotask(run),
  wakes: () => () => undefined,
  backoff: new Backoff(10, 100),
});
client.subscribe(subscriptions);
client.connect();

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') break;
  const replica = client.replica;
  const report = { state: client.status.state, cursor: replica.cursor ?? null, data: replica.toData(), ...client.counts };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
client.close();
process.exit(0);
