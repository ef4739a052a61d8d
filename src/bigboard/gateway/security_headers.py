"""What every answer tells a browser not to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SecurityHeaders"]

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # What the board says is old in a moment, and not for the disk of whoever looked at it. Files of the page say otherwise.
    "Cache-Control": "no-store",
}
_EMBEDDING = "Cross-Origin-Resource-Policy"
_STARTS = ("http.response.start", "websocket.http.response.start")


class SecurityHeaders:
    """ASGI middleware: adds the headers that an answer does not have already, also to a refused handshake.

    The Content-Security-Policy is not among them, because it depends on the page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""

        async def adding(message: Message) -> None:
            if message["type"] in _STARTS:
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                # A page of a listed origin reads the answer, and may use it as it likes.
                if "Access-Control-Allow-Origin" not in headers:
                    headers.setdefault(_EMBEDDING, "same-origin")
            await send(message)

        await self._app(scope, receive, adding)
