"""What goes in and out of a gateway's ports, counted where every request passes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from bigboard.gateway.protocol import CHANNEL, channel_of
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CLIENT_TYPES", "STREAM", "Traffic", "TrafficCounter", "method_of", "route_of"]

CLIENT_TYPES = tuple(INTERVALS_MS)
"""The client classes of ``/ws``."""
STREAM = "stream"
"""How a client of the plain stream is counted, which has no class."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Traffic:
    """Counters of one hub over all of its ports. Labels come from small closed sets: no stranger can make them grow.

    What the clients of ``/ws`` are sent does not pass here but goes straight to their transports: the broadcaster counts it.
    """

    def __init__(self, started_s: float) -> None:
        self.started_s = started_s
        """Steady time of the start."""
        self.requests: Counter[tuple[str, str, str]] = Counter()
        """HTTP requests that were answered, by method, route and status."""
        self.connected: Counter[str] = Counter()
        """WebSockets that are open now, by client class."""
        self.accepted: Counter[str] = Counter()
        """WebSockets that were ever opened."""
        self.stream_messages = 0
        """Messages that were sent on plain streams."""


class TrafficCounter:
    """ASGI middleware around everything else of one port."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500  # What the server answers if the application raises before it has said anything.

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._traffic.requests[method_of(scope), route_of(scope), str(status)] += 1

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        traffic, kind, accepted = self._traffic, _kind(scope), False

        async def noting(message: Message) -> None:
            nonlocal accepted
            await send(message)
            if message["type"] == "websocket.send":
                traffic.stream_messages += 1
            elif message["type"] == "websocket.accept":
                accepted = True
                traffic.accepted[kind] += 1
                traffic.connected[kind] += 1

        def ended() -> None:
            traffic.connected[kind] -= accepted

        if CHANNEL in scope.get("extensions", {}):
            # The application may return long before the connection ends.
            channel_of(scope).at_end(ended)
            await self._app(scope, receive, noting)
            return
        try:
            await self._app(scope, receive, noting)
        finally:
            ended()


def method_of(scope: Scope) -> str:
    """The method; whatever strangers think up is one and the same ``other``."""
    method: str = scope["method"]
    return method if method in _METHODS else "other"


def route_of(scope: Scope) -> str:
    """The route that answered; whatever strangers think up is one and the same ``other``."""
    if scope.get("endpoint") is None:
        return "other"
    route: Any = scope.get("route")
    # A mount leaves its own path in root_path; the rest of the routes have no parameters in their paths.
    return str(getattr(route, "path", None) or scope.get("root_path") or scope["path"])


def _kind(scope: Scope) -> str:
    if scope["path"] == "/ws/stream":
        return STREAM
    name = parse_qs(scope["query_string"].decode("latin-1")).get("client", ["web"])[-1]
    # An unknown class is refused, and a refused handshake is not counted under any name.
    return name if name in CLIENT_TYPES else CLIENT_TYPES[0]
