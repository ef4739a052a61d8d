"""How many messages one WebSocket may send. Pure: time is an argument."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from bigboard.gateway.rate import Rate

if TYPE_CHECKING:
    from bigboard.gateway.limits import GatewayLimits

__all__ = ["Flow", "MessageFlow", "flow_reason"]

_PATIENCE = 10
"""Bursts' worth of messages beyond the rate, after which a client is no more excused."""


class Flow(Enum):
    """What becomes of a message."""

    TAKE = auto()
    REFUSE = auto()
    """Too fast: it is answered with an error."""
    CLOSE = auto()
    """Too fast for too long."""


class MessageFlow:
    """The messages of one connection: those that are refused count too, so that to go on and on ends it."""

    __slots__ = ("_excused_until", "_full_at", "_patience", "_rate")

    def __init__(self, limits: GatewayLimits) -> None:
        self._rate = limits.messages
        self._patience = Rate(limits.messages.per_s, limits.messages.burst * _PATIENCE)
        self._full_at = 0.0
        self._excused_until = 0.0

    def take(self, now: float) -> Flow:
        """One more message, at this moment of the steady clock."""
        self._excused_until, overdue = self._patience.take(self._excused_until, now)
        if overdue:
            return Flow.CLOSE
        self._full_at, wait = self._rate.take(self._full_at, now)
        return Flow.REFUSE if wait else Flow.TAKE


def flow_reason(rate: Rate) -> str:
    """The sentence for a client that is too fast."""
    return f"more than {rate.per_s:g} messages per second, or {rate.burst} at once"
