import { ProtocolError } from './errors.ts';
import type { Json } from './json.ts';
import { isObject } from './json.ts';
import type { ClientMessage, ServerMessage } from './messages.ts';
import { decodeMsgpack } from './msgpackDecoder.ts';
import { encodeMsgpack } from './msgpackEncoder.ts';

export type WireFormat = 'json' | 'msgpack';

/** A message as the socket takes it: text is JSON, binary is MessagePack. */
export type Frame = string | Uint8Array<ArrayBuffer>;

export function subprotocol(format: WireFormat): string {
  return `bigboard.v1.${format}`;
}

export function encodeMessage(message: ClientMessage, format: WireFormat): Frame {
  // Absent options are left out, not sent as null: JSON does that by itself, MessagePack must be told.
  const text = JSON.stringify(message);
  return format === 'json' ? text : encodeMsgpack(JSON.parse(text) as Json);
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new ProtocolError('not JSON', { cause: error });
  }
}

/**
 * The message in a frame. A type that this version does not know is returned as it is: a client skips it.
 *
 * Raises `ProtocolError` for what is no object with a `type`.
 */
export function decodeMessage(frame: string | ArrayBuffer | Uint8Array): ServerMessage {
  const value =
    typeof frame === 'string'
      ? parseJson(frame)
      : decodeMsgpack(frame instanceof Uint8Array ? frame : new Uint8Array(frame));
  if (!isObject(value) || typeof value.type !== 'string') {
    throw new ProtocolError('a message must be an object with a type');
  }
  return value as unknown as ServerMessage;
}
