import { decode, encode, ExtData } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientMessage, Json } from '../src/index.ts';
import { decodeMessage, encodeMessage, ProtocolError } from '../src/index.ts';
import { decodeMsgpack } from '../src/msgpackDecoder.ts';
import { encodeMsgpack } from '../src/msgpackEncoder.ts';

/** `@msgpack/msgpack` refuses the key `__proto__` and writes -0 as 0, so it cannot be the measure there. */
const values = fc
  .json({ maxDepth: 5 })
  .filter((text) => !text.includes('"__proto__":'))
  .map((text) => JSON.parse(text.replaceAll('-0', '0')) as Json);

describe('MessagePack', () => {
  it('reads what an independent encoder writes', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeMsgpack(encode(value))).toEqual(value);
      }),
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(decodeMsgpack(encode(value))).toBe(value);
      }),
    );
  });

  it('writes what an independent decoder reads', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encodeMsgpack(value))).toEqual(value);
      }),
    );
  });

  it('keeps strings and containers of every length class', () => {
    for (const length of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
      const value = { text: 'é'.repeat(length), list: new Array<number>(length).fill(1) };
      expect(decodeMsgpack(encode(value))).toEqual(value);
      expect(decode(encodeMsgpack(value))).toEqual(value);
    }
  });

  it('reads 64-bit integers and 32-bit floats', () => {
    expect(decodeMsgpack(encode(2n ** 53n - 1n, { useBigInt64: true }))).toBe(2 ** 53 - 1);
    expect(decodeMsgpack(encode(-(2n ** 40n), { useBigInt64: true }))).toBe(-(2 ** 40));
    expect(decodeMsgpack(encode(1.5, { forceFloat32: true }))).toBe(1.5);
  });

  it('takes the key __proto__ for a key', () => {
    const value = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as Json;
    const read = decodeMsgpack(encodeMsgpack(value));
    expect(JSON.stringify(read)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('never takes a cut or lengthened message for a whole one', () => {
    const whole = encode({ type: 'heartbeat', epoch: 'e', sequence: 70_000, list: [1.5, 'text', true, null] });
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeMsgpack(whole.subarray(0, length))).toThrow(ProtocolError);
    }
    expect(() => decodeMsgpack(new Uint8Array([...whole, 0xc0]))).toThrow(ProtocolError);
  });

  it.each([
    ['an extension type', encode(new ExtData(5, new Uint8Array(3)))],
    ['a binary', encode(new Uint8Array(3))],
    ['a length beyond the end', new Uint8Array([0xdd, 0xff, 0xff, 0xff, 0xff])],
    ['a number as key', new Uint8Array([0x81, 0x01, 0x02])],
    ['broken UTF-8', new Uint8Array([0xa2, 0xc3, 0x28])],
    ['bottomless nesting', new Uint8Array(1000).fill(0x91)],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decodeMsgpack(bytes)).toThrow(ProtocolError);
  });
});

describe('messages', () => {
  it('leave out absent options in both formats', () => {
    const message = {
      action: 'subscribe',
      subscriptions: ['orders'],
      interval_ms: undefined,
    } as unknown as ClientMessage;
    const expected = { action: 'subscribe', subscriptions: ['orders'] };
    expect(JSON.parse(encodeMessage(message, 'json') as string)).toEqual(expected);
    expect(decode(encodeMessage(message, 'msgpack') as Uint8Array)).toEqual(expected);
  });

  it.each(['', '{', '[]', '3', '{"kind": "x"}', '{"type": 3}'])('refuses %j', (text) => {
    expect(() => decodeMessage(text)).toThrow(ProtocolError);
  });
});
