"""How many HTTP requests one address may make: ASGI middleware that answers 429 beyond that."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from bigboard.gateway.address import client_address, counted_as
from bigboard.gateway.limits import Limit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bigboard.clock import Clock
    from bigboard.gateway.limits import Limited
    from bigboard.gateway.rate import RateTable

__all__ = ["HttpLimit"]


class HttpLimit:
    """Requests of all ports count together. A WebSocket handshake is none: there are limits of its own."""

    def __init__(self, app: ASGIApp, table: RateTable, limited: Limited, clock: Clock) -> None:
        self._app = app
        self._table = table
        self._limited = limited
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            address = client_address(scope)
            wait_s = self._table.take(counted_as(address), self._clock.monotonic_s())
            if wait_s:
                self._limited.count(Limit.HTTP_RATE, address=address)
                seconds = math.ceil(wait_s)
                detail = f"too many requests from your address; try again in {seconds} s"
                await JSONResponse({"detail": detail}, 429, {"Retry-After": str(seconds)})(scope, receive, send)
                return
        await self._app(scope, receive, send)
