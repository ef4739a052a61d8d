"""A WebSocket client with its hands on the socket: it reads only when told to, and answers nothing by itself."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any, Self

from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.uri import parse_uri

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RawClient"]

_DEADLINE_S = 15.0


class RawClient:
    """Connects with a small receive buffer, so that a server soon notices that nobody reads."""

    def __init__(self, port: int, *, receive_buffer: int = 4_096) -> None:
        self.frames: list[Frame] = []
        """Every frame that was read, control frames too."""
        self.ended = False
        self._port = port
        self._protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}/ws"), max_size=None)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.setblocking(False)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        self._protocol.send_request(self._protocol.connect())
        await self.write(b"".join(self._protocol.data_to_send()))
        await self.read(lambda: self._protocol.state.name == "OPEN")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()

    async def write(self, data: bytes) -> None:
        """Bytes as they are."""
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def say(self, message: dict[str, Any]) -> None:
        """A message in a text frame."""
        self._protocol.send_text(json.dumps(message).encode())
        await self.write(b"".join(self._protocol.data_to_send()))

    async def read(self, holds: Callable[[], object]) -> None:
        """Read until something is true, or the server ends the connection."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_DEADLINE_S):
            while not holds() and not self.ended:
                try:
                    data = await loop.sock_recv(self._socket, 65_536)
                except ConnectionResetError:
                    data = b""
                if data:
                    self._protocol.receive_data(data)
                    self.frames += [event for event in self._protocol.events_received() if isinstance(event, Frame)]
                else:
                    self.ended = True

    @property
    def close(self) -> Close | None:
        """The close frame, if one came."""
        frames = [frame for frame in self.frames if frame.opcode is Opcode.CLOSE]
        return Close.parse(bytes(frames[0].data)) if frames else None
