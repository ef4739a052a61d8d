"""Takes connections from a listening socket, many at a time.

uvloop takes one for each turn of its loop. When ten thousand clients come back at once, each turn is full of their
handshakes, the system's queue of connections overflows (net.core.somaxconn, mostly 4,096), and whoever fell out of it tries
again after 1, 3, 7 and 15 seconds, while the server soon has nothing to do.

Here a connection gets its place, too. asyncio tells a protocol of one only once TLS is agreed on: until then whoever
connects and says nothing would be counted nowhere.
"""

from __future__ import annotations

import asyncio
import errno
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

import structlog

from bigboard.gateway.limits import Limit
from bigboard.gateway.protocol import CLOSE_S

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from ssl import SSLContext

    from bigboard.gateway.sockets import Sockets

__all__ = ["Acceptor", "PlacedProtocol"]

_AT_ONCE = 256
"""Connections taken in one turn of the loop: about 10 ms with what they cause."""
_MOST_BEGINNING = 2_048
"""Connections that were taken and have not got their protocol yet; with TLS that takes two round trips."""
_SHORT_OF = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE_S = 0.5
_log = structlog.stdlib.get_logger("bigboard.gateway")


class PlacedProtocol(Protocol):
    """An ``asyncio.Protocol`` that has one of the places which ``Sockets`` counts, from before its connection is made."""

    def take_place(self, address: str, connection: socket.socket) -> None:
        """It has the place of this connection from this address, and gives it back at the end."""

    def give_place_back(self) -> None:
        """There will be no connection; without a place this does nothing."""


class Acceptor:
    """In place of an ``asyncio.Server``: what uvicorn asks of one is ``close``."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], PlacedProtocol],
        sockets: Sockets,
        *,
        tls: SSLContext | None = None,
    ) -> None:
        self.pauses = 0
        """How often taking had to pause because the system was short of file descriptors or memory."""
        self._listener = listener
        self._protocol = protocol
        self._sockets = sockets
        # asyncio would give a TLS handshake a minute.
        times = {"ssl_handshake_timeout": sockets.limits.handshake_s, "ssl_shutdown_timeout": CLOSE_S}
        self._options: dict[str, Any] = {} if tls is None else {"ssl": tls, **times}
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[Any]] = set()
        self._resume: asyncio.TimerHandle | None = None
        self._reading = False
        self._closed = False
        self._read()

    def close(self) -> None:
        """Take no more; whoever is beginning goes on."""
        self._closed = True
        self._stop()
        if self._resume is not None:
            self._resume.cancel()

    async def wait_closed(self) -> None:
        """Wait for those that were beginning."""
        if self._beginning:
            await asyncio.wait(self._beginning)

    def _read(self) -> None:
        self._resume = None
        if not self._closed and not self._reading:
            self._reading = True
            self._loop.add_reader(self._listener.fileno(), self._take)

    def _stop(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._listener.fileno())

    def _take(self) -> None:
        for _ in range(_AT_ONCE):
            if len(self._beginning) >= _MOST_BEGINNING:
                # The queue of the system waits meanwhile; to look at it again and again would keep those here from going on.
                self._stop()
                return
            try:
                connection, peer = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            self._begin(connection, peer[0])

    def _begin(self, connection: socket.socket, address: str) -> None:
        if not self._sockets.enter(address):
            connection.close()
            return
        connection.setblocking(False)  # noqa: FBT003 - the socket's own signature
        protocol = self._protocol()
        protocol.take_place(address, connection)
        begun = self._loop.connect_accepted_socket(
            lambda: cast("asyncio.Protocol", protocol), connection, **self._options
        )
        task = self._loop.create_task(begun)
        self._beginning.add(task)
        task.add_done_callback(partial(self._begun, protocol, address))

    def _begun(self, protocol: PlacedProtocol, address: str, task: asyncio.Task[Any]) -> None:
        self._beginning.discard(task)
        if not self._reading and self._resume is None:
            self._read()
        # A TLS handshake that fails is the client's affair, and so is a connection that is gone again.
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            protocol.give_place_back()
        if isinstance(error, ConnectionAbortedError):
            self._sockets.count(Limit.HANDSHAKE_TIME, address)

    def _pause(self, error: OSError) -> None:
        self.pauses += 1
        self._stop()
        self._resume = self._loop.call_later(_PAUSE_S, self._read)
        if error.errno in _SHORT_OF:
            _log.error("no connection can be taken for now", reason=error.strerror)
        else:
            _log.error("a connection could not be taken", reason=error.strerror)
