"""A network that can be cut: a proxy between a role and a server, which then swallows all and closes nothing."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Cable", "cable"]

_CHUNK = 2**16


class Cable:
    """Connections to a port of this host, on another one."""

    def __init__(self, to: int) -> None:
        self.port = 0
        self._to = to
        self._whole = asyncio.Event()
        self._whole.set()
        self._pumps: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """From now on nothing arrives any more, as when a cable is pulled: no side is told."""
        self._whole.clear()

    def mend(self) -> None:
        """What was sent meanwhile arrives, as TCP would send it again."""
        self._whole.set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        await self._whole.wait()
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        pumps = {asyncio.create_task(self._pump(reader, back)), asyncio.create_task(self._pump(there, writer))}
        self._pumps |= pumps
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._pumps -= pumps
            for end in (back, writer):
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._whole.wait()
            writer.write(data)
            await writer.drain()

    def stop(self) -> None:
        """End all connections."""
        for pump in self._pumps:
            pump.cancel()


@asynccontextmanager
async def cable(to: int) -> AsyncIterator[Cable]:
    """A cable to a port for the block."""
    made = Cable(to)
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.mend()
        made.stop()
        server.close()
        # Python 3.12 waits for the connections too; they end by themselves now.
        async with asyncio.timeout(5):
            await server.wait_closed()
