"""What a collector writes, in a real Redis: that is there, away, stopped, empty again, or out of memory."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis

from bigboard.board.update import Update, UpdateBatch
from bigboard.clock import SystemClock
from bigboard.collector.outbox import Outbox
from bigboard.collector.redis_commands import KeyWriter
from bigboard.collector.redis_publisher import RedisPublisher
from redis_servers import redis_server
from servers import DEADLINE_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from redis_servers import RedisServer

_NAMES = {"BTCUSDT": "BTC/USDT"}


class Writer:
    """A publisher at work; ``lines`` is what it told people."""

    def __init__(self, url: str, *, interval_s: float, timeout_s: float, outbox: Outbox) -> None:
        self.lines: list[str] = []
        self._url = url
        self._timeout_s = timeout_s
        self.publisher = RedisPublisher(
            self._open, outbox, KeyWriter(_NAMES, prefix="", ttl_s=60), SystemClock(), where="redis://here",
            interval_s=interval_s, timeout_s=timeout_s, tell=self.lines.append,
        )  # fmt: skip

    async def _open(self) -> Redis:
        return Redis.from_url(self._url, socket_timeout=self._timeout_s, socket_connect_timeout=self._timeout_s)

    def price(self, value: float, key: str = "BTCUSDT") -> None:
        self.add(Update("market_data", key, {"last_price": value, "timestamp": 1}))

    def trade(self, number: int) -> None:
        self.add(Update("trades", "BTCUSDT", [{"trade_id": str(number)}]))

    def add(self, *updates: Update) -> None:
        self.publisher.outbox.add([UpdateBatch(list(updates))])


@asynccontextmanager
async def writing(
    server: RedisServer, *, url: str = "", interval_s: float = 0.01, timeout_s: float = 5.0, **bounds: Any
) -> AsyncIterator[Writer]:
    outbox = Outbox(interval_s=interval_s, **bounds)
    writer = Writer(url or server.url, interval_s=interval_s, timeout_s=timeout_s, outbox=outbox)
    task = asyncio.create_task(writer.publisher.run())
    try:
        yield writer
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def hearing(server: RedisServer, pattern: str) -> AsyncIterator[list[tuple[str, Any]]]:
    """What comes on channels, as a subscriber of its own hears it."""
    heard: list[tuple[str, Any]] = []
    async with server.client() as client, client.pubsub() as pubsub:
        await pubsub.psubscribe(pattern)
        assert (await pubsub.get_message(timeout=DEADLINE_S) or {})["type"] == "psubscribe"

        async def listen() -> None:
            while True:
                message = await pubsub.get_message(timeout=DEADLINE_S)
                if message is not None:
                    heard.append((message["channel"], json.loads(message["data"])))

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_keys_and_channels_say_what_is_in_the_outbox() -> None:
    async with (
        redis_server() as server, hearing(server, "*:*") as heard, server.client() as client, writing(server) as writer
    ):  # fmt: skip
        writer.price(5.0)
        writer.trade(1)
        await until(lambda: {name for name, _ in heard} == {"market_data:BTCUSDT", "trades:BTCUSDT"}, "both channels")
        await until(lambda: writer.publisher.writes >= 6, "the keys")
        assert json.loads(await client.get("ticker:BTC/USDT") or "") == {
            "symbol": "BTC/USDT", "last": 5.0, "timestamp": 1,
        }  # fmt: skip
        for key in ("ticker:BTC/USDT", "history:BTC/USDT:price"):
            assert 50 < await client.ttl(key) <= 60


async def test_the_history_keeps_the_last_hundred_prices() -> None:
    async with redis_server() as server, server.client() as client, writing(server, interval_s=0.001) as writer:
        for number in range(130):
            writer.price(float(number))
            while not await client.lrange("history:BTC/USDT:price", 0, 0) or json.loads(
                (await client.lrange("history:BTC/USDT:price", 0, 0))[0]
            )["price"] != float(number):
                await asyncio.sleep(0.001)
        prices = [json.loads(entry)["price"] for entry in await client.lrange("history:BTC/USDT:price", 0, -1)]
        assert prices == [float(number) for number in range(129, 29, -1)]


async def test_a_key_is_written_once_in_an_interval_and_every_trade_arrives() -> None:
    async with (
        redis_server() as server, hearing(server, "*:BTCUSDT") as heard, server.client() as client,
        writing(server, interval_s=0.1) as writer,
    ):  # fmt: skip
        await until(lambda: writer.publisher.connected)
        begun = asyncio.get_running_loop().time()
        for number in range(2_000):
            writer.price(float(number))
            writer.trade(number)
            if number % 20 == 0:
                await asyncio.sleep(0.005)
        await until(lambda: any(body.get("last_price") == 1_999.0 for name, body in heard if name[0] == "m"))
        seconds = asyncio.get_running_loop().time() - begun
        trades = [trade["trade_id"] for name, body in heard if name == "trades:BTCUSDT" for trade in body]
        assert trades == [str(number) for number in range(2_000)]
        sets = (await client.info("commandstats"))["cmdstat_set"]["calls"]
        assert sets <= seconds / 0.1 + 2
        assert sum(name == "market_data:BTCUSDT" for name, _ in heard) <= seconds / 0.1 + 2
        assert writer.publisher.outbox.conflated > 1_900


async def test_a_redis_that_is_not_there_yet_is_waited_for() -> None:
    async with redis_server() as server:
        await server.stop()
        async with writing(server) as writer:
            writer.price(1.0)
            await until(lambda: writer.publisher._error, "a failed attempt")
            assert writer.publisher.status == "degraded"
            writer.publisher._tell(writer.publisher._waiting())
            assert writer.lines[0].startswith("no Redis on redis://here yet (")
            await server.start()
            await until(lambda: writer.publisher.status == "up", "the connection")
            async with server.client() as client:
                await until(lambda: writer.publisher.writes >= 5, "the writes")
                assert json.loads(await client.get("ticker:BTC/USDT") or "")["last"] == 1.0


async def test_a_redis_that_dies_and_comes_back_empty_has_everything_again() -> None:
    async with redis_server() as server, writing(server, max_trades=50) as writer:
        writer.price(1.0)
        writer.price(2.0, "ETHUSDT")
        await until(lambda: writer.publisher.writes, "the first writes")
        await server.stop()
        writer.price(3.0)
        await until(lambda: not writer.publisher.connected, "the loss of the connection")
        lost = writer.publisher.outbox.lost_trades
        for number in range(80):
            writer.trade(number)
        assert writer.publisher.outbox.lost_trades == lost + 30
        assert "trades lost so far" in writer.lines[0]
        connect, listening = writer.publisher._connect, asyncio.Event()

        async def once_somebody_listens() -> Any:
            await listening.wait()
            return await connect()

        writer.publisher._connect = once_somebody_listens
        await server.start()
        async with hearing(server, "*:*") as heard, server.client() as client:
            listening.set()
            await until(lambda: writer.publisher.connections == 2, "the second connection")
            await until(lambda: writer.publisher.writes > 8)
            keys = await client.keys("*")
            assert set(keys) == {
                "ticker:BTC/USDT", "history:BTC/USDT:price", "ticker:ETHUSDT", "history:ETHUSDT:price",
            }  # fmt: skip
            assert json.loads(await client.get("ticker:BTC/USDT") or "")["last"] == 3.0
            await until(lambda: any(name == "trades:BTCUSDT" for name, _ in heard), "the trades that waited")
            (trades,) = [body for name, body in heard if name == "trades:BTCUSDT"]
            assert [trade["trade_id"] for trade in trades] == [str(number) for number in range(30, 80)]


async def test_a_redis_that_hangs_is_given_up_after_the_timeout_and_found_again() -> None:
    async with redis_server() as server, writing(server, timeout_s=0.3) as writer:
        writer.price(1.0)
        await until(lambda: writer.publisher.writes, "the first writes")
        server.send(signal.SIGSTOP)
        try:
            writer.trade(1)
            await until(lambda: not writer.publisher.connected, "the timeout")
            assert writer.publisher.outbox.lost_trades == 1
        finally:
            server.send(signal.SIGCONT)
        writer.price(2.0)
        await until(lambda: writer.publisher.connected, "its return")
        async with server.client() as client:
            async with asyncio.timeout(DEADLINE_S):
                while json.loads(await client.get("ticker:BTC/USDT") or "{}").get("last") != 2.0:
                    await asyncio.sleep(0.01)


async def test_out_of_memory_costs_the_keys_alone_is_said_once_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    async with (
        redis_server("--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server, server.client() as client,
        hearing(server, "market_data:*") as heard, writing(server) as writer,
    ):  # fmt: skip
        writer.price(1.0)
        await until(lambda: writer.publisher.writes >= 5, "the first writes")
        await client.config_set("maxmemory", "1mb")
        writer.price(2.0)
        await until(lambda: writer.publisher.refused, "a refusal")
        assert writer.publisher.status == "degraded"
        assert "out of memory" in (writer.publisher.detail or "")
        writer.price(3.0)
        await until(lambda: heard[-1][1]["last_price"] == 3.0, "the channel")
        assert json.loads(await client.get("ticker:BTC/USDT") or "")["last"] == 1.0
        refused = writer.publisher.refused
        await until(lambda: writer.publisher.refused > refused, "the next attempt")
        await client.config_set("maxmemory", "100mb")
        await until(lambda: writer.publisher.status == "up", "the recovery")
        assert json.loads(await client.get("ticker:BTC/USDT") or "")["last"] == 3.0
        assert writer.publisher.connections == 1
    lines = capsys.readouterr().out.splitlines()
    assert sum("keys are not written" in line for line in lines) == 1
    assert sum("takes keys again" in line for line in lines) == 1


async def test_a_redis_that_cannot_save_is_found_and_has_the_channels() -> None:
    """It refuses PING as it refuses to store (MISCONF), and publishes all the same."""
    async with redis_server() as server, server.client() as client, hearing(server, "market_data:*") as heard:
        await client.config_set("save", "3600 1")
        server.limit_files(0)
        await client.bgsave()
        async with asyncio.timeout(DEADLINE_S):
            while (await client.info("persistence"))["rdb_last_bgsave_status"] != "err":
                await asyncio.sleep(0.02)
        async with writing(server) as writer:
            writer.price(1.0)
            await until(lambda: heard, "the channel")
            await until(lambda: writer.publisher.refused, "the key, which is refused")
            assert writer.publisher.status == "degraded"
            assert (writer.publisher.detail or "").startswith("Redis refuses keys: MISCONF")
            server.limit_files()
            await client.bgsave()
            await until(lambda: writer.publisher.status == "up", "the end of it")
            assert writer.publisher.connections == 1
            assert json.loads(await client.get("ticker:BTC/USDT") or "")["last"] == 1.0


async def test_a_redis_that_wants_a_password_is_said_to_refuse() -> None:
    async with (
        redis_server(password="good") as server,  # noqa: S106 - of a server that lives for this test
        writing(server, url=server.url.replace("good", "bad")) as writer,
    ):
        await until(lambda: "refuses" in (writer.publisher.detail or ""), "the refusal")
        assert not writer.publisher.connected
        assert "password" in (writer.publisher.detail or "")
        assert writer.publisher._waiting().startswith("Redis on redis://here refuses: ")


def _closing(number: int) -> list[UpdateBatch]:
    candle = {"open_time": number, "close": 1.0, "closed": True}
    return [UpdateBatch([Update("candles", f"{key}/1m", candle) for key in "AB"], barrier=True)]


async def test_messages_that_are_refused_are_counted_and_said_and_the_rest_is_said_again_when_it_may_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with redis_server() as server, server.client() as client, hearing(server, "*:*") as heard:
        limited = ["limited", "on", ">pw", "~*", "+@all", "resetchannels"]
        await client.execute_command("ACL", "SETUSER", *limited, "&trades:ETHUSDT")
        async with writing(server, url=server.url.replace("redis://", "redis://limited:pw@")) as writer:
            await until(lambda: writer.publisher.connected, "the connection")
            writer.price(1.0)
            writer.trade(1)
            writer.trade(2)
            writer.publisher.outbox.add(_closing(0))
            outbox = writer.publisher.outbox
            await until(lambda: (outbox.lost_trades, outbox.lost_closings) == (2, 2), "what was lost")
            assert writer.publisher.status == "degraded"
            assert "NOPERM" in (writer.publisher.detail or "") or "permissions" in (writer.publisher.detail or "")
            assert (writer.publisher.detail or "").startswith("Redis refuses messages on ")
            writer.add(Update("trades", "ETHUSDT", [{"trade_id": "1"}]))
            await until(lambda: heard, "a channel that is permitted")
            assert writer.publisher.status == "degraded", "the others still are not"
            await client.execute_command("ACL", "SETUSER", *limited, "allchannels")
            writer.trade(3)
            writer.publisher.outbox.add(_closing(1))
            writer.price(2.0, "ETHUSDT")
            writer.add(Update("market_data", "BTCUSDT", {"mode": "live"}))
            await until(lambda: writer.publisher.status == "up", "the permission")
            await until(
                lambda: ("market_data:BTCUSDT", {"last_price": 1.0, "timestamp": 1, "mode": "live"}) in heard,
                "the price that had been refused",
            )
            assert (outbox.lost_trades, outbox.lost_closings) == (2, 2)
            assert writer.publisher.connections == 1
    lines = capsys.readouterr().out.splitlines()
    assert sum("messages are refused" in line for line in lines) == 1
    assert sum("takes messages again" in line for line in lines) == 1


async def test_whoever_begins_to_listen_is_told_everything_whole() -> None:
    async with redis_server() as server, writing(server) as writer:
        row = {"service": "feed", "kind": "feed", "status": "up", "age_ms": 0}
        writer.price(1.0)
        writer.add(Update("services", "feed", row))
        await until(lambda: writer.publisher.writes >= 2, "what nobody hears")
        async with hearing(server, "*:*") as first:
            writer.add(Update("services", "feed", {"age_ms": 1_000}))
            await until(lambda: _whole(first), "everything")
            async with hearing(server, "*:*") as second:
                writer.add(Update("services", "feed", {"age_ms": 2_000}))
                await until(lambda: _whole(second), "everything")
        writes = writer.publisher.writes
        writer.add(Update("services", "feed", {"age_ms": 3_000}))
        await until(lambda: writer.publisher.writes > writes, "what nobody hears again")
        async with hearing(server, "*:*") as third:
            writer.add(Update("services", "feed", {"age_ms": 4_000}))
            await until(lambda: _whole(third), "everything")


def _whole(heard: list[tuple[str, Any]]) -> bool:
    batches = [body["updates"] for name, body in heard if name == "batch:collector"]
    services = [update["data"] for updates in batches for update in updates]
    row = ("market_data:BTCUSDT", {"last_price": 1.0, "timestamp": 1})
    return row in heard and any(set(data) == {"service", "kind", "status", "age_ms"} for data in services)
