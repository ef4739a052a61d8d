"""An aggregator on a clock moved by hand, a spine that can fail, and a follower that notes each commit."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aggregator.hand_clock import HandClock, settle
from bigboard.aggregator import Aggregator
from bigboard.board import Board, Diff, Snapshot, Update
from bigboard.errors import SpineUnavailable
from bigboard.spine import Follower, MemorySpine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Bench", "FailingSpine", "bench", "price", "running", "trade"]


class FailingSpine(MemorySpine):
    """A real spine with a network between it and its writer, which can be cut in several ways.

    ``refuse``: nothing arrives; ``refuse_saves``: no snapshot does. ``lose_answers``: it arrives, and the writer does not
    hear so. ``hang``: nothing comes back.
    """

    def __init__(self, *, max_diffs: int = 10_000) -> None:
        super().__init__(max_diffs=max_diffs)
        self.refuse = False
        self.refuse_saves = False
        self.lose_answers = False
        self.hang = False
        self.attempts = 0

    async def append(self, diff: Diff) -> None:
        await self._travel()
        await super().append(diff)
        self._answer()

    async def save(self, snapshot: Snapshot) -> None:
        await self._travel()
        if self.refuse_saves:
            raise SpineUnavailable("too large")
        await super().save(snapshot)
        self._answer()

    async def _travel(self) -> None:
        self.attempts += 1
        if self.hang:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.refuse:
            raise SpineUnavailable("connection refused")

    def _answer(self) -> None:
        if self.lose_answers:
            raise SpineUnavailable("the answer was lost")


class Bench:
    """What a test holds in its hands."""

    def __init__(self, **options: Any) -> None:
        self.clock = HandClock()
        self.spine = FailingSpine()
        self.aggregator = Aggregator(Board("E1"), self.spine, self.clock, **options)
        self.replica = Board("")
        self.steps: list[tuple[float, Snapshot | Diff]] = []
        """When the follower got what, in milliseconds."""
        self._follower = Follower(self.spine, self.replica, self._followed)

    def _followed(self, step: Snapshot | Diff) -> None:
        self.steps.append((round(self.clock.monotonic_s() * 1000, 6), step))

    @property
    def diffs(self) -> list[Diff]:
        """The commits that the follower saw."""
        return [step for _, step in self.steps if isinstance(step, Diff)]

    @property
    def times(self) -> list[float]:
        """When it saw them, in milliseconds."""
        return [time for time, step in self.steps if isinstance(step, Diff)]

    def prices(self, symbol: str = "BTCUSDT") -> list[float]:
        """The prices of a symbol, as the commits told them."""
        told = [diff.changes.get("market_data", {}).get(symbol, {}) for diff in self.diffs]
        return [change["last_price"] for change in told if "last_price" in change]

    def exact(self) -> bool:
        """Whether the follower holds what the aggregator's board holds, to the last sequence."""
        return self.replica.snapshot() == self.aggregator.board.snapshot()


@asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[Bench]:
    """A bench whose aggregator and follower run."""
    made = Bench(**options)
    async with running(made):
        yield made


@asynccontextmanager
async def running(made: Bench) -> AsyncIterator[None]:
    """Start the parts of a bench, and end them."""
    tasks = [asyncio.create_task(made.aggregator.run()), asyncio.create_task(made._follower.run())]
    await settle()
    try:
        yield
    finally:
        for task in tasks:
            assert not task.done(), task.exception()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def price(value: float, symbol: str = "BTCUSDT") -> Update:
    """A ticker's update."""
    return Update("market_data", symbol, {"last_price": value})


def trade(number: int) -> Update:
    """A trade's update."""
    return Update("trades", "BTCUSDT", {"trade_id": str(number), "price": 1.0, "size": 1.0})
