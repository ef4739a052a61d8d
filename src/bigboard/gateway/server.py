"""One HTTP and WebSocket port under uvicorn, which somebody else starts and stops."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from typing import TYPE_CHECKING, cast

import uvicorn

from bigboard.errors import SettingError
from bigboard.gateway.acceptor import Acceptor
from bigboard.gateway.http_protocol import http_protocol
from bigboard.gateway.protocol import WebSocketProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ssl import SSLContext

    from starlette.types import ASGIApp
    from uvicorn._types import ASGIApplication

    from bigboard.gateway.acceptor import PlacedProtocol
    from bigboard.gateway.sockets import Sockets

__all__ = ["BACKLOG", "PortServer", "bind"]

_PING_S = 30.0
BACKLOG = 65_535
"""Connections that wait to be taken; the system cuts it to its own bound, net.core.somaxconn."""


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket. Raises ``SettingError`` that names the option to change if the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        option = f"--{setting.replace('_', '-')}"
        if error.errno == errno.EADDRINUSE:
            message = f"port {port} on {host} is taken: choose another with {option}, or stop what runs there"
        elif error.errno in (errno.EACCES, errno.EPERM):
            message = f"port {port} on {host} is not allowed to this user: choose one above 1023 with {option}"
        else:
            message = f"cannot listen on {host}:{port} ({error.strerror}): check --host and {option}"
        raise SettingError(setting, "", message) from None
    listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return listener


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, tls: SSLContext | None, places: Sockets) -> None:
        super().__init__(config)
        self._tls = tls
        self._places = places

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # As uvicorn does it for sockets that are there, with a quicker hand at the door.
        self.servers = [
            Acceptor(one, self._protocol, self._places, tls=self._tls)  # type: ignore[misc]
            for one in sockets or ()
        ]
        self.started = True

    def _protocol(self) -> PlacedProtocol:
        make = cast("Callable[..., PlacedProtocol]", self.config.http_protocol_class)
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Two servers share the process, and neither owns it: the runtime hears the signals and stops both.
        yield


class PortServer:
    """uvicorn on a socket that is bound already."""

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        sockets: Sockets,
        *,
        max_message: int,
        shutdown_timeout_s: float,
        compression: bool = True,
        tls: SSLContext | None = None,
    ) -> None:
        self._listener = listener
        config = uvicorn.Config(
            cast("ASGIApplication", app),
            http=http_protocol(sockets),
            ws=WebSocketProtocol,
            # PROTOCOL section 1: a ping every 30 s, closed 60 s after the last sign of life.
            ws_ping_interval=_PING_S,
            ws_ping_timeout=_PING_S,
            # One byte more, so that the session can answer a message that is just too large with its own error.
            ws_max_size=max_message + 1,
            ws_per_message_deflate=compression,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # uvicorn believes forwarded headers from 127.0.0.1 unless it is told not to; see forwarded.py.
            proxy_headers=False,
            timeout_graceful_shutdown=max(1, round(shutdown_timeout_s)),
        )
        self._server = _Server(config, tls, sockets)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._listener.getsockname()[1])

    async def run(self) -> None:
        """Serve until ``stop``."""
        await self._server.serve(sockets=[self._listener])

    async def started(self) -> None:
        """Wait until connections are taken."""
        while not self._server.started:  # noqa: ASYNC110 - uvicorn sets a flag and tells nobody
            await asyncio.sleep(0.005)

    def stop(self) -> None:
        """Take no more connections and end; what is open gets the shutdown timeout."""
        self._server.should_exit = True
