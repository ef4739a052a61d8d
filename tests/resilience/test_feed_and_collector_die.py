"""Feed or collector are killed in the middle of a recording and started again: the end is what the recording says."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from ports import free_port
from recorded import final_state, recording
from redis_servers import redis_server
from roles import Role, aggregator, collector, feed, gateway, leads
from servers import until
from shown import agree, shows
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable

_RECORDING = "2021-04-05/ctkusdt.gz"
_LASTS_S = 8.0
"""How long the recording is played."""


class _Desk:
    """All roles, playing a recording into one gateway."""

    def __init__(self, stack: AsyncExitStack, redis: str) -> None:
        self.path = recording(_RECORDING)
        self.final = final_state(self.path)
        self._stack = stack
        self._redis = redis
        self._endpoint = f"tcp://127.0.0.1:{free_port()}"

    async def feed(self) -> Role:
        speed = f"{self.final.span_s / _LASTS_S:.1f}"
        return await self._stack.enter_async_context(feed(self._endpoint, "--replay", str(self.path), "--speed", speed))

    async def collector(self) -> Role:
        return await self._stack.enter_async_context(collector(self._endpoint, self._redis))


@pytest.mark.parametrize("dies", ["feed", "collector"])
async def test_it_is_killed_and_started_again(dies: str, measured: Callable[[str, str], None]) -> None:
    async with redis_server() as server, AsyncExitStack() as stack:
        front = await stack.enter_async_context(gateway(server.url))
        await leads(await stack.enter_async_context(aggregator(server.url)))
        desk = _Desk(stack, server.url)
        roles = {"collector": await desk.collector(), "feed": await desk.feed()}
        witness = Witness(front.url, ("*",), interval_ms=20)
        await stack.enter_async_context(witnessing(witness))
        symbol = desk.final.symbol

        def book() -> Any:
            return witness.client.replica.topic("orderbook").get(symbol, {}).get("update_id")

        await until(lambda: book() is not None and witness.prices, "the recording plays")
        roles[dies].process.kill()
        await roles[dies].process.wait()
        held = book()
        started_s = time.monotonic()
        await (desk.feed() if dies == "feed" else desk.collector())
        await until(lambda: book() != held, "the book goes on")
        measured("the book goes on after", f"{time.monotonic() - started_s:.1f} s")
        data = await shows(front.port, desk.path, symbol)
        quote, book_shown = data["market_data"][symbol], data["orderbook"][symbol]
        assert (quote["ask_price"], quote["ask_size"]) == desk.final.ask
        assert book_shown["asks"] == [list(level) for level in desk.final.asks]
        assert {trade["trade_id"] for trade in data["trades"][symbol]} <= {one["trade_id"] for one in desk.final.trades}
        assert data["trades"][symbol][-1] == desk.final.trades[-1]
        await agree(witness, front.port)
        assert witness.client.session.gaps == 0
        assert len(witness.epochs) == 1
