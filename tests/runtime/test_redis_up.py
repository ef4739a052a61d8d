"""`bigboard up --redis` on a real Redis: nothing of a replay is lost, and each role has its row."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bigboard.board import Board, Diff, Snapshot
from bigboard.clock import SystemClock
from bigboard.runtime.redis_parts import build_spine
from bigboard.runtime.redis_up import RedisUp
from bigboard.settings import Settings
from bigboard.spine import Follower
from bigboard.wire.market import Status, Trade
from redis_servers import RedisServer, redis_server
from servers import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from bigboard.wire.market import MarketEvent, Mode

_SECONDS = 60
_BEGIN = 1_700_000_000_000


class _Recorded:
    """A replay at full speed: a trade in each of 60 seconds."""

    name = "replay"
    mode: Mode = "replay"
    venue: str | None = None

    def __init__(self) -> None:
        self.begun = False

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        self.begun = True
        for second in range(_SECONDS):
            at = _BEGIN + 1_000 * second
            yield [
                Trade(symbol="BTCUSDT", id=str(second), timestamp=at, received_at=at, price=5.0, size=1.0, side="buy")
            ]
            await asyncio.sleep(0)
        yield [Status(service="replay", kind="feed", status="down", timestamp=at, detail="the end")]


@asynccontextmanager
async def _up(redis: RedisServer, feed: _Recorded, lines: list[str]) -> AsyncIterator[RedisUp]:
    settings = Settings(redis=redis.url, port=0, hub_port=0, lease=2.0)
    up = RedisUp(settings, feed, SystemClock(), lines.append)
    task = asyncio.create_task(up.run())
    try:
        yield up
    finally:
        up.stop()
        await task


@asynccontextmanager
async def _ends(redis: RedisServer) -> AsyncIterator[tuple[Board, list[int]]]:
    """The board as its followers see it, and when each 1s candle that ended began."""
    spine, board = build_spine(Settings(redis=redis.url), redis.url, SystemClock()), Board("")
    ends: list[int] = []

    def look(step: Snapshot | Diff) -> None:
        candle = board.snapshot().data["candles"].get("BTCUSDT/1s")
        if candle and candle["closed"] and isinstance(step, Diff) and "BTCUSDT/1s" in step.changes.get("candles", {}):
            ends.append(candle["open_time"])

    task = asyncio.create_task(Follower(spine, board, look).run())
    try:
        yield board, ends
    finally:
        await spine.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_replay_begins_when_its_board_listens_and_none_of_its_candles_is_lost() -> None:
    async with redis_server() as redis, _ends(redis) as (board, ends), _up(redis, _Recorded(), []):
        await until(lambda: board.snapshot().data["services"].get("replay", {}).get("status") == "down", "the end")
        await until(lambda: bool(ends) and ends[-1] >= _BEGIN + 1_000 * (_SECONDS - 2), "the last candle that ends")
        assert ends == [_BEGIN + 1_000 * second for second in range(_SECONDS - 1)]
        await until(lambda: "collector" in board.snapshot().data["services"], "the collector's row")
        row = board.snapshot().data["services"]["collector"]
        assert (row["kind"], row["status"], row["lost_trades"], row["lost_candles"]) == ("collector", "up", 0, 0)


async def test_a_replay_goes_to_the_board_of_whoever_leads() -> None:
    async with redis_server() as redis, _up(redis, _Recorded(), []) as first:
        await until(lambda: first.aggregator.leads, "the first one leads")
        lines: list[str] = []
        feed = _Recorded()
        async with _up(redis, feed, lines) as second:
            await until(lambda: feed.begun, "the replay of the second")
            assert not second.aggregator.leads
            assert lines[-1:] == ["Another aggregator leads the board main: the replay goes there"]
