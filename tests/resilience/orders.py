"""Orders that are said once, and who has heard of all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from bigboard.redis_link import REDIS_AWAY, within
from servers import DEADLINE_S

if TYPE_CHECKING:
    from redis_servers import RedisServer

__all__ = ["OrderDesk"]

_TURN_S = 0.005


class OrderDesk:
    """Places an order every few milliseconds. Each is told once, as a fill is: nobody would say it again."""

    def __init__(self, server: RedisServer) -> None:
        self.placed = 0
        self._server = server

    async def run(self) -> None:
        """Place orders until cancelled."""
        async with self._server.client() as client:
            while True:
                order = {"status": "NEW", "symbol": "BTCUSDT", "side": "buy", "quantity": 1.0}
                try:
                    async with within(DEADLINE_S):
                        await client.publish(f"orders:{self.placed}", msgspec.json.encode(order))
                except REDIS_AWAY:
                    continue
                self.placed += 1
                await asyncio.sleep(_TURN_S)

    @property
    def ids(self) -> set[str]:
        """What was placed."""
        return {str(number) for number in range(self.placed)}
