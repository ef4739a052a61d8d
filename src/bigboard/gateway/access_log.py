"""Log lines about HTTP requests and refused handshakes: who asked for which route, and what came of it.

Nothing that a stranger wrote is logged but its origin: a path or a query may hold what is nobody's business, so a line names
the route, and a refusal a word from a closed set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from starlette.datastructures import Headers

from bigboard.gateway.address import client_address
from bigboard.gateway.observer import Observer, method_of, route_of

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import Message, Receive, Scope, Send

__all__ = ["AccessLog", "note", "origin_of"]

_log = structlog.stdlib.get_logger("bigboard.access")

_NOTE = "bigboard.note"
_LONGEST_ORIGIN = 200
# What goes beyond a limit is logged by the limit itself, and by its own name.
_HTTP = {401: "credential", 403: "permission", 421: "host"}
_HANDSHAKE = {400: "format", 401: "credential", 403: "origin", 404: "symbol", 421: "host"}


class AccessLog(Observer):
    """A line for each HTTP request (info), and for each attempt that was refused (warning)."""

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        fields = {
            "method": method_of(scope),
            "route": route_of(scope),
            "status": status,
            "ms": round(seconds * 1000, 1),
            **_who(scope),
        }
        if status in _HTTP:
            _log.warning("request refused", why=_HTTP[status], **fields)
        else:
            _log.info("request", **fields)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "websocket.http.response.start" and message["status"] in _HANDSHAKE:
                status = message["status"]
                _log.warning("handshake refused", why=_HANDSHAKE[status], status=status, **_who(scope))
            await send(message)

        await self._app(scope, receive, noting)


def note(scope: MutableMapping[str, Any], **fields: str) -> None:
    """Remember for the request's line what only the route knows, such as ``subject``. Never what a stranger wrote."""
    scope.setdefault(_NOTE, {}).update(fields)


def origin_of(headers: Headers) -> str | None:
    """The origin as a line shows it; whatever a stranger makes of it, it is short."""
    origin = headers.get("origin")
    return None if origin is None else origin[:_LONGEST_ORIGIN]


def _who(scope: Scope) -> dict[str, str]:
    origin = origin_of(Headers(scope=scope))
    named = {} if origin is None else {"origin": origin}
    return {"address": client_address(scope), **named, **scope.get(_NOTE, {})}
