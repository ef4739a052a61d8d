"""An aggregator that listens to a Redis, and who publishes there."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from bigboard.aggregator import Aggregator
from bigboard.board import Board, Diff
from bigboard.clock import SystemClock
from bigboard.sources.redis_channels import RedisChannels
from bigboard.spine import MemorySpine
from servers import DEADLINE_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from redis.asyncio.cluster import RedisCluster

    from bigboard.sources import Delivery
    from redis_servers import RedisServer

__all__ = ["Listener", "command", "listening", "publish"]


class Listener:
    """A source in front of an aggregator. While ``gate`` is closed nothing is taken from the source."""

    def __init__(self, connect: Callable[[], Awaitable[Redis | RedisCluster]], options: dict[str, Any]) -> None:
        self.board = Board("E")
        self.spine = MemorySpine()
        self.aggregator = Aggregator(self.board, self.spine, SystemClock(), commit_interval_s=0.002)
        self.source = RedisChannels(connect, SystemClock(), where="redis://here", **options)
        self.gate = asyncio.Event()
        self.gate.set()
        self.states: list[str] = []
        """What the source said about itself, each state once."""

    async def take(self, deliveries: list[Delivery]) -> None:
        await self.gate.wait()
        for updates, *_ in deliveries:
            for topic, _, data in updates:
                if topic == "services" and isinstance(data, dict) and data.get("kind") == "redis":
                    self.states.append(data["status"])
        await self.aggregator.take(deliveries)

    async def diffs(self) -> AsyncIterator[Diff]:
        """The commits, from the first on."""
        async for step in self.spine.follow():
            if isinstance(step, Diff):
                yield step

    def data(self, topic: str) -> Any:
        """What is on the board, committed or not."""
        return self.board.snapshot().data[topic]

    async def up(self) -> None:
        """Wait until it is subscribed."""
        await until(lambda: self.source.connected, "subscribed")

    async def heard(self, messages: int) -> None:
        """Wait until so many messages have come."""
        await until(lambda: self.source.messages >= messages, f"{messages} messages")
        assert self.source.messages == messages


@asynccontextmanager
async def listening(
    server: RedisServer,
    connect: Callable[[], Awaitable[Redis | RedisCluster]] | None = None,
    *,
    protocol: int = 2,
    **options: Any,
) -> AsyncIterator[Listener]:
    """A listener at work, by default on a plain connection to the server."""

    async def plain() -> Redis:
        return Redis(port=server.port, socket_timeout=DEADLINE_S, protocol=protocol)

    listener = Listener(connect or plain, options)
    tasks = [
        asyncio.create_task(listener.source.run(listener.take)),
        asyncio.create_task(listener.aggregator.run()),
    ]
    try:
        yield listener
        assert not any(task.done() for task in tasks), tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def publish(client: Redis, messages: Iterable[tuple[str, bytes]]) -> int:
    """Publish in one go; how many there were."""
    pipeline = client.pipeline(transaction=False)
    for channel, body in messages:
        pipeline.publish(channel, body)
    return len(await pipeline.execute())


async def command(client: Redis, *words: str | int) -> Any:
    """Any command, and the answer to it."""
    return await client.execute_command(*words)
