"""The pipeline as processes shows the same board as one process does: what the recording says."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from ports import free_port
from recorded import final_state, recording
from redis_servers import redis_server
from roles import aggregator, collector, feed, gateway, leads
from servers import run
from shown import agree, shows
from witness import Witness, witnessing

_RECORDING = "2021-04-05/ctkusdt.gz"
_LONG_S = 60.0


@pytest.mark.slow
@pytest.mark.parametrize("order", ["feed first", "feed last"])
async def test_the_roles_show_what_the_recording_says_in_whatever_order_they_start(order: str) -> None:
    path = recording(_RECORDING)
    symbol = path.name.partition(".")[0].upper()
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    async with redis_server() as redis, AsyncExitStack() as stack:

        async def start_feed() -> None:
            await stack.enter_async_context(feed(endpoint, "--replay", str(path), "--speed", "max"))

        if order == "feed first":
            await start_feed()
        fronts = [await stack.enter_async_context(gateway(redis.url)) for _ in range(2)]
        watchers = [Witness(f"{front.url}?client=api", ("*",), interval_ms=20) for front in fronts]
        await stack.enter_async_context(witnessing(*watchers))
        await leads(await stack.enter_async_context(aggregator(redis.url)))
        await stack.enter_async_context(collector(endpoint, redis.url))
        if order == "feed last":
            await start_feed()

        final = final_state(path)
        for front in fronts:
            data = await shows(front.port, path, symbol)
            quote, book = data["market_data"][symbol], data["orderbook"][symbol]
            assert [quote[name] for name in ("bid_price", "bid_size", "ask_price", "ask_size")] == [
                *final.bid,
                *final.ask,
            ]
            assert book["asks"] == [list(level) for level in final.asks]
            assert data["trades"][symbol] == final.trades
        for watcher, front in zip(watchers, fronts, strict=True):
            await agree(watcher, front.port)
            assert watcher.client.session.gaps == 0
            assert watcher.diffs > 10
        await _all_up(fronts[0].url)


async def _all_up(url: str) -> None:
    """Wait until `bigboard status` says that every role is up; each reports once a second."""
    up: set[str] = set()
    async with asyncio.timeout(_LONG_S):
        while not {"collector", "aggregator", "gateway", "redis"} <= up:
            told = await run("status", "--url", url, "--json")
            up = {one["role"] for one in json.loads(told.out)["roles"] if one["status"] == "up"}
