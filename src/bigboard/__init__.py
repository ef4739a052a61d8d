"""Bigboard: one live board for everything a trading system does, pushed as diffs to browser, terminal and code.

What most programs need is offered here::

    from bigboard import BoardClient

    async for message in BoardClient("ws://127.0.0.1:8086/ws", ["market_data"]).messages():
        print(message)

General layout, from the centre outwards:

- ``bigboard.board``: the versioned state, pure: ``Board`` takes ``Update``s and gives ``Diff``s and ``Snapshot``s.
- ``bigboard.wire``: the protocol, pure: messages, codecs, both sides of a connection without a socket.
- ``bigboard.client``: a connection to a board that heals itself, and the replica that it keeps.
- ``bigboard.feed``, ``collector``, ``aggregator``, ``spine``: from an exchange's data to the log of a board's diffs.
- ``bigboard.broadcaster``, ``gateway``, ``history``: from that log to everyone who looks at it.
- ``bigboard.settings``, ``runtime``, ``cli``: what is wired together how, and the command `bigboard`.

Everything else is reached by its module. A name is imported when it is first asked for: a program that only merges diffs
does not pay for a network library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bigboard.board import Board, Cursor, Diff, Limits, Selection, Snapshot, Subscription, Update
    from bigboard.client import BoardClient
    from bigboard.errors import (
        BigboardError,
        ConnectionFailed,
        CursorUnavailable,
        DiffGap,
        UpdateRejected,
        WireError,
    )
    from bigboard.version import VERSION as __version__  # noqa: N811 - the name that Python's packages agree on
    from bigboard.wire import Format, Replica

__all__ = [
    "BigboardError",
    "Board",
    "BoardClient",
    "ConnectionFailed",
    "Cursor",
    "CursorUnavailable",
    "Diff",
    "DiffGap",
    "Format",
    "Limits",
    "Replica",
    "Selection",
    "Snapshot",
    "Subscription",
    "Update",
    "UpdateRejected",
    "WireError",
    "__version__",
]

_HOMES = {
    "bigboard.board": ("Board", "Cursor", "Diff", "Limits", "Selection", "Snapshot", "Subscription", "Update"),
    "bigboard.client": ("BoardClient",),
    "bigboard.errors": (
        "BigboardError",
        "ConnectionFailed",
        "CursorUnavailable",
        "DiffGap",
        "UpdateRejected",
        "WireError",
    ),
    "bigboard.version": ("__version__",),
    "bigboard.wire": ("Format", "Replica"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'bigboard' has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), "VERSION" if name == "__version__" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
