"""Which web pages may open a WebSocket here, and read what plain HTTP answers.

A browser sends the page's origin with the handshake and lets any page connect anywhere; only the server can refuse. A
program sends no origin and is not concerned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ANY", "OriginCheck"]


ANY = "*"
"""On the list of origins: every page of the web may read the board. Only where there are no credentials to misuse."""


class OriginCheck:
    """The server's own origins, and those that the settings name, compared exactly."""

    def __init__(self, allowed: Iterable[str], *, own: Iterable[str] = ()) -> None:
        self.elsewhere = sorted({_plain(origin) for origin in allowed})
        """The origins that the settings name."""
        self._any = ANY in self.elsewhere
        self._allowed = frozenset((*self.elsewhere, *map(_plain, own)))

    def permits(self, origin: str | None, host: str | None, *, secure: bool = False) -> bool:
        """Whether a handshake with this ``Origin`` may go on; ``host`` is the request's own ``Host``.

        ``secure`` says that it is known to have come by TLS. Then a page that came without is another origin: anybody on
        the way could have written it. Else a proxy that nobody told of may have taken the TLS off, so both will do.
        """
        if origin is None or self._any:
            return True
        given = origin.lower()
        # Compared as text: an origin is what a stranger sent, and need not even be a URL.
        schemes = ("https",) if secure else ("http", "https")
        own = () if host is None else tuple(f"{scheme}://{host.lower()}" for scheme in schemes)
        return given in self._allowed or given in own


def _plain(origin: str) -> str:
    return origin.rstrip("/").lower()
