"""uvicorn's WebSocket protocol, with a direct way to the transport.

*Prepared frames.* An ASGI ``send`` builds each frame anew and may wait, so a tick would need a task per client. Here whole
frames, built once for many, are written to the transport as they are. uvicorn's own frames (pongs, pings, the close) are
written whole too and on the same thread, so the two never mix within a frame; and nothing is written once a close has
begun.

*An end for connections that cannot end in order.* To close a transport means to close it once everything is written. A
client that never reads, but whose machine still acknowledges, keeps that from happening for ever: the connection, its
buffer and its tasks would stay. So whoever closes has to be able to abort, which ASGI does not offer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from bigboard.gateway.deflate import SharedDeflateFactory

if TYPE_CHECKING:
    from asyncio import BaseTransport
    from collections.abc import Callable, Mapping

    from uvicorn._types import ASGISendEvent

__all__ = ["CHANNEL", "CLOSE_S", "DirectChannel", "WebSocketProtocol", "abort_of", "channel_of"]

_ABORT = "bigboard.abort"
CHANNEL = "bigboard.channel"
"""The ASGI extension by which whole frames go to the transport past ASGI's own ``send``."""

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_SHARED_DEFLATE = SharedDeflateFactory()

CLOSE_S = 5.0
"""How long a client has to take the close frame and what was sent before it."""


class DirectChannel(Protocol):
    """What the ASGI extension offers beside ``send``. The application still accepts, receives and closes by ASGI."""

    def write_frame(self, prepared: bytes) -> None:
        """Write a whole frame; never blocks. Dropped if the connection is not open any more."""

    def is_clear(self) -> bool:
        """Whether everything that was written has left for the network, and more may be written."""

    def waiting_bytes(self) -> int:
        """Bytes that were written and have not left yet."""

    def deflates(self) -> bool:
        """Whether the client agreed to compressed frames; known once the connection is accepted."""

    async def drained(self) -> None:
        """Wait until everything that was written has left, or never will."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Offers the application a ``DirectChannel``, which it is itself, and aborts after a keep-alive that failed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Instead of uvicorn's own, which would keep a window for each connection.
        self.conn.available_extensions = [_SHARED_DEFLATE] if self.config.ws_per_message_deflate else []

    def connection_made(self, transport: BaseTransport) -> None:
        """Called when a connection is made."""
        super().connection_made(transport)
        # What read the request until now is done. It and its parser hold each other: let go, they need no collection.
        reader = self.transport.get_protocol()
        if isinstance(reader, HttpToolsProtocol):
            reader.parser = None  # type: ignore[assignment]  # as uvicorn itself does at the end of it
        # With no high water the transport writes to the socket at once, instead of at the end of the loop's turn, and says
        # whenever something is left: a client is ready when nothing is.
        self.transport.set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Called when some data is received."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._answer_broken_handshake()

    def _answer_broken_handshake(self) -> None:
        """A request that httptools could read and websockets cannot, say with a line too long. uvicorn says nothing then."""
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        answer = b"".join(self.conn.data_to_send())
        self.transport.write(answer or _BAD_REQUEST)
        self.transport.close()

    def write_frame(self, prepared: bytes) -> None:
        """See ``DirectChannel``."""
        if self.conn.state is State.OPEN and not self.close_sent and not self.transport.is_closing():
            self.transport.write(prepared)

    def is_clear(self) -> bool:
        """See ``DirectChannel``."""
        return self.transport.get_write_buffer_size() == 0

    def waiting_bytes(self) -> int:
        """See ``DirectChannel``."""
        return self.transport.get_write_buffer_size()

    def deflates(self) -> bool:
        """See ``DirectChannel``."""
        return bool(self.conn.extensions)

    async def drained(self) -> None:
        """See ``DirectChannel``."""
        await self.writable.wait()

    async def run_asgi(self) -> None:
        """Run the application."""
        self.scope["extensions"][_ABORT] = {"abort": self.transport.abort}
        self.scope["extensions"][CHANNEL] = {"channel": self}
        try:
            await super().run_asgi()
        finally:
            # They lead from the scope back to here; see connection_lost.
            self.scope["extensions"].clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called when the connection is lost or closed."""
        super().connection_lost(exc)
        # A connection that is over has to go at once, and not when the next full collection of cycles finds it. The parser
        # is a generator that holds the object that holds it.
        self.conn.parser.close()

    async def send(self, message: ASGISendEvent) -> None:
        """Take what the application sends."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # A refusal completes the handshake too; uvicorn would else log each one as an error of the application.
            self.handshake_complete = True

    def shutdown(self) -> None:
        """The server stops; whoever was to leave in order has left, or does so within a part of its timeout."""
        super().shutdown()
        timeout_s = self.config.timeout_graceful_shutdown or CLOSE_S
        self.loop.call_later(timeout_s / 4, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """The peer has not answered a ping."""
        super().keepalive_timeout()
        self.loop.call_later(CLOSE_S, self.transport.abort)


def abort_of(scope: Mapping[str, Any]) -> Callable[[], None]:
    """What drops the connection of an ASGI scope at once, whatever is still to be written."""
    abort: Callable[[], None] = scope["extensions"][_ABORT]["abort"]
    return abort


def channel_of(scope: Mapping[str, Any]) -> DirectChannel:
    """The direct way to the transport of an ASGI scope."""
    return cast("DirectChannel", scope["extensions"][CHANNEL]["channel"])
