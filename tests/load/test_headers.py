"""The header of every message that a server sends, in both formats, is what the whole message says."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

from bigboard.errors import WireError
from bigboard.load.headers import DiffHeader, Header, epoch_us, read_header
from bigboard.wire import Format, encode
from bigboard.wire.messages import (
    Authenticated,
    DiffUpdate,
    Error,
    Heartbeat,
    Pong,
    ServerMessage,
    StateUpdate,
    Subscribed,
    Unsubscribed,
    rfc3339,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_STAMP = "2025-10-06T05:41:00.250Z"
_MESSAGES: Sequence[ServerMessage] = [
    DiffUpdate(epoch="E", since=1, sequence=2, timestamp=_STAMP, changes={"trades": {"A": [{"price": 1.5}]}}),
    StateUpdate(epoch="E", sequence=2, timestamp=_STAMP, subscriptions=["*"], data={"orders": [{"order_id": "1"}]}),
    Heartbeat(epoch="E", sequence=3, timestamp=_STAMP),
    Subscribed(subscriptions=["*"], epoch="E", sequence=1, interval_ms=250, tape_length=100, resumed=True, id="check"),
    Unsubscribed(subscriptions=[]),
    Authenticated(subject="desk", permissions=["*"]),
    Pong(timestamp=_STAMP, id=7),
    Error(code="forbidden", message="not permitted"),
]


def test_every_message_has_its_header() -> None:
    assert {type(message) for message in _MESSAGES} == set(get_args(ServerMessage))
    assert {kind.__struct_config__.tag for kind in get_args(Header)} == {
        kind.__struct_config__.tag for kind in get_args(ServerMessage)
    }


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("message", _MESSAGES, ids=lambda message: type(message).__name__)
def test_a_header_says_what_its_message_says(message: ServerMessage, format_: Format) -> None:
    header = read_header(encode(message, format_).payload, text=format_ is Format.JSON)
    assert header.__struct_config__.tag == message.__struct_config__.tag
    for field in header.__struct_fields__:
        assert getattr(header, field) == getattr(message, field)


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("payload", [b"", b"\xff\xfe", b"[]", b'{"type": "news"}', b'{"type": "heartbeat"}'])
def test_what_is_no_message_says_so(payload: bytes, *, text: bool) -> None:
    with pytest.raises(WireError):
        read_header(payload, text=text)


def test_the_data_is_passed_over_whatever_it_is() -> None:
    payload = msgspec.json.encode(
        {"type": "diff_update", "epoch": "E", "since": 1, "sequence": 2, "timestamp": _STAMP, "changes": 17}
    )
    assert read_header(payload, text=True) == DiffHeader("E", 1, 2, _STAMP)


@pytest.mark.parametrize("epoch_ms", [0, 1, 999, 1_759_729_260_250, 4_102_444_799_999])
def test_a_timestamp_is_read_as_it_was_written(epoch_ms: int) -> None:
    assert epoch_us(rfc3339(epoch_ms)) == epoch_ms * 1_000


@pytest.mark.parametrize("text", ["", "yesterday", "2025-10-06T05:41:00.250", "2025-13-06T05:41:00.250Z"])
def test_what_is_no_timestamp_says_so(text: str) -> None:
    with pytest.raises(WireError):
        epoch_us(text)
