"""What every request of a port comes to, for those who count and log it; and the closed sets of words for that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Observer", "method_of", "route_of"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observer(ABC):
    """ASGI middleware that changes nothing: it is told how each HTTP request was answered, and sees each WebSocket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @abstractmethod
    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        """A request has ended, with this status, after so long. ``scope`` holds by now the route that answered."""

    @abstractmethod
    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application for a WebSocket."""

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What the server answers if the application raises before it has said anything.
        began, status = perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._answered(scope, status, perf_counter() - began)


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
