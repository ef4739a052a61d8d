"""uvicorn's WebSocket protocol, with a direct way to the transport.

*Prepared frames.* An ASGI ``send`` builds each frame anew and may wait, so a tick would need a task per client. Here whole
frames, built once for many, are written to the transport as they are. uvicorn's own frames (pongs, pings, the close) are
written whole too and on the same thread, so the two never mix within a frame; and nothing is written once a close has
begun.

*An end for connections that cannot end in order.* To close a transport means to close it once everything is written. A
client that never reads, but whose machine still acknowledges, keeps that from happening for ever: the connection, its
buffer and its tasks would stay. So whoever closes has to be able to abort, which ASGI does not offer.

*What strangers send.* Pings and fragments cost their sender next to nothing, so they are bounded by their number, like
messages; and nothing that comes in is an error in the log.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from bigboard.gateway.deflate import SharedDeflateFactory
from bigboard.gateway.http_protocol import HttpProtocol
from bigboard.gateway.inbox import Gate, Inbox
from bigboard.gateway.rate import Rate

if TYPE_CHECKING:
    from asyncio import BaseTransport
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
    from socket import socket

    from uvicorn._types import ASGI3Application, ASGISendEvent

__all__ = ["CHANNEL", "CLOSE_S", "DirectChannel", "Listener", "WebSocketProtocol", "abort_of", "channel_of"]

_ABORT = "bigboard.abort"
CHANNEL = "bigboard.channel"
"""The ASGI extension by which whole frames go to the transport past ASGI's own ``send``."""

_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_SHARED_DEFLATE = SharedDeflateFactory()

_WHOLE = (Opcode.TEXT, Opcode.BINARY)
_CRUMBS = Rate(100.0, 1_000)
"""Frames of one client that are no message: pings, pongs, fragments."""
_MOST_UNREAD = 4_000
"""Messages that may come at once. How many of them are taken, and how many a second, is for the connection to say."""
_PIECE = 4_096
"""Bytes that are parsed between two looks at what they hold: at most 700 frames, some 10 ms."""

CLOSE_S = 5.0
"""How long a client has to take the close frame and what was sent before it."""


class Listener(Protocol):
    """Who writes to a channel, and has to know whether it may."""

    def pause(self) -> None:
        """Something that was written has not left yet."""

    def resume(self) -> None:
        """All of it has left."""

    def cut(self) -> None:
        """A close has begun, or the connection is gone: nothing may be written any more."""


class DirectChannel(Protocol):
    """A connection past ASGI: what the extension offers to an application that has accepted."""

    @property
    def write(self) -> Callable[[bytes], object]:
        """What writes whole frames to the transport. It never blocks. Not to be called after ``Listener.cut``."""

    @property
    def send_now(self) -> Callable[[bytes], int]:
        """What sends bytes at once, as far as there is room, and tells how many; it may raise ``OSError`` instead.

        To be called only while everything that was written has left. What it did not take has to be written.
        """

    @property
    def lane(self) -> socket | None:
        """The socket that ``send_now`` sends on, if it is one."""

    def attach(self, listener: Listener) -> None:
        """Tell this one from now on, beginning with what is so already."""

    def waiting_bytes(self) -> int:
        """Bytes that were written and have not left yet."""

    def deflates(self) -> bool:
        """Whether the client agreed to compressed frames; known once the connection is accepted."""

    async def drained(self) -> None:
        """Wait until everything that was written has left, or never will."""

    async def receive(self) -> MutableMapping[str, Any]:
        """The next ASGI event: ``websocket.receive``, or ``websocket.disconnect`` at the end."""

    async def close(self, code: int, reason: str) -> None:
        """Close in order, once what was written has left. Raises ``OSError`` if the connection is gone."""

    def abort(self) -> None:
        """Drop the connection at once, whatever is still to be written."""

    def hand_over(self, successor: Callable[[], Awaitable[None]]) -> None:
        """Have the connection served by this one when the application returns, and forget its handshake.

        An application is a pile of middleware, each a frame on the stack of a task that lasts as long as the connection,
        with the request and its headers in their hands: 15 KiB for a client that does nothing.
        """

    def at_end(self, call: Callable[[], object]) -> None:
        """Call this when nobody serves the connection any more, which may be long after the application has returned."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Offers the application a ``DirectChannel``, which it is itself, and aborts after a keep-alive that failed."""

    # uvicorn's attributes are too many for Python to share their names between instances: a dictionary of 2.3 KB for each.
    # One that is not named here, in an uvicorn to come, goes to a dictionary as before.
    __slots__ = (
        "_crumbs_until", "_ends", "_listener", "_pong", "_socket", "_successor",
        "app", "app_state", "asgi_version", "client", "close_sent", "close_timeout", "close_timer", "config", "conn",
        "connections", "curr_msg_data_type", "default_headers", "disconnected", "frames", "handshake_complete",
        "handshake_initiated", "initial_response", "last_ping_rtt", "logger", "loop", "pending_ping_payload",
        "ping_interval", "ping_sent_at", "ping_timeout", "ping_timer", "pong_timer", "queue", "read_paused", "request",
        "response", "root_path", "scheme", "scope", "server", "tasks", "transport", "writable",
    )  # fmt: skip

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue = Inbox()  # type: ignore[assignment]  # these two do what uvicorn asks of them
        self.writable = Gate()  # type: ignore[assignment]
        self._listener: Listener | None = None
        self._successor: Callable[[], Awaitable[None]] | None = None
        self._ends: list[Callable[[], object]] | None = None
        self._crumbs_until = 0.0
        self._pong = b""
        """The last pong, held back while the client takes nothing."""
        # Instead of uvicorn's own, which would keep a window for each connection.
        self.conn.available_extensions = [_SHARED_DEFLATE] if self.config.ws_per_message_deflate else []

    def connection_made(self, transport: BaseTransport) -> None:
        """Called when a connection is made."""
        super().connection_made(transport)
        # What read the request until now is done. It and its parser hold each other: let go, they need no collection.
        reader = self.transport.get_protocol()
        secure = self.transport.get_extra_info("sslcontext") is not None
        self._socket = reader.connection if isinstance(reader, HttpProtocol) and not secure else None
        if isinstance(reader, HttpToolsProtocol):
            reader.parser = None  # type: ignore[assignment]  # as uvicorn itself does at the end of it
        # With no high water the transport writes to the socket at once, instead of at the end of the loop's turn, and says
        # whenever something is left: a client is ready when nothing is.
        # Under TLS uvloop takes no high water at all for "full when empty", and never says that it is clear again.
        self.transport.set_write_buffer_limits(high=1 if secure else 0)

    def data_received(self, data: bytes) -> None:
        """Called when some data is received, which may be 40,000 frames: most of a second for all other clients."""
        for at in range(0, len(data), _PIECE):
            super().data_received(data[at : at + _PIECE])
            if self.transport.is_closing():
                break
        self._cut_if_closing()
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._answer_broken_handshake()

    def _answer_broken_handshake(self) -> None:
        """A request that httptools could read and websockets cannot, say with a line too long. uvicorn says nothing then."""
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        answer = b"".join(self.conn.data_to_send())
        self.transport.write(answer or _BAD_REQUEST)
        self.transport.close()

    def handle_events(self) -> None:
        """Called with what the last piece held."""
        if self._too_many(self.conn.events):
            self.conn.events_received()
            self.conn.fail(4429, f"more than {_CRUMBS.per_s:g} frames per second, or {_CRUMBS.burst} at once")
            self.handle_parser_exception()
        else:
            super().handle_events()

    def _too_many(self, events: Iterable[Any]) -> bool:
        for event in events:
            if isinstance(event, Frame) and not (event.fin and event.opcode in _WHOLE):
                self._crumbs_until, overdue = _CRUMBS.take(self._crumbs_until, self.loop.time())
                if overdue:
                    return True
        return len(self.queue) > _MOST_UNREAD  # type: ignore[arg-type]  # it is an Inbox

    def handle_cont(self, event: Frame) -> None:
        """A further fragment. An empty one counts towards no limit of size, so there must be no list of them."""
        if event.data or event.fin:
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A message is whole."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_utf8(self.frames):
            # uvicorn closes just so, but with a traceback in the log for each.
            self.frames = []
            self.conn.fail(1007, "a text that is not UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer; a client that takes nothing gets the last answer alone, once it does (RFC 6455 section 5.5.3)."""
        pongs = self.conn.data_to_send()
        if not pongs:
            return  # Of many pings at once: the first call has written all the answers.
        if self.writable.is_set() or self.conn.state is not State.OPEN:
            self.transport.write(b"".join(pongs))
        else:
            self._pong = pongs[-1]

    # What the channel offers

    @property
    def write(self) -> Callable[[bytes], object]:
        """See ``DirectChannel``."""
        return self.transport.write

    @property
    def send_now(self) -> Callable[[bytes], int]:
        """See ``DirectChannel``."""
        return self._write_all if self._socket is None else self._socket.send

    @property
    def lane(self) -> socket | None:
        """See ``DirectChannel``."""
        return self._socket

    def _write_all(self, data: bytes) -> int:
        self.transport.write(data)
        return len(data)

    def attach(self, listener: Listener) -> None:
        """See ``DirectChannel``."""
        self._listener = listener
        if not self.writable.is_set():
            listener.pause()
        self._cut_if_closing()

    def waiting_bytes(self) -> int:
        """See ``DirectChannel``."""
        return self.transport.get_write_buffer_size()

    def deflates(self) -> bool:
        """See ``DirectChannel``."""
        return bool(self.conn.extensions)

    async def drained(self) -> None:
        """See ``DirectChannel``."""
        await self.writable.wait()

    async def close(self, code: int, reason: str) -> None:
        """See ``DirectChannel``."""
        await self.send({"type": "websocket.close", "code": code, "reason": reason})

    def abort(self) -> None:
        """See ``DirectChannel``."""
        self.transport.abort()

    def hand_over(self, successor: Callable[[], Awaitable[None]]) -> None:
        """See ``DirectChannel``."""
        self._successor = successor

    def at_end(self, call: Callable[[], object]) -> None:
        """See ``DirectChannel``."""
        if self._ends is None:
            self._ends = []
        self._ends.append(call)

    # What uvicorn calls

    async def run_asgi(self) -> None:
        """Run the application, and whom it hands over to."""
        self.scope["extensions"][_ABORT] = {"abort": self.transport.abort}
        self.scope["extensions"][CHANNEL] = {"channel": self}
        application, self.app = self.app, partial(self._serve, self.app)
        try:
            await super().run_asgi()
        finally:
            # These lead from here back to here; see connection_lost.
            self.app = application
            self.scope["extensions"].clear()
            self._listener = self._successor = None
            for call in self._ends or ():
                call()

    async def _serve(self, application: ASGI3Application, scope: Any, receive: Any, send: Any) -> None:
        """The application, as far as uvicorn sees."""
        await application(scope, receive, send)
        successor, self._successor = self._successor, None
        if successor is not None:
            # 6 KiB that only the handshake needed, and no frame on the stack may hold on to them.
            del application, receive, send
            scope.clear()
            scope["extensions"] = {}
            self.request = self.response = None  # type: ignore[assignment]
            await successor()

    def pause_writing(self) -> None:
        """Called when something that was written has not left."""
        super().pause_writing()
        if self._listener is not None:
            self._listener.pause()

    def resume_writing(self) -> None:
        """Called when all of it has left."""
        super().resume_writing()
        if self._pong:
            pong, self._pong = self._pong, b""
            if self.conn.state is State.OPEN:
                self.transport.write(pong)
        if self._listener is not None and self.writable.is_set():
            self._listener.resume()

    def _cut_if_closing(self) -> None:
        if self._listener is not None and self.conn.state is not State.OPEN:
            self._listener.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called when the connection is lost or closed."""
        if self.conn.close_rcvd is None:
            # uvicorn would tell of 1005, which is a close frame without a code. The first to tell is heard.
            code = self.conn.close_sent.code if self.conn.close_sent is not None else 1006
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        super().connection_lost(exc)
        if self._listener is not None:
            self._listener.cut()
        # A connection that is over has to go at once, and not when the next full collection of cycles finds it. The parser
        # is a generator that holds the object that holds it.
        self.conn.parser.close()

    async def send(self, message: ASGISendEvent) -> None:
        """Take what the application sends."""
        await super().send(message)
        self._cut_if_closing()
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # A refusal completes the handshake too; uvicorn would else log each one as an error of the application.
            self.handshake_complete = True

    def shutdown(self) -> None:
        """The server stops; whoever was to leave in order has left, or does so within a part of its timeout."""
        super().shutdown()
        self._cut_if_closing()
        timeout_s = self.config.timeout_graceful_shutdown or CLOSE_S
        self.loop.call_later(timeout_s / 4, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """The peer has not answered a ping."""
        super().keepalive_timeout()
        self._cut_if_closing()
        self.loop.call_later(CLOSE_S, self.transport.abort)


def abort_of(scope: Mapping[str, Any]) -> Callable[[], None]:
    """What drops the connection of an ASGI scope at once, whatever is still to be written."""
    abort: Callable[[], None] = scope["extensions"][_ABORT]["abort"]
    return abort


def channel_of(scope: Mapping[str, Any]) -> DirectChannel:
    """The direct way to the transport of an ASGI scope."""
    return cast("DirectChannel", scope["extensions"][CHANNEL]["channel"])


def _is_utf8(fragments: Iterable[bytes]) -> bool:
    try:
        b"".join(fragments).decode()
    except UnicodeDecodeError:
        return False
    return True
