"""A cable that can be cut: a TCP relay between clients and a server on loopback."""

from __future__ import annotations

import asyncio
from typing import Self

__all__ = ["Cutter"]

_CHUNK = 65_536


class Cutter:
    """Relays every connection to ``port`` and drops all of them, without a word, when told to."""

    def __init__(self, port: int) -> None:
        self.cuts = 0
        """Connections that were cut."""
        self._target = port
        self._server: asyncio.Server | None = None
        self._transports: set[asyncio.WriteTransport] = set()
        self._relays: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where clients connect to."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._relays, return_exceptions=True)

    def cut(self) -> None:
        """Drop every connection that is open now."""
        self.cuts += len(self._transports) // 2
        for transport in list(self._transports):
            transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target)
        transports = {writer.transport, up_writer.transport}
        self._transports |= transports
        for source, sink in ((reader, up_writer), (up_reader, writer)):
            relay = asyncio.create_task(self._relay(source, sink, transports))
            self._relays.add(relay)
            relay.add_done_callback(self._relays.discard)

    async def _relay(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, transports: set[asyncio.WriteTransport]
    ) -> None:
        try:
            while chunk := await source.read(_CHUNK):
                sink.write(chunk)
                await sink.drain()
        except OSError:
            pass
        finally:
            self._transports -= transports
            for transport in transports:
                transport.abort()
