"""The composition root: what runs in one process, how it fails, and what it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect

from bigboard.clock import SystemClock
from bigboard.errors import FeedError, SettingError
from bigboard.feed.simulated import SimulatedFeed
from bigboard.runtime import Embedded, build_feed
from bigboard.settings import Settings
from bigboard.wire.market import Status, Ticker
from gateway.raw_client import RawClient
from servers import DEADLINE_S, until, until_reads

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from bigboard.feed.base import Feed
    from bigboard.wire.market import MarketEvent, Mode


def _settings(**options: Any) -> Settings:
    """Settings with free ports."""
    return Settings(**{"port": 0, "hub_port": 0, **options})


class ShortFeed:
    """A feed of one ticker, which then fails, or ends, or has no more to say."""

    name = "short"
    mode: Mode = "live"
    venue: str | None = None

    def __init__(self, end: str) -> None:
        self._end = end

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        now = SystemClock().epoch_ms()
        yield [Status(service="short", kind="feed", status="up", timestamp=now)]
        yield [Ticker(symbol="BTC/USDT", timestamp=now, received_at=now, last=5.0)]
        if self._end == "fail":
            raise FeedError("short", "the wire is cut; plug it in")
        if self._end == "wait":
            await asyncio.Event().wait()


@asynccontextmanager
async def _running(settings: Settings, feed: Feed | None = None) -> AsyncIterator[Embedded]:
    server = Embedded(settings, feed or SimulatedFeed(3, updates_per_second=50, seed=1))
    ready = asyncio.Event()
    task = asyncio.create_task(server.run(ready.set))
    try:
        async with asyncio.timeout(DEADLINE_S):
            await ready.wait()
        yield server
    finally:
        server.stop()
        async with asyncio.timeout(DEADLINE_S):
            await task


async def _health(server: Embedded) -> dict[str, Any]:
    async with httpx.AsyncClient(trust_env=False) as client:
        body: dict[str, Any] = (await client.get(f"http://127.0.0.1:{server.port}/health")).json()
        return body


async def test_while_it_runs_what_lives_long_is_out_of_the_collectors_sight() -> None:
    before = gc.get_threshold()
    async with _running(_settings()):
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() != before
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, before)


async def test_what_a_feed_says_reaches_a_client_and_the_replica_is_the_writers() -> None:
    async with (
        _running(_settings(), ShortFeed("wait")) as server,
        connect(f"ws://127.0.0.1:{server.hub_port}/ws", compression=None, proxy=None) as client,
    ):
        await until(lambda: server.hub.board.sizes()["market_data"] == 1)
        await client.send('{"action": "subscribe", "subscriptions": ["market_data"]}')
        state = await until_reads(client, "state_update")
        row = state["data"]["market_data"]["BTCUSDT"]
        assert (row["last_price"], row["mode"]) == (5.0, "live")
        await until(lambda: server.hub.board.cursor == server.aggregator.board.cursor)
        assert server.hub.board.snapshot() == server.aggregator.board.snapshot()
        assert server.hub.board.epoch == server.aggregator.board.epoch


async def test_health_tells_feed_aggregator_and_gateway() -> None:
    async with _running(_settings(), ShortFeed("wait")) as server:
        await until(lambda: server.hub.board.sizes()["market_data"] == 1)
        # Until the feed's own row is there, nobody can tell that it is well.
        await until(lambda: "short" in server.hub.board.snapshot().data["services"])
        health = await _health(server)
        assert health["status"] == "healthy"
        parts = health["parts"]
        assert (parts["feed"]["name"], parts["feed"]["mode"], parts["feed"]["status"]) == ("short", "live", "up")
        assert (parts["aggregator"]["status"], parts["aggregator"]["rejected"]) == ("up", 0)
        assert (parts["gateway"]["status"], parts["gateway"]["clients"]) == ("up", 0)


async def test_every_part_has_its_row_in_services() -> None:
    async with _running(_settings()) as server:
        await until(lambda: {"simulated", "aggregator"} <= set(server.hub.board.snapshot().data["services"]))
        row = server.hub.board.snapshot().data["services"]["aggregator"]
        assert (row["kind"], row["status"]) == ("aggregator", "up")
        assert server.aggregator.rejections.total == 0


async def test_a_feed_that_ends_leaves_its_last_state() -> None:
    async with _running(_settings(), ShortFeed("end")) as server:
        async with asyncio.timeout(DEADLINE_S):
            await server.feed_ended.wait()
        await until(lambda: server.hub.board.cursor == server.aggregator.board.cursor)
        assert server.hub.board.snapshot().data["market_data"]["BTCUSDT"]["last_price"] == 5.0
        assert (await _health(server))["service"] == "dashboard-api"


async def test_with_exit_the_end_of_the_feed_is_the_end() -> None:
    server = Embedded(_settings(exit=True), ShortFeed("end"))
    async with asyncio.timeout(DEADLINE_S):
        await server.run()
    assert server.feed_ended.is_set()


async def test_a_feed_that_fails_ends_it_with_the_feeds_own_words() -> None:
    server = Embedded(_settings(), ShortFeed("fail"))
    with pytest.raises(FeedError, match="plug it in"):
        async with asyncio.timeout(DEADLINE_S):
            await server.run()


def _has_commits(server: Embedded) -> bool:
    return server.hub.board.sequence > 3


async def test_nothing_is_left_of_it() -> None:
    before = len(asyncio.all_tasks())
    ports: set[int] = set()
    for _ in range(3):
        async with _running(_settings()) as server:
            ports |= {server.port, server.hub_port}
            await until(partial(_has_commits, server))
        assert len(asyncio.all_tasks()) == before
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_a_taken_hub_port_gives_the_first_port_back() -> None:
    async with _running(_settings()) as server:
        for name, taken in (("port", server.port), ("hub_port", server.hub_port)):
            with pytest.raises(SettingError, match=f"--{name.replace('_', '-')}") as refused:
                Embedded(_settings(**{name: taken}), ShortFeed("wait"))
            assert refused.value.setting == name


async def test_it_ends_in_time_though_clients_read_nothing() -> None:
    feed = SimulatedFeed(40, updates_per_second=50, seed=1)
    async with _running(_settings(shutdown_timeout=1.0), feed) as server, RawClient(server.port) as mute:
        for _ in range(200):
            await mute.say({"action": "subscribe", "subscriptions": ["*"], "interval_ms": 20})
        await until(lambda: server.hub.broadcaster.counters.skipped > 5, "it is stuck")
        begun = time.monotonic()
        server.stop()
        await until(lambda: not server.hub.broadcaster.members, "it is gone")
        assert time.monotonic() - begun < 1.5


def test_each_feed_is_described_in_one_line() -> None:
    feed, line = build_feed(Settings(symbols="3", rate=5, seed=9), SystemClock())
    assert (feed.name, line) == ("simulated", "3 symbols at 5 updates/s each; the data is simulated (seed 9)")
    _, other = build_feed(Settings(symbols="3"), SystemClock())
    assert other != build_feed(Settings(symbols="3"), SystemClock())[1], "without a seed each market is its own"


@pytest.mark.parametrize(
    ("options", "setting"),
    [
        ({"speed": "fast"}, "speed"),
        ({"speed": "0"}, "speed"),
        ({"speed": "inf"}, "speed"),
        ({"speed": "1e9"}, "speed"),
        ({"symbols": "0"}, "symbols"),
        ({"symbols": "5001"}, "symbols"),
        ({"symbols": " , "}, "symbols"),
    ],
)
def test_a_feed_that_cannot_be_is_a_setting_error(options: dict[str, str], setting: str) -> None:
    with pytest.raises(SettingError) as refused:
        build_feed(_settings(**options), SystemClock())
    assert refused.value.setting == setting


def test_a_recording_that_is_not_there_is_a_feed_error() -> None:
    with pytest.raises(FeedError, match="/no/such"):
        build_feed(Settings(replay=("/no/such/file",)), SystemClock())
