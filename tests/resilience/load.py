"""What goes in and what comes out while something is broken: a publisher that knows the truth, clients that check it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from bigboard.client import BoardClient
from bigboard.redis_link import REDIS_AWAY
from bigboard.wire.messages import DiffUpdate, StateUpdate, Subscribed
from servers import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis_servers import RedisServer

__all__ = ["REDIS_TURN_S", "Publisher", "Witness", "witnessing"]

REDIS_TURN_S = 0.02


class Publisher:
    """Publishes prices of some symbols at a rate, as any service does; it goes on when Redis is back."""

    def __init__(self, server: RedisServer, *, symbols: int = 50, rate: int = 5_000) -> None:
        self.sent = 0
        self.truth: dict[str, float] = {}
        """The last price of each symbol."""
        self._server = server
        self._symbols = symbols
        self._rate = rate

    async def run(self) -> None:
        """Publish until cancelled."""
        async with self._server.client() as client:
            due, before_s = 0.0, time.monotonic()
            while True:
                await asyncio.sleep(REDIS_TURN_S)
                now_s = time.monotonic()
                due, before_s = min(due + self._rate * (now_s - before_s), self._rate), now_s
                count, due = int(due), due % 1
                await self._publish(client, count)

    async def say_all(self) -> None:
        """Publish the last price of every symbol once more, as a service does that heard of a restart."""
        async with self._server.client() as client:
            await self._publish(client, self._symbols)

    async def _publish(self, client: Any, count: int) -> None:
        pipeline = client.pipeline(transaction=False)
        for _ in range(count):
            self.sent += 1
            symbol = f"S{self.sent % self._symbols}"
            self.truth[symbol] = float(self.sent)
            pipeline.publish(f"market_data:{symbol}", msgspec.json.encode({"last_price": float(self.sent)}))
        try:
            await pipeline.execute()
        except REDIS_AWAY:
            return  # Nobody heard it; the next prices make up for it.


class Witness:
    """A client that follows prices and notes whatever a client should not see."""

    def __init__(self, url: str, **options: Any) -> None:
        self.client = BoardClient(url, ["market_data"], longest_wait_s=0.5, on_lost=self._lost, **options)
        self.states = 0
        """Whole states that it got: one at the start, one for each epoch, and one wherever it could not go on."""
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
        """What it holds."""
        return {key: row["last_price"] for key, row in self.client.replica.topic("market_data").items()}

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
