"""Frames out of any pieces of a stream, as a full parser reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from bigboard.gateway.prepared import header
from bigboard.load.frame_splitter import FIN_BINARY, FIN_TEXT, MALFORMED, FrameSplitter

_SIZES = st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) | st.integers(0, 300)
_PAYLOADS = st.lists(st.tuples(_SIZES, st.booleans()), min_size=1, max_size=8)


def _read(splitter: FrameSplitter, stream: bytes, cuts: list[int]) -> list[tuple[int, bytes]]:
    read = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        for first, frame, payload in splitter.split(stream[begin:end]):
            read.append((first, frame[payload:]))
    return read


@given(_PAYLOADS, st.data())
def test_whatever_the_pieces_the_frames_are_the_same(payloads: list[tuple[int, bool]], data: st.DataObject) -> None:
    told = [(FIN_TEXT if text else FIN_BINARY, bytes([index]) * size) for index, (size, text) in enumerate(payloads)]
    stream = b"".join(header(len(payload), text=first == FIN_TEXT) + payload for first, payload in told)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    assert _read(FrameSplitter(100_000), stream, cuts) == told


@given(st.binary(max_size=125), st.sampled_from([Opcode.PING, Opcode.PONG, Opcode.CLOSE, Opcode.CONT]))
def test_other_frames_come_with_all_their_bytes(payload: bytes, opcode: Opcode) -> None:
    wire = Frame(opcode, payload, fin=opcode is not Opcode.CONT).serialize(mask=False)
    ((first, frame, begin),) = FrameSplitter(1_000).split(wire)
    assert first & 0x0F == opcode
    assert (frame, frame[begin:]) == (wire, payload)


@pytest.mark.parametrize(
    "bad",
    [
        Frame(Opcode.TEXT, b"masked").serialize(mask=True),
        header(101, text=True) + bytes(101),
        header(2**62, text=False),
    ],
    ids=["masked", "one byte too large", "far too large"],
)
def test_what_may_not_be_read_is_handed_over_as_it_is(bad: bytes) -> None:
    splitter = FrameSplitter(100)
    good = header(2, text=True) + b"ok"
    assert _read(splitter, good + bad, []) == [(FIN_TEXT, b"ok"), (MALFORMED, bad)]
    assert _read(splitter, good, []) == [(MALFORMED, good)]


def test_it_keeps_no_more_than_one_frame() -> None:
    splitter = FrameSplitter(100_000)
    frame = header(90_000, text=False) + bytes(90_000)
    for begin in range(0, 80_000, 1_000):
        assert splitter.split(frame[begin : begin + 1_000]) == []
    assert splitter._rest is not None
    assert len(splitter._rest) == 80_000
    assert len(splitter.split(frame[80_000:] + frame)) == 2
    assert splitter._rest is None
