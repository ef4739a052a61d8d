"""A board's server that can be made to lie: what it wants to say goes through a fault first.

A fault takes a message and gives the messages that are sent instead; ``{"close": [code, reason]}`` closes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bigboard.board import Board, Update
from bigboard.wire import Format, Frames, Instant, ServerSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

__all__ = ["faulty_server", "honest", "nth_diff"]

_TICK_S = 0.02


def honest(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Says what it wanted to say."""
    yield message


def nth_diff(number: int, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Callable[..., Any]:
    """Changes the diff of this number, counted over all connections; ``None`` leaves it out."""
    seen = 0

    def fault(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        nonlocal seen
        seen += message["type"] == "diff_update"
        told = change(message) if message["type"] == "diff_update" and seen == number else message
        if told is not None:
            yield told

    return fault


class _Server:
    def __init__(self, fault: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]) -> None:
        self._fault = fault
        self._board = Board("E1")
        self._frames = Frames(self._board)
        self._change(0)

    def _change(self, number: int) -> None:
        self._board.apply(Update("market_data", "BTCUSDT", {"last_price": float(number), "volume_24h": 1.0}))
        self._board.apply(Update("market_data", f"S{number % 7}", {"last_price": float(number)}))
        self._board.commit(time.time_ns() // 1_000_000)

    async def move(self) -> None:
        number = 0
        while True:
            number += 1
            self._change(number)
            await asyncio.sleep(_TICK_S)

    async def talk(self, websocket: ServerConnection) -> None:
        session = ServerSession(self._frames, format=Format.JSON, interval_ms=20)
        ticking = asyncio.create_task(self._tick(websocket, session))
        with contextlib.suppress(ConnectionClosed):
            async for payload in websocket:
                session.receive(payload, _now())
                for frame in session.outgoing():
                    await self._say(websocket, frame.payload)
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)

    async def _tick(self, websocket: ServerConnection, session: ServerSession) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            frame = session.update(_now())
            if frame is not None:
                await self._say(websocket, frame.payload)

    async def _say(self, websocket: ServerConnection, payload: bytes) -> None:
        for message in self._fault(msgspec.json.decode(payload)):
            if "close" in message:
                await websocket.close(*message["close"])
                return
            await websocket.send(msgspec.json.encode(message).decode())


def _now() -> Instant:
    return Instant(time.monotonic(), time.time_ns() // 1_000_000)


@asynccontextmanager
async def faulty_server(
    fault: Callable[[dict[str, Any]], Iterator[dict[str, Any]]] = honest, **options: Any
) -> AsyncIterator[str]:
    """A server whose board moves fifty times a second; its address. It speaks JSON alone."""
    server = _Server(fault)
    options = {"subprotocols": ["bigboard.v1.json"], "compression": None, **options}
    async with serve(server.talk, "127.0.0.1", 0, **options) as listening:
        moving = asyncio.create_task(server.move())
        port = next(iter(listening.sockets)).getsockname()[1]
        try:
            yield f"ws://127.0.0.1:{port}/ws"
        finally:
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)
