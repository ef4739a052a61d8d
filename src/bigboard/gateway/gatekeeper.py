"""Lets clients prove who they are, and slows those addresses down that fail again and again.

While an address has failed too often, none of its tokens is looked at, also no good one: else whoever tries tokens would be
told which of them is good. Nobody is shut out for long: the next attempt is due as soon as the rate allows one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bigboard.errors import TooManyFailures, WireError
from bigboard.gateway.address import counted_as
from bigboard.gateway.limits import Limit
from bigboard.gateway.rate import RateTable

if TYPE_CHECKING:
    from bigboard.clock import Clock
    from bigboard.gateway.limits import GatewayLimits, Limited
    from bigboard.wire import Identity
    from bigboard.wire.identity import TokenCheck

__all__ = ["Gatekeeper"]


class Gatekeeper:
    """The credentials of a hub, asked in the name of an address; on all ports and ways together."""

    def __init__(self, credentials: TokenCheck, limits: GatewayLimits, limited: Limited, clock: Clock) -> None:
        self._credentials = credentials
        self._failures = RateTable(limits.failed_authentications)
        self._limited = limited
        self._clock = clock

    @property
    def evicted(self) -> int:
        """See ``RateTable``."""
        return self._failures.evicted

    def identify(self, token: str, now_ms: int, address: str) -> Identity:
        """Who holds this token. Raises ``WireError``: ``unauthenticated``, or ``TooManyFailures`` for this address."""
        key, now = counted_as(address), self._clock.monotonic_s()
        wait_s = self._failures.wait_s(key, now)
        if wait_s:
            self._limited.count(Limit.AUTHENTICATION_RATE, address=address)
            raise TooManyFailures(math.ceil(wait_s))
        try:
            return self._credentials.identify(token, now_ms)
        except WireError:
            self._failures.take(key, now)
            raise
