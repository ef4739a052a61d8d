"""What sends one message to many members at once: a contract, without any socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Burst"]


class Burst(Protocol):
    """Does in one call what ``Member.send`` of each would do."""

    def __call__(self, lanes: list[Any], data: bytes, /) -> Sequence[tuple[int, int]]:
        """Send ``data`` on each of the lanes (``Member.lane``), now and without a wait.

        Returns the place of each that did not take all, in the order of ``lanes``, with the number of bytes that it took;
        one that is full or broken took none. Nothing is raised for it, and no other lane is touched by it.
        """
