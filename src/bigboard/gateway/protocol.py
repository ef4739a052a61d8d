"""uvicorn's WebSocket protocol, with an end for connections that cannot end in order.

To close a transport means to close it once everything is written. A client that never reads, but whose machine still
acknowledges, keeps that from happening for ever: the connection, its buffer and its tasks would stay. So whoever closes has
to be able to abort, which ASGI does not offer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from uvicorn._types import ASGISendEvent

__all__ = ["CLOSE_S", "WebSocketProtocol", "abort_of"]

_EXTENSION = "bigboard.abort"

CLOSE_S = 5.0
"""How long a client has to take the close frame and what was sent before it."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Offers the application a way to drop the connection, and uses it after a keep-alive that failed."""

    async def run_asgi(self) -> None:
        """Run the application."""
        self.scope["extensions"][_EXTENSION] = {"abort": self.transport.abort}
        await super().run_asgi()

    async def send(self, message: ASGISendEvent) -> None:
        """Take what the application sends."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # A refusal completes the handshake too; uvicorn would else log each one as an error of the application.
            self.handshake_complete = True

    def shutdown(self) -> None:
        """The server stops; whoever was to leave in order has left, or does so within a part of its timeout."""
        super().shutdown()
        timeout_s = self.config.timeout_graceful_shutdown or CLOSE_S
        self.loop.call_later(timeout_s / 4, self.transport.abort)

    def keepalive_timeout(self) -> None:
        """The peer has not answered a ping."""
        super().keepalive_timeout()
        self.loop.call_later(CLOSE_S, self.transport.abort)


def abort_of(scope: Mapping[str, Any]) -> Callable[[], None]:
    """What drops the connection of an ASGI scope at once, whatever is still to be written."""
    abort: Callable[[], None] = scope["extensions"][_EXTENSION]["abort"]
    return abort
