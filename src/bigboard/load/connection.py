"""A WebSocket connection of a load client, on an asyncio transport: bytes in, payloads out, no task and no queue."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from websockets.frames import Frame, Opcode
from websockets.protocol import State

from bigboard.load.frame_splitter import FIN_BINARY, FIN_TEXT, FrameSplitter

if TYPE_CHECKING:
    from websockets.client import ClientProtocol
    from websockets.http11 import Request

__all__ = ["MOST_BYTES", "Connection", "End", "Peer"]

MOST_BYTES = 64 * 1024 * 1024
"""A snapshot of a very large board; anything beyond is no board."""
_WHOLE = frozenset({FIN_BINARY, FIN_TEXT})
_END_OF_HEAD = b"\r\n\r\n"
_MOST_HEAD = 64 * 1024
_ACCEPTED = b"HTTP/1.1 101"


class End(NamedTuple):
    """How a connection ended: the server's close code, or 1006 if it sent none."""

    code: int
    reason: str


class Peer(Protocol):
    """Who a connection serves."""

    def received(self, size: int) -> None:
        """So many bytes of frames came."""

    def message(self, payload: bytes, *, text: bool) -> None:
        """A message came."""

    def ended(self, connection: Connection, end: End) -> None:
        """The connection is gone; said once, and only if it was open and nobody aborted it here."""


class Connection(asyncio.Protocol):
    """Shakes hands by ``websockets``' own protocol, then reads data frames by itself and leaves it the rest."""

    __slots__ = (
        "_aborted",
        "_deaf",
        "_fragments",
        "_head",
        "_opened",
        "_peer",
        "_protocol",
        "_refused",
        "_request",
        "_shaken",
        "_splitter",
        "_transport",
    )

    def __init__(self, protocol: ClientProtocol, request: Request, peer: Peer) -> None:
        self._protocol = protocol
        self._request = request
        self._peer = peer
        self._transport: asyncio.Transport | None = None
        self._head = b""
        """The server's answer to the handshake, as far as it came."""
        self._shaken = False
        """Whether that is over, and the connection open."""
        self._aborted = False
        self._deaf = False
        """Whether nothing that still comes is read: the connection is ending."""
        self._refused = False
        self._opened: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self._splitter = FrameSplitter(MOST_BYTES)
        self._fragments: list[bytes] = []

    @property
    def subprotocol(self) -> str | None:
        """What the server agreed to speak."""
        return self._protocol.subprotocol

    async def opened(self) -> None:
        """Wait until it is open. Raises ``InvalidHandshake`` or ``OSError`` if the server does not open it."""
        if self._opened is not None:
            await self._opened
            self._opened = None

    def send(self, payload: bytes, *, text: bool) -> None:
        """Send a message. Dropped if the connection is not open any more."""
        if self._protocol.state is State.OPEN:
            (self._protocol.send_text if text else self._protocol.send_binary)(payload)
            self._flush()

    def close(self) -> None:
        """End in order."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._flush()

    def abort(self) -> None:
        """End at once, as a lost connection does; nothing more is told of it."""
        self._aborted = self._deaf = True
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Read nothing from now on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called when TCP, or TLS over it, is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.send_request(self._request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Called when bytes came."""
        if self._deaf:
            return
        if not self._shaken:
            data = self._handshake(data)
            if not data:
                return
        self._peer.received(len(data))
        for first, frame, begin in self._splitter.split(data):
            if first in _WHOLE and not self._fragments:
                self._peer.message(frame[begin:], text=first == FIN_TEXT)
            elif not self._other(frame):
                return

    def connection_lost(self, exc: Exception | None) -> None:
        """Called when the connection is gone."""
        if not self._shaken:
            self._protocol.receive_eof()
            self._fail(self._protocol.handshake_exc or ConnectionResetError("closed in the handshake"))
            return
        if self._aborted:
            return
        close = self._protocol.close_rcvd
        if close is not None:
            self._peer.ended(self, End(close.code, close.reason))
        else:
            failed = self._protocol.parser_exc
            self._peer.ended(self, End(1006, str(failed or exc or "the connection broke off")))

    # Parts

    def _handshake(self, data: bytes) -> bytes:
        """Take what came of the server's answer; what follows it is returned."""
        if not self._refused:
            self._head += data
            end = self._head.find(_END_OF_HEAD) + len(_END_OF_HEAD)
            if end < len(_END_OF_HEAD) and len(self._head) <= _MOST_HEAD:
                return b""
            self._refused = not self._head.startswith(_ACCEPTED)
            # The protocol gets frames whole or not at all, so none that follow its answer. A refusal has a body.
            data, rest = (self._head, b"") if self._refused else (self._head[:end], self._head[end:])
        self._protocol.receive_data(data)
        self._protocol.events_received()
        if self._protocol.state is State.OPEN:
            self._head, self._shaken = b"", True
            if self._opened is not None and not self._opened.done():
                self._opened.set_result(None)
            return rest
        if self._protocol.handshake_exc is not None:
            self._fail(self._protocol.handshake_exc)
            self.abort()
        return b""

    def _fail(self, error: Exception) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(error)

    def _other(self, frame: bytes) -> bool:
        """Take a frame that is no whole message; whether what follows it may be read."""
        self._protocol.receive_data(frame)
        self._flush()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._fragment(event)
        if self._protocol.close_rcvd is not None or self._protocol.parser_exc is not None:
            self._deaf = True
            if self._transport is not None:
                self._transport.close()
        return not self._deaf

    def _fragment(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            self._fragments.append(b"text" if frame.opcode is Opcode.TEXT else b"")
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            kind, *parts = self._fragments
            self._fragments = []
            self._peer.message(b"".join(parts), text=bool(kind))

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data and self._transport is not None and not self._transport.is_closing():
                self._transport.write(data)
