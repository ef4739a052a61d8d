"""How many connections may be open that are no WebSockets, or not yet, and how long each may keep the server waiting.

Limits of requests and of WebSockets begin where a request has been read. Whoever opens connections and says nothing, or asks
and never reads the answer, is met here. What counts is who is at the other end of the socket: behind a proxy that is the
proxy, which therefore has to be named as such.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bigboard.gateway.address import counted_as
from bigboard.gateway.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.gateway.limits import GatewayLimits, Limited

__all__ = ["SPARE_PER_ADDRESS", "Sockets"]

SPARE_PER_ADDRESS = 100
"""Connections of one address besides its WebSockets, which may all be about to open; a browser has six of them."""


class Sockets:
    """Keeps the counts of all ports. Every ``enter`` that succeeds is followed by one ``leave`` with the same address."""

    def __init__(
        self,
        limits: GatewayLimits,
        limited: Limited,
        websockets: Callable[[], int],
        is_proxy: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.limits = limits
        self._limited = limited
        self._websockets = websockets
        self._is_proxy = is_proxy
        self._most = limits.connections + limits.spare
        self._most_per_address = limits.connections_per_address + SPARE_PER_ADDRESS
        self._addresses: Counter[str] = Counter()
        self._open = 0

    def __len__(self) -> int:
        return self._open

    def enter(self, address: str) -> bool:
        """Whether there is room for one more from this address, whose place it then has."""
        if self._open + self._websockets() >= self._most:
            self.count(Limit.SOCKETS, address)
            return False
        counted = counted_as(address)
        if self._addresses[counted] >= self._most_per_address and not self._is_proxy(address):
            self.count(Limit.SOCKETS_PER_ADDRESS, address)
            return False
        self._open += 1
        self._addresses[counted] += 1
        return True

    def leave(self, address: str) -> None:
        """It is closed, or has become a WebSocket."""
        counted = counted_as(address)
        self._open -= 1
        self._addresses[counted] -= 1
        if not self._addresses[counted]:
            del self._addresses[counted]

    def count(self, limit: Limit, address: str) -> None:
        """Something was refused or cut off."""
        self._limited.count(limit, address=address)
