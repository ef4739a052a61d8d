import { BoardClient } from '@bigboard/client';
import { apiToken } from './apiToken.ts';

/** The board of the server that this page came from. */
export function openBoard(): BoardClient {
  const url = new URL('/ws?client=web', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  url.hash = '';
  const board = new BoardClient({ url: url.href, token: apiToken });
  board.connect();
  return board;
}
