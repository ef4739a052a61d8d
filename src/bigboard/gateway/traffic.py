"""What goes in and out of a gateway's ports, counted where every request passes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from bigboard.gateway.observer import Observer, method_of, route_of
from bigboard.gateway.protocol import CHANNEL, channel_of
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CLIENT_TYPES", "STREAM", "Traffic", "TrafficCounter"]

CLIENT_TYPES = tuple(INTERVALS_MS)
"""The client classes of ``/ws``."""
STREAM = "stream"
"""How a client of the plain stream is counted, which has no class."""


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


class TrafficCounter(Observer):
    """Counts around everything else of one port."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        super().__init__(app)
        self._traffic = traffic

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:  # noqa: ARG002 - nobody asks how long
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


def _kind(scope: Scope) -> str:
    if scope["path"] == "/ws/stream":
        return STREAM
    name = parse_qs(scope["query_string"].decode("latin-1")).get("client", ["web"])[-1]
    # An unknown class is refused, and a refused handshake is not counted under any name.
    return name if name in CLIENT_TYPES else CLIENT_TYPES[0]
