"""uvicorn's HTTP protocol, with an end for clients that keep it waiting: for their request, or by not reading its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from bigboard.gateway.limits import Limit

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable

    from bigboard.gateway.sockets import Sockets

__all__ = ["HttpProtocol", "http_protocol"]

_LARGEST_HEAD = 64 * 1024
"""Bytes of a request line and its headers: the parser has no bound of its own."""
_TOO_LARGE = STATUS_LINE[431] + b"connection: close\r\ncontent-length: 0\r\n\r\n"


class HttpProtocol(HttpToolsProtocol):
    """Drops a connection that costs more than its place.

    Its next request has to come in whole ``handshake_s`` after its first byte, or the start. What was written has to leave,
    bit by bit: to close a transport means to close it once all is written, which may be never.
    """

    sockets: Sockets
    connection: socket.socket | None = None
    """What the transport writes to, below TLS."""
    _address: str | None = None
    """Whose place the connection has."""
    _deadline: asyncio.TimerHandle | None = None
    _head = 0
    """Bytes of a request's headers, or of what stands between and behind the chunks of its body."""
    _in_body = False
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called when a connection is made."""
        super().connection_made(transport)
        # Whatever does not leave at once is heard of: an answer of a few bytes may be stuck as well as a large one. Under
        # TLS uvloop takes no high water for "full when empty", and never says that it is clear again.
        transport.set_write_buffer_limits(high=0 if transport.get_extra_info("sslcontext") is None else 1)
        self._deadline = self._after(self.sockets.limits.handshake_s, self._too_late)

    def take_place(self, address: str, connection: socket.socket) -> None:
        """See ``PlacedProtocol``."""
        self._address = address
        self.connection = connection

    def give_place_back(self) -> None:
        """See ``PlacedProtocol``."""
        self._read()
        self._cancel_stalled()
        if self._address is not None:
            self.sockets.leave(self._address)
            self._address = None

    def data_received(self, data: bytes) -> None:
        """Called when some data is received."""
        if self._deadline is None:
            # A further request on the same connection; uvicorn has just put its own timer for idle ones away.
            self._deadline = self._after(self.sockets.limits.handshake_s, self._too_late)
        self._head += len(data)
        super().data_received(data)
        if self._head > _LARGEST_HEAD and not self.transport.is_closing():
            self.sockets.count(Limit.REQUEST_SIZE, self._peer())
            if not self._in_body:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; one behind a chunked body means nothing to anybody, and there may be any number of them."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request has come in, save its body, which no route reads."""
        self._read()
        self._in_body = True
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            # RFC 9112 section 3.2: 400, which is what uvicorn makes of it. Of two names a proxy may have checked the other.
            raise ValueError("one Host header and no more")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body, of which uvicorn keeps little."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The body has come in too."""
        self._head = 0
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Called when an answer was sent: from here on the connection is idle, which uvicorn bounds."""
        self._read()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Called when something that was written has not left."""
        super().pause_writing()
        self._watch_reading()

    def resume_writing(self) -> None:
        """Called when all of it has left."""
        super().resume_writing()
        self._cancel_stalled()

    def handle_websocket_upgrade(self) -> None:
        """The connection goes over to the WebSocket protocol, whose limits are others."""
        self.give_place_back()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called when the connection is lost or closed."""
        self.give_place_back()
        super().connection_lost(exc)

    def _read(self) -> None:
        self._head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.sockets.count(Limit.HANDSHAKE_TIME, self._peer())
            self.transport.abort()

    def _watch_reading(self) -> None:
        """Look again later, whether anything has left by then."""
        waiting = self.transport.get_write_buffer_size()
        self._stalled = self._after(self.sockets.limits.reading_s, lambda: self._look(waiting))

    def _look(self, waited: int) -> None:
        self._stalled = None
        if self.transport.get_write_buffer_size() < waited:
            self._watch_reading()
        else:
            self.sockets.count(Limit.READING_TIME, self._peer())
            self.transport.abort()

    def _cancel_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _peer(self) -> str:
        return self.client[0] if self.client else "unknown"

    def _after(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, call)


def http_protocol(sockets: Sockets) -> type[HttpProtocol]:
    """The protocol of a port; uvicorn makes one for each connection and passes no arguments of ours."""
    return cast("type[HttpProtocol]", type("HttpProtocol", (HttpProtocol,), {"sockets": sockets}))
