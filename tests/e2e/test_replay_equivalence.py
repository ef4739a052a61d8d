"""Replay equivalence: whatever happens to a client on the way, at the end it holds what the recording says.

Each recording is played at full speed while clients of both languages and formats join at random moments and lose their
connections at random. At the end each replica equals the server's state at its cursor, and the server's state equals what
an independent reading of the raw file gives.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bigboard.board import Board, Selection, Snapshot, Subscription
from bigboard.client import BoardClient
from bigboard.feed.replay import ReplayFeed
from bigboard.runtime import Embedded
from bigboard.settings import Settings
from bigboard.spine import Follower
from bigboard.wire import Format
from e2e.cutter import Cutter
from recorded import RECORDINGS, final_state, raw_lines, recording

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from bigboard.wire.market import MarketEvent

_CLIENT = Path(__file__).with_name("replica.mjs")
_BUILT = Path(__file__).parents[2] / "web" / "packages" / "client" / "dist" / "index.js"
_SUBSCRIPTIONS = (
    ["*"],
    ["market_data", "orderbook", "trades", "candles"],
    ["orderbook:{symbol}", "trades:{symbol}"],
    ["market_data:{symbol}", "candles:{symbol}/1m", "services"],
)
_INTERVALS_MS = (20, 50, 100, 250)
_WAIT_S = 20.0


class HeldFeed:
    """A replay that starts when it is told to, so that some clients are there before the first line."""

    def __init__(self, path: Path) -> None:
        self._feed = ReplayFeed([path], speed=None)
        self.go = asyncio.Event()
        self.name = self._feed.name
        self.mode = self._feed.mode
        self.venue = self._feed.venue

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        await self.go.wait()
        async with aclosing(self._feed.events()) as batches:
            async for batch in batches:
                yield batch


class Truth:
    """The server's state at every sequence from the end of the replay on."""

    def __init__(self, server: Embedded) -> None:
        self.states: dict[int, Snapshot] = {}
        self.ended = False
        self.board = Board("", limits=server.hub.board.limits)
        self.follower = Follower(server.spine, self.board, lambda _: self.keep())

    def keep(self) -> None:
        if self.ended:
            self.states[self.board.sequence] = self.board.snapshot()

    def at(self, sequence: int, subscriptions: Sequence[str]) -> dict[str, Any] | None:
        state = self.states.get(sequence)
        if state is None:
            return None
        copy = Board(state.epoch)
        copy.load(state)
        selection = Selection(Subscription.parse(one) for one in subscriptions)
        data: dict[str, Any] = _plain(copy.snapshot(selection).data)
        return data


class PythonClient:
    """A ``BoardClient`` that follows until it is ended."""

    def __init__(self, port: int, subscriptions: list[str], format: Format, interval_ms: int) -> None:
        self.subscriptions = subscriptions
        self._client = BoardClient(
            f"ws://127.0.0.1:{port}/ws", subscriptions, format=format, interval_ms=interval_ms, longest_wait_s=0.1,
            first_attempts=50,
        )  # fmt: skip
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async with aclosing(self._client.messages()) as messages:
            async for _ in messages:
                pass

    async def report(self) -> dict[str, Any]:
        session = self._client.session
        cursor = session.cursor
        return {
            "cursor": {"epoch": cursor.epoch, "sequence": cursor.sequence} if cursor else None,
            "data": _plain(session.replica.data()),
            "resumes": session.resumes,
            "gaps": session.gaps,
        }

    async def end(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


class NodeClient:
    """The TypeScript package in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, subscriptions: list[str]) -> None:
        self.subscriptions = subscriptions
        self._process = process

    @classmethod
    async def start(cls, port: int, subscriptions: list[str], format: Format, interval_ms: int) -> NodeClient:
        process = await asyncio.create_subprocess_exec(
            "node", str(_CLIENT), f"ws://127.0.0.1:{port}/ws", format.value, str(interval_ms), *subscriptions,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
        )  # fmt: skip
        return cls(process, subscriptions)

    async def report(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"report\n")
        report: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return report

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"end\n")
        await self._process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("name", RECORDINGS)
async def test_every_client_ends_with_what_the_recording_says(name: str) -> None:
    path = recording(name)
    symbol = path.name.partition(".")[0].upper()
    chance = random.Random(name)
    async with _server(path) as (server, feed, truth), Cutter(server.port) as cutter, AsyncExitStack() as stack:
        clients: list[PythonClient | NodeClient] = []

        async def join(number: int) -> None:
            subscriptions = [one.format(symbol=symbol) for one in _SUBSCRIPTIONS[number % len(_SUBSCRIPTIONS)]]
            format_ = list(Format)[number // 2 % 2]
            interval_ms = chance.choice(_INTERVALS_MS)
            client: PythonClient | NodeClient
            if number % 2:
                client = PythonClient(cutter.port, subscriptions, format_, interval_ms)
            else:
                client = await NodeClient.start(cutter.port, subscriptions, format_, interval_ms)
            stack.push_async_callback(client.end)
            clients.append(client)

        await asyncio.gather(*(join(number) for number in range(4)))
        await asyncio.gather(*(_held(client) for client in clients))
        feed.go.set()
        for number in range(4, 8):
            await asyncio.sleep(chance.uniform(0, 0.15))
            cutter.cut()
            await join(number)
        await asyncio.wait_for(server.feed_ended.wait(), _WAIT_S)
        cutter.cut()
        await asyncio.gather(*(_agrees(client, truth) for client in clients))

        reports = [await client.report() for client in clients]
        assert cutter.cuts > 0
        assert sum(report["resumes"] for report in reports) > 0, "no connection was resumed: the test shows too little"
        await _check_against_recording(server, path, symbol)


@asynccontextmanager
async def _server(path: Path) -> AsyncIterator[tuple[Embedded, HeldFeed, Truth]]:
    feed = HeldFeed(path)
    server = Embedded(Settings(port=0, hub_port=0, heartbeat=0.2), feed)
    truth = Truth(server)
    ready = asyncio.Event()
    tasks = [asyncio.create_task(server.run(ready.set)), asyncio.create_task(truth.follower.run())]

    async def watch_end() -> None:
        await server.feed_ended.wait()
        truth.ended = True
        truth.keep()

    tasks.append(asyncio.create_task(watch_end()))
    try:
        await asyncio.wait_for(ready.wait(), _WAIT_S)
        yield server, feed, truth
    finally:
        server.stop()
        await asyncio.wait_for(tasks[0], _WAIT_S)
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks[1:], return_exceptions=True)


async def _held(client: PythonClient | NodeClient) -> None:
    """Wait until the client has its first state."""
    async with asyncio.timeout(_WAIT_S):
        while not (await client.report())["data"]:
            await asyncio.sleep(0.01)


async def _agrees(client: PythonClient | NodeClient, truth: Truth) -> None:
    """Wait until the client's cursor is past the end, then compare with the server's state at that very cursor."""
    async with asyncio.timeout(_WAIT_S):
        while True:
            report = await client.report()
            expected = truth.at((report["cursor"] or {}).get("sequence", -1), client.subscriptions)
            if expected is not None:
                assert report["data"] == expected
                return
            await asyncio.sleep(0.01)


async def _check_against_recording(server: Embedded, path: Path, symbol: str) -> None:
    data = _plain(server.hub.board.snapshot().data)
    final = final_state(path)
    quote = data["market_data"][symbol]
    assert [quote[name] for name in ("bid_price", "bid_size", "ask_price", "ask_size")] == [*final.bid, *final.ask]
    book = data["orderbook"][symbol]
    assert book["bids"] == [list(level) for level in final.bids]
    assert book["asks"] == [list(level) for level in final.asks]
    # The last updates may be far from the touch: then nothing that the board shows has changed.
    assert book["update_id"] <= final.update_id
    assert data["trades"][symbol] == final.trades
    candles = await server.gateway.history.query(f"{symbol}/1m")
    expected = _minute_candles(path)
    for candle, raw in zip(candles, expected, strict=True):
        assert [candle.open_time, candle.open, candle.high, candle.low, candle.close, candle.trades] == raw[:5] + raw[
            6:
        ]
        assert candle.volume == pytest.approx(raw[5])
        assert candle.closed == (raw is not expected[-1])


def _minute_candles(path: Path) -> list[list[float]]:
    """1-minute candles by a few lines of their own: open_time, open, high, low, close, volume, trades."""
    candles: dict[int, list[float]] = {}
    for _, message in raw_lines(path):
        data = message.get("data", message)
        if data.get("e") in ("trade", "aggTrade"):
            price, size, minute = float(data["p"]), float(data["q"]), data["T"] // 60_000 * 60_000
            if minute not in candles:
                candles[minute] = [minute, price, price, price, price, 0.0, 0]
            candle = candles[minute]
            candle[2:7] = max(candle[2], price), min(candle[3], price), price, candle[5] + size, candle[6] + 1
    return list(candles.values())


def _plain(value: Any) -> Any:
    """As JSON has it: no tuples, no difference between 1 and 1.0."""
    return json.loads(json.dumps(value))


if shutil.which("node") is None or not _BUILT.is_file():
    if os.environ.get("CI"):
        raise RuntimeError("the TypeScript client is not built: make web")
    pytest.skip("needs Node and the built TypeScript client: make web", allow_module_level=True)
