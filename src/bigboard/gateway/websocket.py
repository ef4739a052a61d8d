"""The WebSocket endpoint ``/ws``: the handshake (PROTOCOL section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, WebSocket
from starlette.responses import PlainTextResponse

from bigboard.errors import WireError
from bigboard.gateway.bearer import CHALLENGE, bearer_token
from bigboard.gateway.connection import Connection
from bigboard.wire import Format, ServerSession
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bigboard.gateway.hub import Hub
    from bigboard.gateway.origin import OriginCheck
    from bigboard.wire import Identity

__all__ = ["Refused", "admit", "refuse", "websocket_routes"]


class Refused(Exception):  # noqa: N818 - control flow of a handshake
    """A handshake that gets an HTTP answer instead of a WebSocket."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


def websocket_routes(hub: Hub, origins: OriginCheck) -> APIRouter:
    """The routes of the protocol's endpoint."""
    router = APIRouter()

    @router.websocket("/ws")
    async def _ws(websocket: WebSocket) -> None:
        try:
            identity = admit(hub, origins, websocket.headers)
            format_, subprotocol = _format(websocket.scope["subprotocols"], websocket.query_params)
            interval_ms = _interval_ms(websocket.query_params)
        except Refused as refused:
            await refuse(websocket, refused)
            return
        await websocket.accept(subprotocol)
        session = ServerSession(
            hub.frames, format=format_, interval_ms=interval_ms, limits=hub.limits, door=hub.door(identity)
        )
        await Connection(websocket, session, hub, client_class=_client_class(websocket.query_params)).run()

    return router


def admit(hub: Hub, origins: OriginCheck, headers: Mapping[str, str]) -> Identity | None:
    """Who may open a WebSocket: the holder of the credential that came with the handshake, ``None`` without one.

    Raises ``Refused``.
    """
    if hub.draining:
        raise Refused(503, "the server stops; try again soon")
    if not origins.permits(headers.get("origin"), headers.get("host")):
        raise Refused(403, "this origin may not connect; the setting allowed_origins lists those that may")
    if hub.credentials is None:
        return None
    try:
        token = bearer_token(headers)
        return None if token is None else hub.credentials.identify(token, hub.clock.epoch_ms())
    except (WireError, ValueError) as error:
        raise Refused(401, str(error), CHALLENGE) from None


async def refuse(websocket: WebSocket, refused: Refused) -> None:
    """Answer a handshake with the reason why there will be no WebSocket."""
    await websocket.send_denial_response(PlainTextResponse(refused.reason + "\n", refused.status, refused.headers))


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
