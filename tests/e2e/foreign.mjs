// A client that somebody might write after reading docs/protocol.md, with `ws` and nothing of this project.
// node foreign.mjs URL FORMAT: prints one JSON object that says what it saw.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { WebSocket } = require('ws');
const msgpack = require('@msgpack/msgpack');

const [url, format] = process.argv.slice(2);
const binary = format === 'msgpack';
const seen = { types: [], pongs: 0 };

function connect() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [`bigboard.v1.${format}`]);
    const waiting = [];
    const arrived = [];
    socket.on('message', (data, isBinary) => {
      if (isBinary !== binary) reject(new Error('a frame of the other kind'));
      const message = isBinary ? msgpack.decode(data) : JSON.parse(data.toString());
      seen.types.push(message.type);
      (waiting.shift() ?? ((one) => arrived.push(one)))(message);
    });
    socket.on('pong', () => seen.pongs++);
    socket.on('error', reject);
    socket.say = (message) => socket.send(binary ? msgpack.encode(message) : JSON.stringify(message));
    socket.next = () => (arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((r) => waiting.push(r)));
    socket.until = async (type) => {
      for (;;) {
        const message = await socket.next();
        if (message.type === type) return message;
      }
    };
    socket.ended = new Promise((end) => socket.on('close', (code, reason) => end({ code, reason: reason.toString() })));
    socket.on('open', () => resolve(socket));
  });
}

const first = await connect();
seen.protocol = first.protocol;
first.ping();
first.say({ action: 'subscribe', subscriptions: ['market_data', 'orderbook:BTCUSDT'], interval_ms: 20, id: 7 });
seen.subscribed = await first.until('subscribed');
const state = await first.until('state_update');
let price = state.data.market_data.BTCUSDT.last_price;
let cursor = { epoch: state.epoch, sequence: state.sequence };
process.stdout.write('ready\n');
while (price < 3) {
  const diff = await first.until('diff_update');
  if (diff.epoch !== cursor.epoch || diff.since !== cursor.sequence) throw new Error('a gap');
  cursor = { epoch: diff.epoch, sequence: diff.sequence };
  price = diff.changes.market_data?.BTCUSDT?.last_price ?? price;
}
first.terminate();

const second = await connect();
second.say({ action: 'subscribe', subscriptions: ['market_data', 'orderbook:BTCUSDT'], resume: cursor });
seen.resumed = (await second.until('subscribed')).resumed;
second.say({ action: 'ping', id: 'x' });
seen.pong = (await second.until('pong')).id;
second.say({ action: 'dance' });
seen.error = (await second.until('error')).code;
second.send('[]');
seen.violation = await second.ended;

const third = await connect();
third.send('x'.repeat(70_000));
seen.large = await third.ended;

const fourth = await connect();
fourth.close(1000);
seen.normal = await fourth.ended;
seen.price = price;
process.stdout.write(`${JSON.stringify(seen)}\n`);
