"""uvicorn's HTTP protocol, with an end for clients that connect and never finish their request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["HttpProtocol", "http_protocol"]


class HttpProtocol(HttpToolsProtocol):
    """Drops a connection whose next request has not come in whole ``handshake_s`` after its first byte, or the start."""

    handshake_s = 10.0
    on_timeout: Callable[[str], None] = staticmethod(lambda address: None)  # noqa: ARG005 - nobody listens
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called when a connection is made."""
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Called when some data is received."""
        if self._deadline is None:
            # A further request on the same connection; uvicorn has just put its own timer for idle ones away.
            self._arm()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The request has come in, save its body, which no route reads."""
        self._disarm()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Called when an answer was sent: from here on the connection is idle, which uvicorn bounds."""
        self._disarm()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called when the connection is lost or closed."""
        self._disarm()
        super().connection_lost(exc)

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self.handshake_s, self._too_late)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.on_timeout(self.client[0] if self.client else "unknown")
            self.transport.abort()


def http_protocol(handshake_s: float, on_timeout: Callable[[str], None]) -> type[HttpProtocol]:
    """The protocol with its time; uvicorn makes one for each connection and passes no arguments of ours."""
    return type("HttpProtocol", (HttpProtocol,), {"handshake_s": handshake_s, "on_timeout": staticmethod(on_timeout)})
