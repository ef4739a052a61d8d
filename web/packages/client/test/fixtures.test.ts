/** The conversations that every client of the protocol must understand alike, in both formats. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../src/index.ts';
import { decodeMessage, Replica } from '../src/index.ts';
import type { Cursor, ServerMessage } from '../src/index.ts';

interface Point {
  readonly after: number;
  readonly cursor: Cursor;
  readonly state: JsonObject;
}

const FOLDER = fileURLToPath(new URL('../../../../tests/fixtures/wire/', import.meta.url));

const names = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .filter((file) => file.endsWith('.jsonl'))
      .map((file) => file.slice(0, -'.jsonl'.length))
  : [];

function jsonMessages(name: string): ServerMessage[] {
  const lines = readFileSync(`${FOLDER}${name}.jsonl`, 'utf8').split('\n');
  return lines.filter(Boolean).map((line) => decodeMessage(line));
}

function msgpackMessages(name: string): ServerMessage[] {
  const frames = decode(readFileSync(`${FOLDER}${name}.msgpack`)) as Uint8Array[];
  return frames.map((frame) => decodeMessage(frame));
}

it('finds the conversations', () => {
  expect(names.length, `no fixtures in ${FOLDER}: run python tests/wire/make_fixtures.py`).toBeGreaterThan(0);
});

describe.each(names)('%s', (name) => {
  const points = JSON.parse(readFileSync(`${FOLDER}${name}.expected.json`, 'utf8')) as Point[];
  it.each([
    ['JSON', jsonMessages],
    ['MessagePack', msgpackMessages],
  ])('rebuilds the state from %s', (_format, load) => {
    const messages = load(name);
    const replica = new Replica();
    let taken = 0;
    for (const { after, cursor, state } of points) {
      while (taken < after) replica.apply(messages[taken++] as ServerMessage);
      expect(replica.toData(), `after ${after} messages`).toEqual(state);
      expect(replica.cursor).toEqual(cursor);
    }
    expect(taken).toBe(messages.length);
  });
});
