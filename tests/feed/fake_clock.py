"""A clock that stands still until someone sleeps: an hour of play takes as long as its work."""

from __future__ import annotations

import asyncio

__all__ = ["FakeClock"]

START_MS = 1_760_000_000_000


class FakeClock:
    """Implements ``bigboard.feed.clock.Clock``."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def epoch_ms(self) -> int:
        return START_MS + round(self.elapsed_s * 1000)

    def monotonic_s(self) -> float:
        return self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        self.elapsed_s += seconds
        await asyncio.sleep(0)
