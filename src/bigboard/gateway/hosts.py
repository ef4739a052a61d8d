"""Under which names this server may be asked for.

A page of another site cannot read from a server on this machine, unless its own name suddenly resolves to 127.0.0.1 (DNS
rebinding). Then the browser takes both for one origin, and only the ``Host`` header still tells the stranger's name. So a
server that listens on this machine alone answers to this machine's names alone.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["HostGuard", "is_loopback", "own_hosts"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def own_hosts(bind_address: str, allowed_origins: Iterable[str]) -> frozenset[str] | None:
    """The host names that a server on this address answers to; ``None`` for any, if it can be reached from elsewhere."""
    if not is_loopback(bind_address):
        return None
    named = (urlsplit(origin).hostname for origin in allowed_origins)
    return _LOOPBACK | {bind_address.lower()} | {name for name in named if name}


def is_loopback(address: str) -> bool:
    """Whether nobody but this machine can reach a server on this address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"


class HostGuard:
    """ASGI middleware: a request that names another host gets 421, a WebSocket handshake likewise."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if self._hosts is not None and scope["type"] in ("http", "websocket"):
            host = _name(Headers(scope=scope).get("host", ""))
            if host not in self._hosts:
                text = (
                    f"this server answers to {', '.join(sorted(self._hosts))}; the setting allowed_origins adds names\n"
                )
                await PlainTextResponse(text, 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _name(host: str) -> str | None:
    """The name of a ``Host`` header without its port, IPv6 without its brackets; ``None`` for one that is malformed."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
