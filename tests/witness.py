"""Clients that check whatever a board tells them, run beside the test."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bigboard.client import BoardClient
from bigboard.wire.messages import DiffUpdate, StateUpdate, Subscribed
from servers import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Witness", "witnessing"]


class Witness:
    """A client that follows the board, prices alone if nothing else is said, and notes whatever it should not see."""

    def __init__(self, url: str, subscriptions: tuple[str, ...] = ("market_data",), **options: Any) -> None:
        self.client = BoardClient(url, subscriptions, longest_wait_s=0.5, on_lost=self._lost, **options)
        self.states = 0
        """Whole states that it got: one at the start, one for each epoch, and one wherever it could not go on."""
        self.diffs = 0
        self.resumes = 0
        self.epochs: list[str] = []
        self.longest_gap_s = 0.0
        """The longest time between two diffs."""
        self.elsewhere: str | None = None
        """Where to go when the connection is lost."""
        self._seen_s = 0.0
        self._sequence = 0

    @property
    def prices(self) -> dict[str, float]:
        """The last price of each symbol that it holds one of."""
        rows = self.client.replica.topic("market_data")
        return {key: row["last_price"] for key, row in rows.items() if "last_price" in row}

    async def run(self) -> None:
        """Follow until cancelled."""
        async for message in self.client.messages():
            cursor = self.client.cursor
            if cursor is not None and (not self.epochs or self.epochs[-1] != cursor.epoch):
                self.epochs.append(cursor.epoch)
                self._sequence = 0
            if isinstance(message, StateUpdate):
                self.states += 1
            elif isinstance(message, Subscribed):
                self.resumes += message.resumed
            elif isinstance(message, DiffUpdate):
                self._diff(message)

    def _diff(self, message: DiffUpdate) -> None:
        assert message.sequence > self._sequence, "it went back"
        self._sequence = message.sequence
        self.diffs += 1
        now_s = time.monotonic()
        if self._seen_s:
            self.longest_gap_s = max(self.longest_gap_s, now_s - self._seen_s)
        self._seen_s = now_s

    def _lost(self, _reason: str, _wait_s: float) -> None:
        if self.elsewhere is not None:
            self.client.url = self.elsewhere

    async def agrees(self, truth: dict[str, float]) -> None:
        """Wait until it holds just these prices."""
        await until(lambda: self.prices == truth, "the client holds what was published last")


@asynccontextmanager
async def witnessing(*works: Any) -> AsyncIterator[None]:
    """Run witnesses or publishers for the block, which ends at once with what one of them raises."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work.run()) for work in works]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
