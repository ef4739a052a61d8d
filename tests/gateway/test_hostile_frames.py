"""Frames that RFC 6455 forbids, over a raw socket: the connection ends with the code it names, and nobody else notices."""

from __future__ import annotations

import struct

import pytest
from websockets.frames import Frame, Opcode

from gateway.raw_client import RawClient
from gateway.siege import siege

_MASK = b"\x01\x02\x03\x04"


def _frame(first: int, payload: bytes = b"", *, mask: bool = True, length: bytes | None = None) -> bytes:
    """A frame with any first byte, and any length if one is given."""
    bit = 0x80 if mask else 0
    size = bytes((bit | len(payload),)) if length is None else bytes((bit | length[0],)) + length[1:]
    key = _MASK if mask else b""
    body = bytes(byte ^ _MASK[at % 4] for at, byte in enumerate(payload)) if mask else payload
    return bytes((first,)) + size + key + body


def _close(code: int, reason: bytes = b"") -> bytes:
    return _frame(0x88, struct.pack("!H", code) + reason)


_TEXT = b'{"action": "ping"}'
_PROTOCOL_ERROR = {
    "unmasked": _frame(0x81, _TEXT, mask=False),
    "RSV1 without compression": _frame(0xC1, _TEXT),
    "RSV2": _frame(0xA1, _TEXT),
    "RSV3": _frame(0x91, _TEXT),
    **{f"opcode {opcode}": _frame(0x80 | opcode, _TEXT) for opcode in (3, 7, 11, 15)},
    "ping of 126 bytes": _frame(0x89, b"x" * 126, length=b"\x7e\x00\x7e"),
    "close of 126 bytes": _frame(0x88, b"x" * 126, length=b"\x7e\x00\x7e"),
    "fragmented ping": _frame(0x09, b"x"),
    "fragmented close": _frame(0x08, struct.pack("!H", 1000)),
    "continuation of nothing": _frame(0x80, _TEXT),
    "text within a text": _frame(0x01, b'{"a') + _frame(0x81, _TEXT),
    "close within a text": _frame(0x01, b'{"a') + _close(1000),
    "close of one byte": _frame(0x88, b"\x03"),
    **{f"close code {code}": _close(code) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)},
}
_OTHER_ERRORS = {
    "text that is not UTF-8": (_frame(0x81, b'{"action": "\xff"}'), 1007),
    "UTF-8 cut by the end": (_frame(0x01, b'"\xc3') + _frame(0x80, b'"'), 1007),
    "surrogates in UTF-8": (_frame(0x81, b'"\xed\xa0\x80"'), 1007),
    "close reason that is not UTF-8": (_close(1000, b"\xff"), 1007),
    "length of 2^63": (_frame(0x82, length=b"\x7f" + struct.pack("!Q", 2**63)), 1009),
    "length of 2^63 - 1": (_frame(0x82, length=b"\x7f" + struct.pack("!Q", 2**63 - 1)), 1009),
    "length of 65538": (_frame(0x81, length=b"\x7f" + struct.pack("!Q", 65_538)), 1009),
    "fragments beyond the limit": (_frame(0x01, b"x" * 100) + _frame(0x00, b"x" * 120) * 600, 1009),
    "compressed frame of garbage": (_frame(0xC1, b"\xff" * 100), 1002),
}
_ENDS = {**{name: (sent, 1002) for name, sent in _PROTOCOL_ERROR.items()}, **_OTHER_ERRORS}


async def test_what_the_standard_forbids_ends_in_the_code_that_it_names() -> None:
    async with siege() as stage:
        for name, (sent, code) in _ENDS.items():
            async with RawClient(stage.port) as attacker:
                await attacker.write(sent)
                await attacker.read(lambda attacker=attacker: attacker.ended)  # type: ignore[misc]
                assert attacker.close is not None, name
                assert attacker.close.code == code, name


async def test_a_lawful_oddity_is_no_offence() -> None:
    """Empty fragments, pings between fragments, pongs that nobody asked for, a close without a code."""
    async with siege() as stage, RawClient(stage.port) as odd:
        await odd.write(_frame(0x01, b'{"action"'))
        await odd.write(_frame(0x00) * 500 + _frame(0x89, b"between") + _frame(0x8A, b"unasked"))
        await odd.write(_frame(0x80, b': "ping", "id": 1}'))
        await odd.read(lambda: any(b'"pong"' in bytes(frame.data) for frame in odd.frames))
        assert [bytes(frame.data) for frame in odd.frames if frame.opcode is Opcode.PONG] == [b"between"]
        await odd.write(_frame(0x88))
        await odd.read(lambda: odd.ended)
        closes = [frame for frame in odd.frames if frame.opcode is Opcode.CLOSE]
        assert [bytes(frame.data) for frame in closes] == [b""]


@pytest.mark.parametrize("sent", [b"\x81", b"\x81\xfe\x00", b"\x82\xff" + b"\x00" * 6, _frame(0x01, b'{"action')])
async def test_the_beginning_of_a_frame_that_never_ends_costs_nobody(sent: bytes) -> None:
    async with siege() as stage, RawClient(stage.port) as attacker:
        await attacker.write(sent)
        async with stage.served.connect() as other:
            await other.send('{"action": "ping"}')
            assert "pong" in str(await other.recv())


async def test_what_comes_behind_a_close_is_not_read() -> None:
    async with siege() as stage, RawClient(stage.port) as attacker:
        subscribe = Frame(Opcode.TEXT, b'{"action": "subscribe", "subscriptions": ["*"]}').serialize(mask=True)
        await attacker.write(_close(1000) + subscribe * 10)
        await attacker.read(lambda: attacker.ended)
        assert [frame.opcode for frame in attacker.frames] == [Opcode.CLOSE]
