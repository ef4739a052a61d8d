"""What goes in while something is broken: a publisher that knows the truth."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import msgspec

from bigboard.redis_link import REDIS_AWAY, within
from servers import DEADLINE_S

if TYPE_CHECKING:
    from redis_servers import RedisServer

__all__ = ["REDIS_TURN_S", "Publisher", "executed"]

REDIS_TURN_S = 0.02


class Publisher:
    """Publishes prices of some symbols at a rate, as any service does; it goes on when Redis is back."""

    def __init__(self, server: RedisServer, *, symbols: int = 50, rate: int = 5_000, prefix: str = "") -> None:
        self.sent = 0
        self.truth: dict[str, float] = {}
        """The last price of each symbol."""
        self._server = server
        self._symbols = symbols
        self._rate = rate
        self._prefix = prefix

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
            pipeline.publish(
                f"{self._prefix}market_data:{symbol}", msgspec.json.encode({"last_price": float(self.sent)})
            )
        try:
            await executed(pipeline)
        except REDIS_AWAY:
            return  # Nobody heard it; the next prices make up for it.


async def executed(pipeline: Any) -> None:
    """Send what is in a pipeline. Whoever is cancelled meanwhile ends, which the library alone may forget."""
    async with within(DEADLINE_S):
        await pipeline.execute()
