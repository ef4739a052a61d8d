"""Every message of the protocol as a type (PROTOCOL sections 2 and 3).

Field order is the order on the wire. ``timestamp`` is RFC 3339 in UTC with milliseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

import msgspec

__all__ = [
    "Authenticate",
    "Authenticated",
    "ClientMessage",
    "DiffUpdate",
    "Error",
    "Heartbeat",
    "Id",
    "Ping",
    "Pong",
    "Resume",
    "ServerMessage",
    "StateUpdate",
    "Subscribe",
    "Subscribed",
    "Unsubscribe",
    "Unsubscribed",
    "rfc3339",
]

Id: TypeAlias = str | int | None
"""What a client put into ``id``; it comes back in the answer."""


def rfc3339(epoch_ms: int) -> str:
    """Epoch milliseconds as ``2025-10-06T05:41:00.250Z``."""
    moment = datetime.fromtimestamp(epoch_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


class _Action(msgspec.Struct, kw_only=True, tag_field="action", omit_defaults=True):
    id: Id = None


class Resume(msgspec.Struct):
    """The cursor that a client holds from an earlier connection."""

    epoch: str
    sequence: Annotated[int, msgspec.Meta(ge=0)]


class Subscribe(_Action, tag="subscribe"):
    """Add subscriptions; the first of a connection may resume."""

    subscriptions: list[str]
    interval_ms: float | None = None
    resume: Resume | None = None


class Unsubscribe(_Action, tag="unsubscribe"):
    """Remove subscriptions."""

    subscriptions: list[str]


class Authenticate(_Action, tag="authenticate"):
    """Give or renew a credential on the open connection."""

    token: str


class Ping(_Action, tag="ping"):
    """Ask for a sign of life."""


ClientMessage: TypeAlias = Subscribe | Unsubscribe | Authenticate | Ping


class _Message(msgspec.Struct, kw_only=True, tag_field="type", omit_defaults=True):
    pass


class Subscribed(_Message, tag="subscribed"):
    """The subscriptions held after a ``subscribe``."""

    subscriptions: list[str]
    epoch: str
    sequence: int
    interval_ms: int
    tape_length: int
    resumed: bool
    id: Id = None


class StateUpdate(_Message, tag="state_update"):
    """The state of what ``subscriptions`` names: the client drops what it held under those and takes ``data``."""

    epoch: str
    sequence: int
    timestamp: str
    subscriptions: list[str]
    data: dict[str, Any]


class DiffUpdate(_Message, tag="diff_update"):
    """What changed after ``since`` up to ``sequence``, in everything that the client subscribes to."""

    epoch: str
    since: int
    sequence: int
    timestamp: str
    changes: dict[str, Any]


class Unsubscribed(_Message, tag="unsubscribed"):
    """The subscriptions held after an ``unsubscribe``."""

    subscriptions: list[str]
    id: Id = None


class Authenticated(_Message, tag="authenticated"):
    """Who the client is and what it may see; ``expires`` as RFC 3339, absent if never."""

    subject: str
    permissions: list[str]
    expires: str | None = None
    id: Id = None


class Heartbeat(_Message, tag="heartbeat"):
    """Nothing that the client subscribes to changed up to ``sequence``, which is its cursor from now on."""

    epoch: str
    sequence: int
    timestamp: str


class Pong(_Message, tag="pong"):
    """The answer to ``ping``."""

    timestamp: str
    id: Id = None


class Error(_Message, tag="error"):
    """What was wrong with one message; ``code`` is one of ``ErrorCode``."""

    code: str
    message: str
    id: Id = None


ServerMessage: TypeAlias = (
    Subscribed | StateUpdate | DiffUpdate | Unsubscribed | Authenticated | Heartbeat | Pong | Error
)
