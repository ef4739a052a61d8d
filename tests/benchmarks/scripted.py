"""A WebSocket server that does what a test says, to see whether the crowd of the benchmarks counts right."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from crowd import Crowd, Wants
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from yardsticks.base import Beats, Running

from bigboard.gateway.prepared import header
from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["Peer", "Scripted", "diff", "frame", "heartbeat", "scripted", "subscribed"]


class Peer:
    """One client of the crowd, as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked: list[dict[str, Any]] = []
        """What it said in text frames."""
        self.pongs = 0
        self.writer = writer
        self._reader = reader
        self._protocol = ServerProtocol()

    async def serve(self, answer: Callable[[Peer], None]) -> None:
        """Take what comes in; ``answer`` is called after each message of the client."""
        while data := await self._reader.read(65_536):
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._protocol.send_response(self._protocol.accept(event))
                    self.writer.write(b"".join(self._protocol.data_to_send()))
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    self.asked.append(json.loads(bytes(event.data)))
                    answer(self)
                self.pongs += isinstance(event, Frame) and event.opcode is Opcode.PONG

    def say(self, message: dict[str, Any]) -> None:
        """A message in one piece."""
        self.writer.write(frame(message))

    async def say_in_pieces(self, data: bytes, size: int) -> None:
        """Bytes in segments of a size, each of which leaves by itself."""
        for at in range(0, len(data), size):
            self.writer.write(data[at : at + size])
            await self.writer.drain()
            await asyncio.sleep(0)


class Scripted:
    """The server with its crowd."""

    def __init__(self, crowd: Crowd, peers: list[Peer], beats: Beats) -> None:
        self.crowd = crowd
        self.peers = peers
        """All that ever connected, in their order."""
        self._beats = beats

    def beats(self) -> int:
        """Take the beats that were given."""
        try:
            return len(os.read(self._beats.reader, 4_096))
        except BlockingIOError:
            return 0


def frame(message: dict[str, Any]) -> bytes:
    """A text frame with a message as the board writes it."""
    payload = json.dumps(message, separators=(",", ":")).encode()
    return header(len(payload), text=True) + payload


def subscribed(sequence: int, *, resumed: bool = False) -> dict[str, Any]:
    """The answer to ``subscribe``."""
    return {"type": "subscribed", "subscriptions": [], "epoch": "E", "sequence": sequence, "resumed": resumed}


def diff(since: int, sequence: int, *, padding: int = 0) -> dict[str, Any]:
    """A diff; ``padding`` makes it longer."""
    return {"type": "diff_update", "epoch": "E", "since": since, "sequence": sequence, "changes": {"x": "y" * padding}}


def heartbeat(sequence: int) -> dict[str, Any]:
    """A heartbeat."""
    return {"type": "heartbeat", "epoch": "E", "sequence": sequence}


@asynccontextmanager
async def scripted(
    wants: Wants, clients: int, answer: Callable[[Peer], None], *, sequence: int = 0
) -> AsyncIterator[Scripted]:
    """A crowd of so many clients that are all connected and were answered."""
    if shutil.which("cc") is None:
        pytest.skip("there is no cc to compile the crowd")
    peers: list[Peer] = []
    tasks: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        peers.append(peer)
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            await peer.serve(answer)
        except OSError:
            pass  # a client that was dropped by the test
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    beats = Beats()
    os.set_blocking(beats.reader, False)
    try:
        crowd = await asyncio.to_thread(Crowd, Running(port, "/", "board", "E", sequence), beats, wants)
        with crowd:
            await asyncio.to_thread(crowd.open, clients)
            yield Scripted(crowd, peers, beats)
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*tasks)
    finally:
        beats.close()
        server.close()
