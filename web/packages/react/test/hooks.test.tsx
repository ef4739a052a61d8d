// @vitest-environment jsdom
/** The hooks against a real client and a real server. */
import type { AddressInfo } from 'node:net';
import type { ServerMessage } from '@bigboard/client';
import { BoardClient } from '@bigboard/client';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { WebSocket as ServerSocket } from 'ws';
import { WebSocket, WebSocketServer } from 'ws';
import { BoardProvider, useConnection, useTopic, useTopicKeys } from '../src/index.ts';

const PLACE = { epoch: 'e', sequence: 1, timestamp: '2025-10-06T05:41:00.000Z' };

let server: WebSocketServer;
let socket: ServerSocket;
let board: BoardClient;
let root: Root;
let place: HTMLElement;
let flush: () => void = () => undefined;
const heard: { readonly action: string; readonly subscriptions?: readonly string[] }[] = [];

function send(message: ServerMessage): void {
  socket.send(JSON.stringify(message));
}

beforeEach(async () => {
  heard.length = 0;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (accepted) => {
    socket = accepted;
    accepted.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString()) as (typeof heard)[number]));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  board = new BoardClient({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    format: 'json',
    socket: WebSocket,
    schedule: (later) => {
      flush = later;
    },
  });
  place = document.createElement('div');
  root = createRoot(place);
});

afterEach(async () => {
  root.unmount();
  board.close();
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
});

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 10 });
const shows = (html: string): Promise<void> => until(() => expect(place.innerHTML).toBe(html));

const renders: string[] = [];

function Row({ name }: { readonly name: string }): React.ReactNode {
  renders.push(name);
  return <b>{useTopic('market_data', name)?.last_price}</b>;
}

function Page(): React.ReactNode {
  const { state } = useConnection();
  return (
    <>
      <i>{state}</i>
      {useTopicKeys('market_data').map((name) => (
        <Row key={name} name={name} />
      ))}
    </>
  );
}

it('renders what is subscribed to, and only what changed', async () => {
  root.render(
    <BoardProvider value={board}>
      <Page />
    </BoardProvider>,
  );
  await shows('<i>idle</i>');
  board.connect();
  await until(() => expect(heard.find(({ action }) => action === 'subscribe')).toBeDefined());
  expect(heard.find(({ action }) => action === 'subscribe')?.subscriptions).toEqual(['market_data']);
  const data = { market_data: { A: { last_price: 1 }, B: { last_price: 2 } } };
  const subscriptions = ['market_data'];
  send({ type: 'subscribed', subscriptions, ...PLACE, interval_ms: 250, tape_length: 9, resumed: false });
  send({ type: 'state_update', ...PLACE, subscriptions, data });
  await until(() => expect(board.get('market_data', 'B')).toBeDefined());
  flush();
  await shows('<i>live</i><b>1</b><b>2</b>');
  renders.length = 0;
  send({ type: 'diff_update', ...PLACE, since: 1, sequence: 2, changes: { market_data: { B: { last_price: 3 } } } });
  await until(() => expect(board.get('market_data', 'B')?.last_price).toBe(3));
  flush();
  await shows('<i>live</i><b>1</b><b>3</b>');
  expect(renders).toEqual(['B']);
});

it('asks for nothing more once nobody looks', async () => {
  root.render(
    <BoardProvider value={board}>
      <Page />
    </BoardProvider>,
  );
  await shows('<i>idle</i>');
  board.connect();
  await until(() => expect(heard.some(({ action }) => action === 'subscribe')).toBe(true));
  root.render(null);
  await until(() => expect(heard).toContainEqual(expect.objectContaining({ action: 'unsubscribe' })));
});

it('says what is missing without a provider', async () => {
  const onUncaughtError = vi.fn();
  const alone = createRoot(document.createElement('div'), { onUncaughtError });
  alone.render(<Page />);
  await until(() => expect(String(onUncaughtError.mock.calls[0]?.[0])).toContain('BoardProvider'));
  alone.unmount();
});
