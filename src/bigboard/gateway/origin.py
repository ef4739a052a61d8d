"""Which web pages may open a WebSocket here.

A browser sends the page's origin with the handshake and lets any page connect anywhere; only the server can refuse. A
program sends no origin and is not concerned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["OriginCheck"]


class OriginCheck:
    """The server's own origin, and those that the settings name, compared exactly."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = frozenset(origin.rstrip("/").lower() for origin in allowed)

    def permits(self, origin: str | None, host: str | None) -> bool:
        """Whether a handshake with this ``Origin`` may go on; ``host`` is the request's own ``Host``."""
        if origin is None:
            return True
        given = origin.lower()
        # Compared as text: an origin is what a stranger sent, and need not even be a URL.
        own = () if host is None else (f"http://{host.lower()}", f"https://{host.lower()}")
        return given in self._allowed or given in own
