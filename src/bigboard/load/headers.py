"""What a load client reads of a message: its type and its place in the history, never its data.

The data is skipped, not built: a diff of 1 kB takes 2 µs instead of 9 in JSON, and 1.5 µs instead of 3.4 in MessagePack.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Annotated, TypeAlias

import msgspec

from bigboard.errors import WireError
from bigboard.wire import ErrorCode

__all__ = [
    "DiffHeader",
    "ErrorHeader",
    "Header",
    "HeartbeatHeader",
    "PongHeader",
    "StateHeader",
    "SubscribedHeader",
    "epoch_us",
    "read_header",
]


class _Header(msgspec.Struct, tag_field="type", gc=False):
    pass


class DiffHeader(_Header, tag="diff_update"):
    """See ``DiffUpdate``."""

    epoch: str
    since: int
    sequence: int
    timestamp: str


class StateHeader(_Header, tag="state_update"):
    """See ``StateUpdate``."""

    epoch: str
    sequence: int
    timestamp: str
    subscriptions: list[str]


class HeartbeatHeader(_Header, tag="heartbeat"):
    """See ``Heartbeat``."""

    epoch: str
    sequence: int


class SubscribedHeader(_Header, tag="subscribed"):
    """See ``Subscribed``."""

    subscriptions: list[str]
    epoch: str
    sequence: int
    interval_ms: int
    tape_length: int
    resumed: bool
    id: str | int | None = None


class PongHeader(_Header, tag="pong"):
    """See ``Pong``."""

    timestamp: str
    id: str | int | None = None


class ErrorHeader(_Header, tag="error"):
    """See ``Error``."""

    code: str
    message: str


class _UnsubscribedHeader(_Header, tag="unsubscribed"):
    pass


class _AuthenticatedHeader(_Header, tag="authenticated"):
    pass


Header: TypeAlias = (
    DiffHeader
    | StateHeader
    | HeartbeatHeader
    | SubscribedHeader
    | PongHeader
    | ErrorHeader
    | _UnsubscribedHeader
    | _AuthenticatedHeader
)

_json: msgspec.json.Decoder[Header] = msgspec.json.Decoder(Header)
_msgpack: msgspec.msgpack.Decoder[Header] = msgspec.msgpack.Decoder(Header)
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


def read_header(payload: bytes, *, text: bool) -> Header:
    """The header of a server's message; a text frame is JSON. Raises ``WireError`` if it is no such message."""
    try:
        return _json.decode(payload) if text else _msgpack.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise WireError(ErrorCode.BAD_MESSAGE, f"not a message of this protocol: {error}") from None


@lru_cache(maxsize=64)
def epoch_us(timestamp: str) -> int:
    """RFC 3339 as microseconds since 1970. A tick's timestamp comes once per client, so the last few are remembered.

    Raises ``WireError`` if it is none.
    """
    try:
        moment: datetime = msgspec.convert(timestamp, _Moment)
    except msgspec.ValidationError:
        raise WireError(ErrorCode.BAD_MESSAGE, f"no timestamp: {timestamp[:40]!r}") from None
    return round(moment.timestamp() * 1_000_000)
