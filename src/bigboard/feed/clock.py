"""The time that a feed lives by. Given to it from outside, so that a test can play an hour in a moment."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

__all__ = ["BUSY_S", "SHORTEST_SLEEP_S", "Clock", "SystemClock", "Turn"]

BUSY_S: Final = 0.004
"""How long a feed may hold the event loop: well below the 10 ms that the contract of a feed allows."""


SHORTEST_SLEEP_S: Final = 0.001
"""What timers resolve. An event loop may round a shorter sleep to none, and then a loop that waits for a moment spins."""


class Clock(Protocol):
    """Wall clock, steady clock and sleep, which belong together."""

    def epoch_ms(self) -> int:
        """Milliseconds since 1970, UTC: what stands in events."""

    def monotonic_s(self) -> float:
        """Seconds that never jump: what pacing counts."""

    async def sleep(self, seconds: float) -> None:
        """Let at least so much of the steady clock pass; with 0 give the event loop its turn."""


class SystemClock:
    """This machine's time."""

    def epoch_ms(self) -> int:
        """See ``Clock``."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """See ``Clock``."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See ``Clock``."""
        await asyncio.sleep(seconds)


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
