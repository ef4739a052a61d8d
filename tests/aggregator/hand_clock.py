"""A clock that moves only when a test says so; whoever sleeps is woken in order."""

from __future__ import annotations

import asyncio
import heapq

__all__ = ["HandClock", "settle"]

START_MS = 1_760_000_000_000


async def settle() -> None:
    """Let whoever is ready run until everyone waits."""
    for _ in range(20):
        await asyncio.sleep(0)


class HandClock:
    """Implements ``bigboard.clock.Clock``."""

    def __init__(self) -> None:
        self._now_ms = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._slept = 0

    def epoch_ms(self) -> int:
        return START_MS + round(self._now_ms)

    def monotonic_s(self) -> float:
        return self._now_ms / 1000

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._slept += 1
        heapq.heappush(self._sleepers, (self._now_ms + seconds * 1000, self._slept, woken))
        await woken

    async def advance(self, milliseconds: float) -> None:
        """Let time pass, and everyone do what falls into it."""
        end = self._now_ms + milliseconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now_ms, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await settle()
        self._now_ms = end
