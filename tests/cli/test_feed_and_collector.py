"""`bigboard feed` and `bigboard collector` as a user starts them: in any order, with a real Redis."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from bigboard.board import Board, Selection, Subscription, Update
from bigboard.version import VERSION
from ports import free_port
from recorded import final_state, recording
from redis_servers import redis_server
from roles import role
from servers import DEADLINE_S, run

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub


def free_endpoint() -> str:
    return f"tcp://127.0.0.1:{free_port()}"


async def reads(client: Redis, key: str) -> Any:
    """What a key holds, once it is there."""
    async with asyncio.timeout(DEADLINE_S):
        while (text := await client.get(key)) is None:
            await asyncio.sleep(0.02)
    return json.loads(text)


async def test_a_feed_says_what_it_publishes_and_where() -> None:
    async with role(
        "feed", "--simulated", "--symbols", "BTCUSDT", "--seed", "7", "--feed", "tcp://127.0.0.1:*"
    ) as feed:
        assert await feed.line("Bigboard") == (
            f"Bigboard {VERSION} feed: 1 symbols at 10 updates/s each; the data is simulated (seed 7)"
        )
        assert (await feed.line("Publishes")).startswith("Publishes on tcp://127.0.0.1:")
        ended = await feed.end(signal.SIGINT)
        assert (ended.status, ended.err) == (0, "")


async def test_from_a_simulated_market_to_keys_in_redis_in_any_order() -> None:
    endpoint = free_endpoint()
    async with redis_server() as server, server.client() as client:
        await server.stop()
        async with role("collector", "--feed", endpoint, "--redis", server.url) as collector:
            assert endpoint in await collector.line("Bigboard")
            await collector.line(f"no feed on {endpoint} yet", of="stderr")
            await collector.line("no Redis on", of="stderr")
            await server.start()
            async with role("feed", "--simulated", "--symbols", "BTCUSDT,ETH/USDT:USDT", "--feed", endpoint):
                await collector.line("Listens to the feed simulated", of="stderr")
                for symbol in ("BTC/USDT", "ETH/USDT"):
                    ticker = await reads(client, f"ticker:{symbol}")
                    assert ticker["symbol"] == symbol
                    assert ticker["bid"] < ticker["ask"]
                    assert ticker["mode"] == "simulated"
                    metrics = await reads(client, f"metrics:{symbol}")
                    fields = {
                        "spread",
                        "spread_bps",
                        "messages_received",
                        "messages_per_second",
                        "uptime_seconds",
                        "feed_latency_ms",
                    }
                    assert fields <= set(metrics)
                assert (await reads(client, "metrics:latest"))["messages_received"] > 0
                async with asyncio.timeout(DEADLINE_S):
                    while await client.llen("history:BTC/USDT:price") < 3:
                        await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", ["2024-08-08/btcusdt.gz", "2021-04-05/batusdt.gz"])
async def test_a_recording_at_full_speed_arrives_whole(name: str) -> None:
    """Nothing paces it but its readers: what is heard on the channels makes the board that the recording says."""
    endpoint, path = free_endpoint(), recording(name)
    truth = final_state(path)
    async with redis_server() as server, server.client() as client, client.pubsub() as pubsub:
        await pubsub.psubscribe("market_data:*", "orderbook:*", "trades:*", "batch:collector")
        async with (
            role("feed", "--replay", str(path), "--speed", "max", "--feed", endpoint),
            role("collector", "--feed", endpoint, "--redis", server.url),
        ):
            heard = await _hear(pubsub, until_down="replay")
        board = heard.snapshot().data
        row, book = board["market_data"][truth.symbol], board["orderbook"][truth.symbol]
        assert (row["bid_price"], row["bid_size"], row["ask_price"], row["ask_size"]) == (*truth.bid, *truth.ask)
        assert [tuple(level) for level in book["bids"]] == truth.bids
        assert [tuple(level) for level in book["asks"]] == truth.asks
        assert board["trades"][truth.symbol] == truth.trades
        own = board["services"]["collector"]
        lost = {field: value for field, value in own.items() if field.startswith(("missed", "lost", "bad", "refused"))}
        assert len(lost) == 7
        assert not any(lost.values()), lost
        symbol = f"{truth.symbol.removesuffix('USDT')}/USDT"
        ticker = json.loads(await client.get(f"ticker:{symbol}") or "{}")
        assert (ticker["bid"], ticker["ask"], ticker["last"]) == (truth.bid[0], truth.ask[0], truth.trades[-1]["price"])


async def test_a_collector_that_was_killed_goes_on_with_the_candles_under_way() -> None:
    endpoint = free_endpoint()
    arguments = ("collector", "--feed", endpoint)
    async with (
        redis_server() as server, server.client() as client, client.pubsub() as pubsub,
        role("feed", "--simulated", "--symbols", "BTCUSDT", "--rate", "100", "--feed", endpoint),
    ):  # fmt: skip
        async with role(*arguments, "--redis", server.url) as first:
            kept: dict[str, Any] = {}
            async with asyncio.timeout(DEADLINE_S):
                while kept.get("trades", 0) < 5:
                    await asyncio.sleep(0.05)
                    kept = json.loads(await client.hget("candles:simulated", "BTCUSDT/1d") or "{}")
            first.process.kill()
            await first.process.wait()
        kept = json.loads(await client.hget("candles:simulated", "BTCUSDT/1d") or "{}")
        # Only now, so that nothing is heard that the first one said.
        await pubsub.subscribe("batch:collector")
        async with role(*arguments, "--redis", server.url) as second:
            await second.line("Listens to", of="stderr")
            while (after := await _hears_candle(pubsub, "BTCUSDT/1d"))["trades"] <= kept["trades"]:
                assert after["trades"] > 1, "it began anew"
            assert (after["open_time"], after["open"]) == (kept["open_time"], kept["open"])
            assert after["volume"] > kept["volume"]


async def test_two_feeds_of_one_kind_and_their_collectors_have_rows_of_their_own() -> None:
    names = {"BTCUSDT": "majors", "DOGEUSDT": "minors"}
    async with (
        redis_server() as server,
        server.client() as client,
        client.pubsub() as pubsub,
        AsyncExitStack() as stack,
    ):
        await pubsub.subscribe("batch:collector")
        for symbol, name in names.items():
            endpoint = free_endpoint()
            feed = ("feed", "--simulated", "--symbols", symbol, "--feed", endpoint, "--name", name)
            collector = ("collector", "--feed", endpoint, "--redis", server.url, "--name", f"collector-{name}")
            await stack.enter_async_context(role(*feed))
            await stack.enter_async_context(role(*collector))
        wanted = {f"collector-{name}" for name in names.values()} | set(names.values())
        wanted |= {f"{name}/{symbol}/book" for symbol, name in names.items()}
        services: set[str] = set()
        async with asyncio.timeout(DEADLINE_S):
            while not wanted <= services:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=DEADLINE_S)
                updates = json.loads(message["data"])["updates"] if message else []
                services |= {update["key"] for update in updates if update["topic"] == "services"}
        assert {service.split("/")[0] for service in services} == {
            *names.values(), "collector-majors", "collector-minors",
        }  # fmt: skip


async def _hears_candle(pubsub: PubSub, key: str) -> dict[str, Any]:
    """The next state of a candle that is published."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=DEADLINE_S)
            for update in json.loads(message["data"])["updates"] if message else ():
                if (update["topic"], update["key"]) == ("candles", key):
                    data: dict[str, Any] = update["data"]
                    return data


async def _hear(pubsub: PubSub, *, until_down: str) -> Board:
    """The board that channels make, as of a second after a service is down; each message a commit."""
    board = Board("E")
    ends = None
    async with asyncio.timeout(100):
        while ends is None or asyncio.get_running_loop().time() < ends:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=0.5)
            if message is None:
                continue
            topic, _, key = message["channel"].partition(":")
            body = json.loads(message["data"])
            batch = body["updates"] if topic == "batch" else [{"topic": topic, "key": key, "data": body}]
            board.apply_all([Update(**update) for update in batch])
            board.commit(1)
            services = board.snapshot(Selection((Subscription("services", until_down),))).data["services"]
            if ends is None and services.get(until_down, {}).get("status") == "down":
                ends = asyncio.get_running_loop().time() + 1.5
    return board


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("collector",), "--redis redis://HOST:PORT"),
        (("collector", "--redis", "http://x"), "redis"),
        (("collector", "--redis", "redis://x", "--feed", "localhost:5555"), "tcp://HOST:PORT"),
        (("feed", "--feed", "5555"), "--feed"),
        (("feed", "--feed", "tcp://0.0.0.0:5555"), "accept it with --insecure"),
        (("feed", "--feed", "tcp://*:5555"), "accept it with --insecure"),
        (("feed", "--feed", "tcp://[::]:5555"), "accept it with --insecure"),
        (("feed", "--simulated", "--replay", "x"), "exclude each other"),
        (("feed", "x.gz"), "--replay x.gz"),
    ],
)
async def test_a_mistake_is_one_line_with_the_way_out(arguments: tuple[str, ...], words: str) -> None:
    ended = await run(*arguments)
    assert ended.status in {1, 2}
    assert words in ended.err
    assert "Traceback" not in ended.err
