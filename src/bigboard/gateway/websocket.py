"""The WebSocket endpoint ``/ws``: the handshake (PROTOCOL section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, WebSocket
from starlette.responses import PlainTextResponse

from bigboard.gateway.connection import Connection
from bigboard.gateway.prepared import FramePreparer
from bigboard.wire import Format, ServerSession
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bigboard.gateway.hub import Hub
    from bigboard.gateway.origin import OriginCheck

__all__ = ["websocket_routes"]


class _Refused(Exception):  # noqa: N818 - control flow of this file alone
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def websocket_routes(hub: Hub, origins: OriginCheck) -> APIRouter:
    """The routes of the protocol's endpoint."""
    router = APIRouter()
    preparer = FramePreparer()

    @router.websocket("/ws")
    async def _ws(websocket: WebSocket) -> None:
        try:
            _admit(hub, origins, websocket.headers)
            format_, subprotocol = _format(websocket.scope["subprotocols"], websocket.query_params)
            interval_ms = _interval_ms(websocket.query_params)
        except _Refused as refused:
            await websocket.send_denial_response(PlainTextResponse(refused.reason + "\n", refused.status))
            return
        await websocket.accept(subprotocol)
        session = ServerSession(hub.frames, format=format_, interval_ms=interval_ms, limits=hub.limits)
        client_class = _client_class(websocket.query_params)
        await Connection(websocket, session, hub.broadcaster, hub.pacemaker, preparer, client_class=client_class).run()

    return router


def _admit(hub: Hub, origins: OriginCheck, headers: Mapping[str, str]) -> None:
    if hub.draining:
        raise _Refused(503, "the server stops; try again soon")
    if not origins.permits(headers.get("origin"), headers.get("host")):
        raise _Refused(403, "this origin may not connect; the setting allowed_origins lists those that may")


def _format(offered: Sequence[str], query: Mapping[str, str]) -> tuple[Format, str | None]:
    known = {format_.subprotocol: format_ for format_ in Format}
    for subprotocol in offered:
        if subprotocol in known:
            return known[subprotocol], subprotocol
    if offered:
        raise _Refused(400, f"no such subprotocol; this server speaks {' and '.join(known)}")
    name = query.get("format", Format.JSON.value)
    if name not in set(Format):
        raise _Refused(400, f"no format {name[:40]!r}; formats are {' and '.join(Format)}")
    return Format(name), None


def _client_class(query: Mapping[str, str]) -> str:
    return query.get("client", "web")


def _interval_ms(query: Mapping[str, str]) -> int:
    name = _client_class(query)
    if name not in INTERVALS_MS:
        raise _Refused(400, f"no client class {name[:40]!r}; classes are {', '.join(INTERVALS_MS)}")
    return INTERVALS_MS[name]
