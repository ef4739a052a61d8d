/**
 * MessagePack for this protocol: nil, booleans, numbers, strings, arrays, and maps with string keys.
 *
 * The usual libraries refuse the map key `__proto__`, but keys of a board are opaque (PROTOCOL section 4), so one odd
 * key would take down every client that sees it. Extension types and binaries are refused: the protocol has none.
 */
import { ProtocolError } from './errors.ts';
import type { Json, MutableJsonObject } from './json.ts';
import { setOwn } from './json.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** Deeper than any message of the protocol, and far from the end of the stack. */
const DEEPEST = 64;
/** Up to this many bytes a loop over ASCII is faster than a call of TextDecoder. */
const SHORT_TEXT = 24;

class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;
  private depth = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get finished(): boolean {
    return this.at === this.bytes.length;
  }

  value(): Json {
    const head = this.view.getUint8(this.at++);
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head < 0x90) return this.map(head & 0x0f);
    if (head < 0xa0) return this.array(head & 0x0f);
    if (head < 0xc0) return this.text(head & 0x1f);
    return this.tagged(head);
  }

  private tagged(head: number): Json {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.view.getFloat32(this.skip(4));
      case 0xcb:
        return this.view.getFloat64(this.skip(8));
      case 0xcf:
        return Number(this.view.getBigUint64(this.skip(8)));
      case 0xd0:
        return this.view.getInt8(this.skip(1));
      case 0xd1:
        return this.view.getInt16(this.skip(2));
      case 0xd2:
        return this.view.getInt32(this.skip(4));
      case 0xd3:
        return Number(this.view.getBigInt64(this.skip(8)));
      default:
        return this.sized(head);
    }
  }

  /** The kinds that begin with an unsigned number of 1, 2 or 4 bytes: that number itself, or a length. */
  private sized(head: number): Json {
    switch (head) {
      case 0xcc:
        return this.unsigned(1);
      case 0xcd:
        return this.unsigned(2);
      case 0xce:
        return this.unsigned(4);
      case 0xd9:
        return this.text(this.unsigned(1));
      case 0xda:
        return this.text(this.unsigned(2));
      case 0xdb:
        return this.text(this.unsigned(4));
      case 0xdc:
        return this.array(this.unsigned(2));
      case 0xdd:
        return this.array(this.unsigned(4));
      case 0xde:
        return this.map(this.unsigned(2));
      case 0xdf:
        return this.map(this.unsigned(4));
      default:
        throw new ProtocolError(`MessagePack type 0x${head.toString(16)} is not part of the protocol`);
    }
  }

  private skip(count: number): number {
    const start = this.at;
    this.at += count;
    return start;
  }

  private unsigned(width: 1 | 2 | 4): number {
    const start = this.skip(width);
    if (width === 1) return this.view.getUint8(start);
    return width === 2 ? this.view.getUint16(start) : this.view.getUint32(start);
  }

  private array(length: number): Json[] {
    this.descend(length);
    const items: Json[] = [];
    for (let i = 0; i < length; i++) items.push(this.value());
    this.depth--;
    return items;
  }

  private map(length: number): MutableJsonObject {
    this.descend(length);
    const object: MutableJsonObject = {};
    for (let i = 0; i < length; i++) {
      const key = this.value();
      if (typeof key !== 'string') throw new ProtocolError('a map key is not a string');
      setOwn(object, key, this.value());
    }
    this.depth--;
    return object;
  }

  /** A length may lie; an item takes a byte at least, so one that is longer than the rest is refused up front. */
  private descend(length: number): void {
    if (length > this.bytes.length - this.at) throw new RangeError('a length reaches past the end');
    if (++this.depth > DEEPEST) throw new ProtocolError('nested too deeply');
  }

  private text(length: number): string {
    const start = this.skip(length);
    if (this.at > this.bytes.length) throw new RangeError('a string reaches past the end');
    if (length <= SHORT_TEXT) {
      let text = '';
      let i = start;
      for (; i < this.at; i++) {
        const code = this.bytes[i] as number;
        if (code >= 0x80) break;
        text += String.fromCharCode(code);
      }
      if (i === this.at) return text;
    }
    return UTF8.decode(this.bytes.subarray(start, this.at));
  }
}

/** One MessagePack value that fills `bytes` exactly. Raises `ProtocolError` for anything else. */
export function decodeMsgpack(bytes: Uint8Array): Json {
  const reader = new Reader(bytes);
  let value: Json;
  try {
    value = reader.value();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError('not MessagePack, or cut off', { cause: error });
  }
  if (!reader.finished) throw new ProtocolError('bytes left over after the message');
  return value;
}
