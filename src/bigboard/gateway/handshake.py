"""Who may open a WebSocket, on either endpoint, and how somebody is told that he may not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect

from bigboard.errors import TooManyFailures, WireError
from bigboard.gateway.access_log import note
from bigboard.gateway.address import client_address
from bigboard.gateway.admission import Place
from bigboard.gateway.bearer import CHALLENGE, bearer_token
from bigboard.gateway.limits import Limit
from bigboard.gateway.protocol import abort_of, channel_of
from bigboard.wire import CloseCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import WebSocket

    from bigboard.gateway.hub import Hub
    from bigboard.gateway.origin import OriginCheck
    from bigboard.wire import Identity

__all__ = ["Refused", "admit", "place_for", "refuse", "turn_away"]

_RETRY_LATER = {"Retry-After": "30"}
_LINGER_S = 1.0
"""How long a connection that is one too many may take to read why."""


class Refused(Exception):  # noqa: N818 - control flow of a handshake
    """A handshake that gets an HTTP answer instead of a WebSocket."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


def admit(hub: Hub, origins: OriginCheck, websocket: WebSocket) -> Identity | None:
    """Who may open a WebSocket: the holder of the credential that came with the handshake, ``None`` without one.

    Raises ``Refused``.
    """
    if hub.draining:
        raise Refused(503, "the server stops; try again soon")
    headers = websocket.headers
    secure = websocket.scope["scheme"] == "wss"
    if not origins.permits(headers.get("origin"), headers.get("host"), secure=secure):
        raise Refused(403, "this origin may not connect; the setting allowed_origins lists those that may")
    if hub.gatekeeper is None:
        return None
    try:
        token = bearer_token(headers)
        if token is None:
            return None
        return hub.gatekeeper.identify(token, hub.clock.epoch_ms(), client_address(websocket.scope))
    except TooManyFailures as error:
        raise Refused(429, str(error), {"Retry-After": str(error.wait_s)}) from None
    except (WireError, ValueError) as error:
        note(websocket.scope, reason=str(error))
        raise Refused(401, str(error), CHALLENGE) from None


async def refuse(websocket: WebSocket, refused: Refused) -> None:
    """Answer a handshake with the reason why there will be no WebSocket."""
    await websocket.send_denial_response(PlainTextResponse(refused.reason + "\n", refused.status, refused.headers))


def place_for(hub: Hub, websocket: WebSocket) -> Place:
    """A place for this connection, until its end. Raises ``Refused`` where there is none at all."""
    place = hub.admission.enter(client_address(websocket.scope))
    if isinstance(place, Place):
        channel_of(websocket.scope).at_end(partial(hub.admission.leave, place))
        return place
    raise Refused(503 if place is Limit.CONNECTIONS else 429, hub.admission.reason(place), _RETRY_LATER)


async def turn_away(websocket: WebSocket, reason: str) -> None:
    """Close a connection that was accepted only to be told 4429: browsers show a page no status of a failed handshake.

    Its place is held while it lingers, so that no more than a few do so at any time.
    """
    with suppress(WebSocketDisconnect, OSError, TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            await websocket.close(CloseCode.RATE_LIMITED, reason)
    await asyncio.sleep(_LINGER_S)
    abort_of(websocket.scope)()
