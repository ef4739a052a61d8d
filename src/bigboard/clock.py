"""The time, given from outside: so that a test can pass an hour in a moment, and no core reads a clock by itself."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Wall clock, steady clock and sleep, which belong together."""

    def epoch_ms(self) -> int:
        """Milliseconds since 1970, UTC: what stands in messages."""

    def monotonic_s(self) -> float:
        """Seconds that never jump: what intervals count."""

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
