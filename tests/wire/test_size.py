"""The bound of one inbound message: PROTOCOL sections 1 and 6."""

from __future__ import annotations

import msgspec
import pytest

from bigboard.wire import CloseCode
from wire.talking import Talk, kinds


def _padded(size: int, letter: str) -> str:
    """A ping of so many bytes of UTF-8."""
    frame = '{"action":"ping","x":""}'
    width = len(letter.encode())
    return frame[:-2] + letter * ((size - len(frame)) // width) + "a" * ((size - len(frame)) % width) + frame[-2:]


@pytest.mark.parametrize("letter", ["a", "é", "☂", "😀"])
def test_more_than_64_kib_closes_with_1009(letter: str) -> None:
    """Sections 1 and 6: 64 KiB at most, in bytes whatever the letters."""
    talk = Talk()
    assert kinds(talk.send(_padded(65_536, letter))) == ["pong"]
    assert [answer["code"] for answer in talk.send(_padded(65_537, letter))] == ["too_large"]
    assert talk.session.close is not None
    assert talk.session.close.code is CloseCode.TOO_LARGE
    assert "65537" in talk.session.close.reason


def test_more_than_64_kib_of_messagepack_closes_with_1009() -> None:
    """Sections 1 and 6."""
    talk = Talk()
    frame = msgspec.msgpack.encode({"action": "ping", "x": ""})[:-1]
    for size, closes in ((65_536, False), (65_537, True)):
        padding = size - len(frame) - 3
        talk.send(frame + b"\xda" + padding.to_bytes(2, "big") + b"x" * padding)
        assert (talk.session.close is not None) is closes
