"""Takes connections from a listening socket, many at a time.

uvloop takes one for each turn of its loop. When ten thousand clients come back at once, each turn is full of their
handshakes, the system's queue of connections overflows (net.core.somaxconn, mostly 4,096), and whoever fell out of it tries
again after 1, 3, 7 and 15 seconds, while the server soon has nothing to do.
"""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from ssl import SSLContext

__all__ = ["Acceptor"]

_AT_ONCE = 256
"""Connections taken in one turn of the loop: about 10 ms with what they cause."""
_MOST_BEGINNING = 2_048
"""Connections that were taken and have not got their protocol yet; with TLS that takes two round trips."""
_SHORT_OF = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE_S = 0.5
_log = structlog.stdlib.get_logger("bigboard.gateway")


class Acceptor:
    """In place of an ``asyncio.Server``: what uvicorn asks of one is ``close``."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        *,
        tls: SSLContext | None = None,
        tls_times: dict[str, float] | None = None,
    ) -> None:
        self.pauses = 0
        """How often taking had to pause because the system was short of file descriptors or memory."""
        self._listener = listener
        self._protocol = protocol
        self._options: dict[str, Any] = {} if tls is None else {"ssl": tls, **(tls_times or {})}
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
                # They go on by themselves, and the loop comes back here: the queue of the system waits meanwhile.
                return
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            connection.setblocking(False)  # noqa: FBT003 - the socket's own signature
            self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        begun = self._loop.connect_accepted_socket(self._protocol, connection, **self._options)
        task = self._loop.create_task(begun)
        self._beginning.add(task)
        task.add_done_callback(self._begun)

    def _begun(self, task: asyncio.Task[Any]) -> None:
        self._beginning.discard(task)
        if not task.cancelled():
            # A TLS handshake that fails is the client's affair, and so is a connection that is gone again.
            task.exception()

    def _pause(self, error: OSError) -> None:
        self.pauses += 1
        self._stop()
        self._resume = self._loop.call_later(_PAUSE_S, self._read)
        if error.errno in _SHORT_OF:
            _log.error("no connection can be taken for now", reason=error.strerror)
        else:
            _log.error("a connection could not be taken", reason=error.strerror)
