"""The WebSocket endpoint ``/ws``: the handshake (PROTOCOL section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, WebSocket

from bigboard.gateway.connection import Connection
from bigboard.gateway.handshake import Refused, admit, place_for, refuse, turn_away
from bigboard.gateway.protocol import channel_of
from bigboard.wire import Format, ServerSession
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bigboard.gateway.hub import Hub
    from bigboard.gateway.origin import OriginCheck

__all__ = ["websocket_routes"]


def websocket_routes(hub: Hub, origins: OriginCheck) -> APIRouter:
    """The routes of the protocol's endpoint."""
    router = APIRouter()

    @router.websocket("/ws")
    async def _ws(websocket: WebSocket) -> None:
        try:
            identity = admit(hub, origins, websocket.headers)
            format_, subprotocol = _format(websocket.scope["subprotocols"], websocket.query_params)
            interval_ms = _interval_ms(websocket.query_params)
            place = place_for(hub, websocket)
        except Refused as refused:
            await refuse(websocket, refused)
            return
        await websocket.accept(subprotocol)
        if place.excess is not None:
            await turn_away(websocket, hub.admission.reason(place.excess))
            return
        session = ServerSession(
            hub.frames, format=format_, interval_ms=interval_ms, limits=hub.limits, door=hub.door(identity)
        )
        channel = channel_of(websocket.scope)
        connection = Connection(channel, session, hub, place, client_class=_client_class(websocket.query_params))
        channel.hand_over(connection.run)

    return router


def _format(offered: Sequence[str], query: Mapping[str, str]) -> tuple[Format, str | None]:
    known = {format_.subprotocol: format_ for format_ in Format}
    for subprotocol in offered:
        if subprotocol in known:
            return known[subprotocol], subprotocol
    if offered:
        raise Refused(400, f"no such subprotocol; this server speaks {' and '.join(known)}")
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
