"""What every source keeps to, wherever its messages come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bigboard.board import Update

__all__ = ["Delivery", "HoldingSource", "Source", "Take"]

Take: TypeAlias = "Callable[[list[Delivery]], Awaitable[None]]"


class Delivery(NamedTuple):
    """Updates that are handed on together, in the order in which they came."""

    updates: list[Update]
    atomic: bool = False
    """They belong together: all or none enters the board, and they become visible in one commit."""
    barrier: bool = False
    """The state after them must be a commit of its own, as in ``UpdateBatch``."""
    hint: bool = False
    """Rows of ``market_data`` that were written down some time ago: the board takes those that are newer than its own."""


class Source(Protocol):
    """Something that publishes into the board.

    - What it hands on has been decoded, and no more: the board checks it. What cannot be decoded is counted and told at a
      bounded rate, and stops nothing.
    - It hands on a bounded amount at a time and waits until that is taken, so that a slow board is felt by whoever sends.
      The event loop has its turn at least every ten milliseconds.
    - It never gives up: what is lost it looks for again, with a backoff, and a row of the topic ``services`` tells of it.
    """

    async def run(self, take: Take) -> None:
        """Hand on what comes, until cancelled."""

    def service(self) -> Update:
        """The source's own row in the topic ``services``; called about once a second."""


class HoldingSource(Source, Protocol):
    """A source that a standby listens to: it keeps the last seconds, for the case that whoever leads dies with them."""

    def hold(self, seconds: float) -> None:
        """From now on keep what comes, for so long, and hand nothing on."""

    async def hand_over(self, take: Take) -> None:
        """Hand on all that was kept, in order and in one list, and from then on what comes."""
