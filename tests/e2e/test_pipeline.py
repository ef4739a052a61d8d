"""The pipeline as processes shows the same board as one process does: what the recording says."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bigboard.client import BoardClient
from bigboard.wire.messages import DiffUpdate, Subscribed
from recorded import final_state, recording
from redis_servers import free_port, redis_server
from roles import Role, role
from servers import DEADLINE_S, run

if TYPE_CHECKING:
    from pathlib import Path

_RECORDING = "2021-04-05/ctkusdt.gz"
_LONG_S = 60.0


class _Watcher:
    """A client that checks every sequence, from the start."""

    def __init__(self, port: int) -> None:
        self.client = BoardClient(f"ws://127.0.0.1:{port}/ws?client=api", ["*"], interval_ms=20)
        self.diffs = 0
        self.resumed: list[bool] = []

    async def run(self) -> None:
        async for message in self.client.messages():
            if isinstance(message, DiffUpdate):
                self.diffs += 1
            elif isinstance(message, Subscribed):
                self.resumed.append(message.resumed)


def _ports(line: str) -> tuple[int, int]:
    dashboard, hub = map(int, re.findall(r"127\.0\.0\.1:(\d+)", line))
    return dashboard, hub


async def _gateway(stack: AsyncExitStack, redis: str) -> tuple[int, int]:
    process = await stack.enter_async_context(role("gateway", "--redis", redis, "--port", "0", "--hub-port", "0"))
    return _ports(await process.line("Open"))


async def _state(port: int) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=DEADLINE_S) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/api/v1/state")
        answer.raise_for_status()
        data: dict[str, Any] = answer.json()["data"]
        return data


async def _shows(port: int, path: Path, symbol: str) -> dict[str, Any]:
    """Wait until a gateway shows the end of the recording; its whole state."""
    final = final_state(path)
    async with asyncio.timeout(_LONG_S):
        while True:
            data = await _state(port)
            book, quote = data["orderbook"].get(symbol), data["market_data"].get(symbol, {})
            if (
                book
                and book["bids"] == [list(level) for level in final.bids]
                and quote.get("bid_price") == final.bid[0]
            ):
                return data
            await asyncio.sleep(0.2)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["feed first", "feed last"])
async def test_the_roles_show_what_the_recording_says_in_whatever_order_they_start(order: str) -> None:
    path = recording(_RECORDING)
    symbol = path.name.partition(".")[0].upper()
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    async with redis_server() as redis, AsyncExitStack() as stack:

        async def start(*arguments: str) -> Role:
            return await stack.enter_async_context(role(*arguments))

        async def feed() -> None:
            started = await start("feed", "--replay", str(path), "--speed", "max", "--feed", endpoint)
            await started.line("Publishes")

        if order == "feed first":
            await feed()
        ports = [await _gateway(stack, redis.url) for _ in range(2)]
        watchers = [_Watcher(hub) for _, hub in ports]
        tasks = [asyncio.create_task(watcher.run()) for watcher in watchers]
        aggregator = await start("aggregator", "--redis", redis.url)
        await aggregator.line("Leads", of="stderr")
        collector = await start("collector", "--feed", endpoint, "--redis", redis.url)
        await collector.line("collector:")
        if order == "feed last":
            await feed()

        final = final_state(path)
        for dashboard, _ in ports:
            data = await _shows(dashboard, path, symbol)
            quote, book = data["market_data"][symbol], data["orderbook"][symbol]
            assert [quote[name] for name in ("bid_price", "bid_size", "ask_price", "ask_size")] == [
                *final.bid,
                *final.ask,
            ]
            assert book["asks"] == [list(level) for level in final.asks]
            assert data["trades"][symbol] == final.trades
        for watcher, (dashboard, _) in zip(watchers, ports, strict=True):
            await _agree(watcher, dashboard)
            assert watcher.client.session.gaps == 0
            assert watcher.diffs > 10
        await _all_up(ports[0][1])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_up(hub: int) -> None:
    """Wait until `bigboard status` says that every role is up; each reports once a second."""
    up: set[str] = set()
    async with asyncio.timeout(_LONG_S):
        while not {"collector", "aggregator", "gateway", "redis"} <= up:
            told = await run("status", "--url", f"ws://127.0.0.1:{hub}/ws", "--json")
            up = {one["role"] for one in json.loads(told.out)["roles"] if one["status"] == "up"}


async def _agree(watcher: _Watcher, port: int) -> None:
    """Wait until the client holds what the gateway says, but for the reports that never stop."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            held, said = watcher.client.replica.data(), await _state(port)
            if all(
                _plain(held.get(topic)) == said[topic] for topic in ("market_data", "orderbook", "trades", "candles")
            ):
                return
            await asyncio.sleep(0.1)


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data))
