/** MessagePack for what a client says: small objects, a few times a minute, so plainness counts more than speed. */
import type { Json } from './json.ts';
import { isObject } from './json.ts';

const UTF8 = new TextEncoder();

type Bytes = number[];

function head(out: Bytes, length: number, fix: number, fixLimit: number, wide: readonly [number, number]): void {
  if (length < fixLimit) out.push(fix | length);
  else if (length < 0x10000) out.push(wide[0], length >> 8, length & 0xff);
  else out.push(wide[1], length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff);
}

function text(out: Bytes, value: string): void {
  const bytes = UTF8.encode(value);
  head(out, bytes.length, 0xa0, 32, [0xda, 0xdb]);
  for (const byte of bytes) out.push(byte);
}

function number(out: Bytes, value: number): void {
  const view = new DataView(new ArrayBuffer(8));
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    out.push(0xcb);
    view.setFloat64(0, value);
  } else if (value >= 0 && value < 0x80) {
    out.push(value);
    return;
  } else {
    out.push(0xd3);
    view.setBigInt64(0, BigInt(value));
  }
  for (let i = 0; i < 8; i++) out.push(view.getUint8(i));
}

function write(out: Bytes, value: Json): void {
  if (value === null) out.push(0xc0);
  else if (typeof value === 'boolean') out.push(value ? 0xc3 : 0xc2);
  else if (typeof value === 'number') number(out, value);
  else if (typeof value === 'string') text(out, value);
  else if (isObject(value)) {
    const entries = Object.entries(value);
    head(out, entries.length, 0x80, 16, [0xde, 0xdf]);
    for (const [key, item] of entries) {
      text(out, key);
      write(out, item);
    }
  } else {
    head(out, value.length, 0x90, 16, [0xdc, 0xdd]);
    for (const item of value) write(out, item);
  }
}

/** The bytes of one value. */
export function encodeMsgpack(value: Json): Uint8Array<ArrayBuffer> {
  const out: Bytes = [];
  write(out, value);
  return new Uint8Array(out);
}
