"""How long a feed may hold the event loop."""

from __future__ import annotations

import time
from typing import Final

__all__ = ["BUSY_S", "SHORTEST_SLEEP_S", "Turn"]

BUSY_S: Final = 0.004
"""How long a feed may hold the event loop: well below the 10 ms that the contract of a feed allows."""


SHORTEST_SLEEP_S: Final = 0.001
"""What timers resolve. An event loop may round a shorter sleep to none, and then a loop that waits for a moment spins."""


class Turn:
    """Says when it is time to give the event loop its turn.

    Measured in real time whatever the feed's clock says, because it is the real loop that would stall. It counts the
    consumer's work too: an ``async for`` over a feed that never waits does not pass through the loop either.
    """

    __slots__ = ("_ends_at",)

    def __init__(self) -> None:
        self._ends_at = time.perf_counter() + BUSY_S

    def is_over(self) -> bool:
        """Whether the loop has been held long enough."""
        return time.perf_counter() >= self._ends_at

    def begin(self) -> None:
        """The loop has just had its turn."""
        self._ends_at = time.perf_counter() + BUSY_S
