"""How many HTTP requests one address may make: ASGI middleware that answers 429 beyond that.

The files of the page and ``/health`` have an allowance of their own, ten times as large: a page without its script shows
nothing at all, and a watchman must not take the server for dead because somebody at the same address asks too often.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from bigboard.gateway.address import client_address, counted_as
from bigboard.gateway.limits import Limit
from bigboard.gateway.problem import Problem
from bigboard.gateway.rate import Rate, RateTable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bigboard.clock import Clock
    from bigboard.gateway.limits import GatewayLimits, Limited

__all__ = ["TOO_MANY", "HttpLimit", "RequestRates"]

TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {
        "model": Problem,
        "description": "too many requests, or failed authentications, from this address",
        "headers": {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}},
    }
}
"""For the OpenAPI document of every route."""
_FILE_FACTOR = 10
_FILES = frozenset({"/", "/favicon.svg", "/NOTICE.txt", "/docs", "/openapi.json", "/asyncapi.json", "/health"})
_FILE_FOLDERS = ("/assets/", "/docs/")


class RequestRates:
    """Who asked how often, on all ports together."""

    def __init__(self, limits: GatewayLimits) -> None:
        rate = limits.http
        self._questions = RateTable(rate)
        self._files = RateTable(Rate(rate.per_s * _FILE_FACTOR, rate.burst * _FILE_FACTOR))

    @property
    def evicted(self) -> int:
        """See ``RateTable``."""
        return self._questions.evicted + self._files.evicted

    def take(self, address: str, path: str, now: float) -> float:
        """One more request of this address; the seconds to wait if it is one too many, else 0."""
        table = self._files if path in _FILES or path.startswith(_FILE_FOLDERS) else self._questions
        return table.take(counted_as(address), now)


class HttpLimit:
    """A WebSocket handshake is none: there are limits of its own."""

    def __init__(self, app: ASGIApp, rates: RequestRates, limited: Limited, clock: Clock) -> None:
        self._app = app
        self._rates = rates
        self._limited = limited
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http":
            address = client_address(scope)
            wait_s = self._rates.take(address, scope["path"], self._clock.monotonic_s())
            if wait_s:
                self._limited.count(Limit.HTTP_RATE, address=address)
                seconds = math.ceil(wait_s)
                detail = f"too many requests from your address; try again in {seconds} s"
                await JSONResponse({"detail": detail}, 429, {"Retry-After": str(seconds)})(scope, receive, send)
                return
        await self._app(scope, receive, send)
