"""Aggregators that take over from each other on a real Redis: one history, told on without a gap."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from bigboard.board import Board, Diff, Snapshot, Update
from bigboard.clock import SystemClock
from bigboard.runtime.aggregator_part import AggregatorPart
from bigboard.runtime.redis_parts import build_spine
from bigboard.settings import Settings
from bigboard.sources.base import Delivery
from bigboard.spine import Follower
from redis_servers import RedisServer, redis_server
from servers import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class _Source:
    """Says a price every few milliseconds. It keeps nothing for a standby."""

    def __init__(self) -> None:
        self._free = asyncio.Event()

    def hold(self, seconds: float) -> None:
        self._free.clear()

    async def hand_over(self, take: Callable[[list[Delivery]], Awaitable[None]]) -> None:
        self._free.set()

    async def run(self, take: Callable[[list[Delivery]], Awaitable[None]]) -> None:
        price = 0
        while True:
            price += 1
            await self._free.wait()
            await take([Delivery([Update("market_data", "BTCUSDT", {"last_price": price})])])
            await asyncio.sleep(0.005)

    def service(self) -> Update:
        return Update("services", "redis", {"kind": "redis", "status": "up"})


class _Closings(_Source):
    """Says a candle's end and the next one's beginning in one breath."""

    async def run(self, take: Callable[[list[Delivery]], Awaitable[None]]) -> None:
        opened = 0
        while True:
            await self._free.wait()
            opened += 60_000
            ends = {"open_time": opened, "open": 1, "high": 1, "low": 1, "close": 1, "volume": 0, "closed": True}
            begins = {**ends, "open_time": opened + 60_000, "closed": False}
            await take(
                [
                    Delivery([Update("candles", "BTCUSDT/1m", ends)], atomic=True, barrier=True),
                    Delivery([Update("candles", "BTCUSDT/1m", begins)]),
                ]
            )
            await asyncio.sleep(0.005)


@asynccontextmanager
async def _part(
    redis: RedisServer, name: str, *, dies: bool = False, source: _Source | None = None
) -> AsyncIterator[AggregatorPart]:
    settings = Settings(redis=redis.url, lease=0.6)
    clock = SystemClock()
    spine = build_spine(settings, redis.url, clock)
    part = AggregatorPart(settings, clock, spine, source or _Source(), name=name)
    task = asyncio.create_task(part.run())
    try:
        yield part
    finally:
        if dies:
            await spine.connection.close()  # Nobody hears from it any more.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not dies:
            await spine.close()


@asynccontextmanager
async def _follower(redis: RedisServer) -> AsyncIterator[tuple[Board, list[Snapshot | Diff]]]:
    spine = build_spine(Settings(redis=redis.url), redis.url, SystemClock())
    board, steps = Board(""), list[Snapshot | Diff]()
    task = asyncio.create_task(Follower(spine, board, steps.append).run())
    try:
        yield board, steps
    finally:
        await spine.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _takes_over(*, dies: bool) -> None:
    async with redis_server() as redis, _follower(redis) as (board, steps):
        async with _part(redis, "first", dies=dies) as first:
            await until(lambda: board.sequence > 20, "the first one leads")
            await until(lambda: "first" in board.snapshot().data["services"], "and says so")
            async with _part(redis, "second") as second:
                assert first.leads
                assert not second.leads
        async with _part(redis, "third") as third:
            before = board.cursor
            await until(lambda: board.sequence > before.sequence + 100, "the third one goes on")
            assert third.takeovers == 1
        services = board.snapshot().data["services"]
        assert services.get("first", {}).get("status") == ("down" if dies else None)
        assert {step.epoch for step in steps} == {before.epoch}
        assert [isinstance(step, Snapshot) for step in steps].count(True) == 1, "followers need no snapshot"
        for one, following in pairwise(steps):
            assert isinstance(following, Diff)
            assert following.since == one.sequence


async def test_one_that_ends_in_order_hands_over() -> None:
    await _takes_over(dies=False)


async def test_one_that_dies_is_followed_when_its_lease_has_run_out() -> None:
    await _takes_over(dies=True)


async def test_a_barrier_is_a_commit_of_its_own() -> None:
    """Who keeps candles sees the end of each, although the next one begins in the same message."""
    async with redis_server() as redis, _follower(redis) as (_, steps), _part(redis, "first", source=_Closings()):
        await until(lambda: len(steps) > 20, "some candles have closed")
    shown: dict[str, Any] = {}
    ends = []
    for step in steps:
        if isinstance(step, Diff) and "candles" in step.changes:
            shown |= step.changes["candles"]["BTCUSDT/1m"]
            if shown["closed"]:
                ends.append(shown["open_time"])
    assert len(ends) > 3
    assert ends == list(range(ends[0], ends[-1] + 1, 60_000))
