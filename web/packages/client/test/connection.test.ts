/** The client against a real WebSocket server in this process. */
import type { AddressInfo } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { WebSocket as ServerSocket } from 'ws';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientMessage, ServerMessage } from '../src/index.ts';
import { Backoff, BoardClient } from '../src/index.ts';
import type { BoardClientOptions } from '../src/index.ts';

const TIMESTAMP = '2025-10-06T05:41:00.000Z';

/** A board of one key, whose answers a test can change. */
class Server {
  readonly heard: ClientMessage[] = [];
  readonly sockets: ServerSocket[] = [];
  resumes = true;
  silent = false;
  /** Hears nothing but pings. */
  deaf = false;
  greet: ((socket: ServerSocket) => void) | undefined;
  private readonly server = new WebSocketServer({ port: 0, host: '127.0.0.1' });

  constructor() {
    this.server.on('connection', (socket) => {
      this.sockets.push(socket);
      socket.on('message', (data: Buffer, binary) => this.receive(socket, data, binary));
      this.greet?.(socket);
    });
  }

  async url(): Promise<string> {
    if (this.server.address() === null) await new Promise((resolve) => this.server.once('listening', resolve));
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/ws`;
  }

  send(message: ServerMessage, socket = this.sockets.at(-1)): void {
    socket?.send(socket.protocol === 'bigboard.v1.json' ? JSON.stringify(message) : encode(message));
  }

  diff(since: number, price: number): void {
    const changes = { market_data: { A: { last_price: price } } };
    this.send({ type: 'diff_update', epoch: 'e', since, sequence: since + 1, timestamp: TIMESTAMP, changes });
  }

  said(action: string): ClientMessage[] {
    return this.heard.filter((message) => message.action === action);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private receive(socket: ServerSocket, data: Buffer, binary: boolean): void {
    const message = (binary ? decode(data) : JSON.parse(data.toString())) as ClientMessage;
    this.heard.push(message);
    if (this.silent) return;
    if (message.action === 'ping') this.send({ type: 'pong', timestamp: new Date().toISOString() }, socket);
    if (this.deaf) return;
    if (message.action === 'authenticate') this.authenticate(socket, message.token);
    if (message.action === 'subscribe') this.subscribe(socket, message);
  }

  private authenticate(socket: ServerSocket, token: string): void {
    if (token === 'good') this.send({ type: 'authenticated', subject: 'desk', permissions: ['*'] }, socket);
    else socket.close(4401, 'the token is not valid');
  }

  private subscribe(socket: ServerSocket, message: ClientMessage & { action: 'subscribe' }): void {
    const resumed = message.resume !== undefined && this.resumes;
    const { subscriptions } = message;
    const place = { epoch: 'e', sequence: 7 };
    this.send({ type: 'subscribed', subscriptions, ...place, interval_ms: 250, tape_length: 100, resumed }, socket);
    const data = { market_data: { A: { last_price: 7 } } };
    if (!resumed) this.send({ type: 'state_update', ...place, timestamp: TIMESTAMP, subscriptions, data }, socket);
  }
}

let server: Server;
let clients: BoardClient[];

beforeEach(() => {
  server = new Server();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.close();
  await server.close();
});

async function connect(options: Partial<BoardClientOptions> = {}): Promise<BoardClient> {
  const client = new BoardClient({
    url: await server.url(),
    socket: WebSocket,
    backoff: new Backoff(20, 40),
    schedule: (flush) => queueMicrotask(flush),
    ...options,
  });
  clients.push(client);
  client.subscribe(['market_data']);
  client.connect();
  return client;
}

/** Long, for the machine may be busy; it ends as soon as the condition holds. */
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const price = (client: BoardClient): number | undefined => client.get('market_data', 'A')?.last_price;
const live = (client: BoardClient): Promise<void> => until(() => expect(client.status.state).toBe('live'));

describe('a connection', () => {
  it.each(['json', 'msgpack'] as const)('brings the board and its changes in %s', async (format) => {
    const client = await connect({ format });
    const told = vi.fn();
    client.onKey('market_data', 'A', told);
    await live(client);
    expect(server.sockets[0]?.protocol).toBe(`bigboard.v1.${format}`);
    expect(price(client)).toBe(7);
    server.diff(7, 8);
    await until(() => expect(price(client)).toBe(8));
    expect(told).toHaveBeenCalled();
  });

  it('measures the round trip and the clock', async () => {
    const client = await connect();
    await until(() => expect(client.status.latencyMs).toBeGreaterThan(0));
    expect(Math.abs(client.clock.offsetMs)).toBeLessThan(1_000);
  });

  it('asks and gives up while it is open, in one turn', async () => {
    const client = await connect();
    await live(client);
    const release = client.subscribe(['orders']);
    await until(() => expect(server.said('subscribe')).toHaveLength(2));
    release();
    release();
    client.subscribe(['risk'])();
    await until(() => expect(server.said('unsubscribe')).toMatchObject([{ subscriptions: ['orders'] }]));
    expect(server.said('subscribe')).toHaveLength(2);
  });

  it('mends a gap without a new connection', async () => {
    const client = await connect();
    await live(client);
    server.diff(8, 9);
    await until(() => expect(server.said('subscribe')).toHaveLength(2));
    await until(() => expect(price(client)).toBe(7));
    server.diff(7, 8);
    await until(() => expect(price(client)).toBe(8));
    expect(server.sockets).toHaveLength(1);
    expect(client.counts.gaps).toBe(1);
  });
});

describe('a lost connection', () => {
  it('keeps the last values, comes back by itself and resumes', async () => {
    const client = await connect();
    await live(client);
    const states: string[] = [];
    client.onStatus(() => states.push(client.status.state));
    server.sockets[0]?.terminate();
    await until(() => expect(states).toContain('lost'));
    expect(price(client)).toBe(7);
    await live(client);
    expect(server.said('subscribe').at(-1)).toMatchObject({ resume: { epoch: 'e', sequence: 7 } });
    expect(client.counts.resumes).toBe(1);
    server.diff(7, 8);
    await until(() => expect(price(client)).toBe(8));
  });

  it('takes the whole state where the server cannot resume', async () => {
    const client = await connect();
    await live(client);
    server.diff(7, 8);
    await until(() => expect(price(client)).toBe(8));
    server.resumes = false;
    server.sockets[0]?.terminate();
    await until(() => expect(price(client)).toBe(7));
  });

  it('is noticed by its silence', async () => {
    // On a busy machine an answer may take long, and a client with less patience would be lost again and again.
    const client = await connect({ timing: { silenceMs: 600, pingEveryMs: 100, answerMs: 1_000 } });
    await live(client);
    server.silent = true;
    await until(() => expect(client.status.state).toBe('lost'));
    expect(client.status.end?.reason).toContain('nothing heard');
    server.silent = false;
    await live(client);
  });

  it.each([undefined, 'good'])('is what a link without answers is, alive or not (token %s)', async (token) => {
    server.deaf = true;
    const ends: (string | undefined)[] = [];
    const client = await connect({ token: () => token, timing: { answerMs: 300, pingEveryMs: 50 } });
    client.onStatus(() => ends.push(client.status.end?.reason));
    await until(() => expect(server.sockets.length).toBeGreaterThan(1));
    expect(ends).toContain('no answer for 0.3 s');
    server.deaf = false;
    await live(client);
  });

  it('is what a link becomes whose later question is not answered', async () => {
    const client = await connect({ timing: { answerMs: 300, pingEveryMs: 50 } });
    await live(client);
    server.deaf = true;
    client.subscribe(['orders']);
    await until(() => expect(client.status.state).toBe('lost'));
    server.deaf = false;
    await live(client);
    expect(server.said('subscribe').at(-1)).toMatchObject({ subscriptions: ['market_data', 'orders'] });
    expect(server.said('subscribe').at(-1)).not.toHaveProperty('resume');
  });

  it('is tried at once when the page wakes up', async () => {
    let wake = (): void => undefined;
    const client = await connect({
      backoff: new Backoff(600_000, 600_000, () => 1),
      wakes: (onWake) => {
        wake = onWake;
        return () => undefined;
      },
    });
    await live(client);
    server.sockets[0]?.terminate();
    await until(() => expect(client.status.nextTryAt).toBeGreaterThan(Date.now() + 500_000));
    wake();
    await live(client);
  });

  it('starts from a fresh snapshot after an unreadable message', async () => {
    const client = await connect({ format: 'json' });
    await live(client);
    server.sockets[0]?.send('{"type": 3}');
    await until(() => expect(server.sockets).toHaveLength(2));
    await live(client);
    expect(server.said('subscribe').at(-1)).not.toHaveProperty('resume');
  });
});

describe('closing', () => {
  it('is for good, and connecting again resumes', async () => {
    const client = await connect({ backoff: new Backoff(0, 0) });
    await live(client);
    client.close();
    expect(client.status).toMatchObject({ state: 'idle', nextTryAt: undefined });
    await until(() => expect(server.sockets[0]?.readyState).toBe(WebSocket.CLOSED));
    expect(server.sockets).toHaveLength(1);
    client.connect();
    await live(client);
    expect(server.sockets).toHaveLength(2);
    expect(client.counts.resumes).toBe(1);
  });
});

describe('a close with a code', () => {
  it.each([4400, 4403, 1009])('%i ends it until someone decides', async (code) => {
    const client = await connect();
    await live(client);
    server.sockets[0]?.close(code, 'because');
    await until(() => expect(client.status.state).toBe('closed'));
    expect(client.status.end).toMatchObject({ code, reason: 'because', policy: 'stop' });
    expect(client.status.nextTryAt).toBeUndefined();
    client.connect();
    await live(client);
  });

  it('4429 waits for half a minute at least', async () => {
    const client = await connect();
    await live(client);
    server.sockets[0]?.close(4429, 'too many messages');
    await until(() => expect(client.status.state).toBe('lost'));
    expect(client.status.nextTryAt).toBeGreaterThanOrEqual(Date.now() + 29_000);
  });

  it('4508 resumes with a longer interval', async () => {
    const client = await connect();
    await live(client);
    server.sockets[0]?.close(4508, 'too slow');
    await until(() => expect(server.said('subscribe')).toHaveLength(2));
    expect(server.said('subscribe').at(-1)).toMatchObject({ interval_ms: 500, resume: { sequence: 7 } });
  });
});

describe('a protected server', () => {
  it('gets the token before anything else', async () => {
    const client = await connect({ token: () => 'good' });
    await live(client);
    const actions = server.heard.map(({ action }) => action).filter((action) => action !== 'ping');
    expect(actions).toEqual(['authenticate', 'subscribe']);
  });

  it('resumes nothing that it saw with another token', async () => {
    const keyring: string[] = [];
    const client = await connect({ token: () => keyring[0] });
    const again = async (): Promise<ClientMessage | undefined> => {
      await live(client);
      client.close();
      client.connect();
      await live(client);
      return server.said('subscribe').at(-1);
    };
    expect(await again()).toHaveProperty('resume');
    keyring.push('good');
    expect(await again()).not.toHaveProperty('resume');
    expect(await again()).toHaveProperty('resume');
  });

  it('that refuses the token is not asked again', async () => {
    const client = await connect({ token: () => 'bad' });
    await until(() => expect(client.status.state).toBe('closed'));
    expect(client.status.end?.policy).toBe('authenticate');
  });
});
