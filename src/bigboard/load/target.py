"""The server under load: where it is, how to reach it, and how to open a connection to it."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from bigboard.errors import ConnectionFailed
from bigboard.load.connection import MOST_BYTES, Connection

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.uri import WebSocketURI

    from bigboard.load.connection import Peer
    from bigboard.wire import Format

__all__ = ["Target", "client_tls", "find_target"]

_FIND_S = 10.0
_SMALL_BUFFER = 4_096
"""Of a client that never reads, so that the server soon notices."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server at one address; every connection goes there, so that no name is looked up again."""

    url: str
    uri: WebSocketURI
    address: tuple[str, int]
    family: int
    format: Format
    tls: ssl.SSLContext | None = None
    token: str | None = None

    @property
    def is_this_machine(self) -> bool:
        """Whether the address is the loopback's."""
        return ipaddress.ip_address(self.address[0].partition("%")[0]).is_loopback

    async def open(self, peer: Peer, *, slow: bool = False) -> Connection:
        """Open a connection. The caller bounds the time.

        Raises ``OSError``, ``InvalidHandshake``, or ``ConnectionFailed`` for a server of another protocol.
        """
        protocol = ClientProtocol(self.uri, subprotocols=[self.format.subprotocol], max_size=MOST_BYTES)  # type: ignore[list-item]
        request = protocol.connect()
        if self.token is not None:
            request.headers["Authorization"] = f"Bearer {self.token}"
        connection = Connection(protocol, request, peer)
        loop = asyncio.get_running_loop()
        stream = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            if slow:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
            stream.setblocking(False)  # noqa: FBT003 - the socket's own signature
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(stream, self.address)
            await loop.create_connection(
                lambda: connection, sock=stream, ssl=self.tls, server_hostname=self.uri.host if self.tls else None
            )
        except BaseException:
            stream.close()
            raise
        try:
            await connection.opened()
        except BaseException:
            connection.abort()
            raise
        if connection.subprotocol != self.format.subprotocol:
            connection.abort()
            raise ConnectionFailed(self.url, f"does not speak {self.format.subprotocol}; is it a board?")
        return connection


async def find_target(
    url: str, client_class: str, format: Format, *, tls: ssl.SSLContext | None = None, token: str | None = None
) -> Target:
    """Look the address up. Raises ``ConnectionFailed`` if the URL is none, or its host has none."""
    uri = _parse(url, client_class)
    if tls is not None and not uri.secure:
        raise ConnectionFailed(url[:200], "is no wss:// address, so there is no certificate to check")
    if uri.user_info is not None:
        raise ConnectionFailed(f"ws://…@{uri.host}", "no password in an address: give a token by BIGBOARD_TOKEN")
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_FIND_S):
            found = await loop.getaddrinfo(uri.host, uri.port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise ConnectionFailed(url, f"no address for {uri.host} ({_words(error)}); check the host's name") from None
    secure = tls or (client_tls(None, insecure=False) if uri.secure else None)
    for family, _, _, _, address in found:
        target = Target(url, uri, (str(address[0]), uri.port), family, format, secure, token)
        if len(found) == 1 or await _answers(target):
            return target
    return target


def client_tls(authority: Path | None, *, insecure: bool) -> ssl.SSLContext:
    """How to check the server's certificate. Raises ``ConnectionFailed`` if the file holds no certificates."""
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise ConnectionFailed(str(authority), f"no certificates to read there ({_words(error)})") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _parse(url: str, client_class: str) -> WebSocketURI:
    try:
        parts = urlsplit(url)
        query = [(name, value) for name, value in parse_qsl(parts.query) if name != "client"]
        uri = parse_uri(urlunsplit(parts._replace(query=urlencode([*query, ("client", client_class)]))))
        uri.host.encode("idna")
        usable = uri.host.isprintable()
    except (InvalidURI, ValueError):
        usable = False
    if not usable:
        raise ConnectionFailed(url[:200], "is no WebSocket address; try ws://127.0.0.1:8086/ws")
    return uri


async def _answers(target: Target) -> bool:
    # `localhost` is ::1 first on many machines, where no server may listen.
    with socket.socket(target.family, socket.SOCK_STREAM) as stream:
        stream.setblocking(False)  # noqa: FBT003 - the socket's own signature
        try:
            async with asyncio.timeout(_FIND_S):
                await asyncio.get_running_loop().sock_connect(stream, target.address)
        except (OSError, TimeoutError):
            return False
    return True


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
