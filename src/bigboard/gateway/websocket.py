"""The WebSocket endpoint ``/ws``: the handshake (PROTOCOL section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.websockets import WebSocket

from bigboard.gateway.connection import Connection
from bigboard.gateway.handshake import Refused, admit, place_for, refuse, turn_away
from bigboard.gateway.protocol import channel_of
from bigboard.gateway.visit import Visit
from bigboard.wire import Format, ServerSession
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from bigboard.gateway.hub import Hub
    from bigboard.gateway.origin import OriginCheck

__all__ = ["BoardEndpoint"]

_FORMATS = {format_.subprotocol: format_ for format_ in Format}


class BoardEndpoint:
    """ASGI middleware that serves the protocol's endpoint and lets everything else pass.

    It is the innermost, so that hosts, rates and traffic are seen to, but it stands before the application's routes. Those
    resolve dependencies and open stacks of contexts, a fifth of what a handshake costs, and when ten thousand clients come
    back at once it is handshakes that they wait for.
    """

    def __init__(self, app: ASGIApp, hub: Hub, origins: OriginCheck) -> None:
        self._app = app
        self._hub = hub
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "websocket" and scope["path"] == "/ws":
            await self._serve(WebSocket(scope, receive, send))
        else:
            await self._app(scope, receive, send)

    async def _serve(self, websocket: WebSocket) -> None:
        hub, query = self._hub, websocket.query_params
        try:
            identity = admit(hub, self._origins, websocket)
            format_, subprotocol = _format(websocket.scope["subprotocols"], query)
            interval_ms = _interval_ms(query)
            place = place_for(hub, websocket)
        except Refused as refused:
            await refuse(websocket, refused)
            return
        await websocket.accept(subprotocol)
        if place.excess is not None:
            await turn_away(websocket, hub.admission.reason(place.excess))
            return
        visit = Visit.of(websocket, _client_class(query), hub.clock.monotonic_s())
        door = hub.door(identity, visit)
        session = ServerSession(hub.frames, format=format_, interval_ms=interval_ms, limits=hub.limits, door=door)
        channel = channel_of(websocket.scope)
        channel.hand_over(Connection(channel, session, hub, place, visit).run)


def _format(offered: Sequence[str], query: Mapping[str, str]) -> tuple[Format, str | None]:
    for subprotocol in offered:
        if subprotocol in _FORMATS:
            return _FORMATS[subprotocol], subprotocol
    if offered:
        raise Refused(400, f"no such subprotocol; this server speaks {' and '.join(_FORMATS)}")
    name = query.get("format", Format.JSON.value)
    if name not in set(Format):
        raise Refused(400, f"no format {name[:40]!r}; formats are {' and '.join(Format)}")
    return Format(name), None


def _client_class(query: Mapping[str, str]) -> str:
    return query.get("client", "web")


def _interval_ms(query: Mapping[str, str]) -> int:
    name = _client_class(query)
    if name not in INTERVALS_MS:
        raise Refused(400, f"no client class {name[:40]!r}; classes are {', '.join(INTERVALS_MS)}")
    return INTERVALS_MS[name]
