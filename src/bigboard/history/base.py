"""The contract of a history of candles: it follows the board's diffs, and answers queries about what it saw.

What every implementation guarantees, and ``tests/history/conformance.py`` checks on each:

- *Recording never waits.* ``record`` and ``load`` do not block, and do not raise for anything that a board can hold. An
  implementation that writes to a disk or a server buffers up to a bound.
- *Merge.* A change is a merge patch of the key's state on the board (PROTOCOL section 4). It may name few fields, also where
  a new candle begins: a diff leaves out what is equal to the candle before. A state without a time and all four prices
  is no candle yet; a volume or a number of trades that is absent counts as 0.
- *One per bucket.* A key has at most one candle per ``open_time``: the same one told again replaces what was held. So a
  follower may start over from a snapshot, or hear a diff twice.
- *Unseen ends.* A candle that was overtaken before its close was seen (the follower was away) is kept as it was last
  seen, with ``closed`` false: a reader can tell that it may be incomplete.
- *Order.* ``query`` gives candles by ``open_time``, oldest first; the live one, if there is one, comes last.
- *Removal.* ``None`` for a key, or its absence in a snapshot, ends its state; the candles that were seen stay.
- *Bounded.* Memory stays under what the settings allow, whatever comes in; what had to go is counted in ``dropped``.
- *Read your writes.* A query that starts after ``record`` returned sees what was recorded, unless it was dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Candle", "CandleHistory"]


class Candle(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One candle. On the wire it is an array in this order: a chart loads thousands, and field names would double them."""

    open_time: int
    """Start of its bucket, epoch milliseconds, UTC."""
    open: float
    high: float
    low: float
    close: float
    volume: float
    """Traded size in units of the base asset."""
    trades: int
    closed: bool
    """Whether it is final. Only the last one of a key is usually not."""


class CandleHistory(Protocol):
    """Candles by key (``BTCUSDT/1m``) and time. See the module's docstring for what it guarantees."""

    @property
    def dropped(self) -> int:
        """Candles that a bound over all keys, or a full buffer, made it forget or skip.

        What a key's own length limit lets go is retention and does not count.
        """

    def load(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Start from a snapshot: ``state_update.data["candles"]``, all keys with all their fields."""

    def record(self, changes: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Follow a diff: ``diff_update.changes["candles"]``, the fields that changed by key, ``None`` for a removed key."""

    async def query(self, key: str, *, limit: int = 500, before: int | None = None) -> list[Candle]:
        """The newest ``limit`` candles of a key, oldest first; with ``before`` those that open before that time (epoch ms).

        The symbol in ``key`` may be in any spelling. An unknown key, or a limit below 1, gives an empty list.
        """

    async def close(self) -> None:
        """Write what is buffered and let go of every resource. A second call is allowed, any other call is not."""
