"""Which web pages may open a WebSocket here.

A browser sends the page's origin with the handshake and lets any page connect anywhere; only the server can refuse. A
program sends no origin and is not concerned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

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
        if given in self._allowed:
            return True
        parts = urlsplit(given)
        return parts.scheme in ("http", "https") and host is not None and parts.netloc == host.lower()
