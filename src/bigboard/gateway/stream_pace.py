"""When the plain stream speaks (PROTOCOL section 10). Pure: time is an argument."""

from __future__ import annotations

import math

__all__ = ["StreamPace"]

_LOOK_S = 0.1
_CALM_S = 0.5
_MOVE = 0.001
"""0.1 %."""
_SLACK_S = 1e-6
"""Sums of tenths are not exact, and a timer may fire a rounding early."""


class StreamPace:
    """Every 500 ms, or every 100 ms while the price has moved by more than 0.1 % since the last message.

    The owner looks at the price at ``next_look`` and asks ``due``. Looks stay on one grid of 100 ms, so that the rate is
    what it should be although each look is a little late; looks that were missed while a client did not read are skipped,
    never made up for.
    """

    __slots__ = ("_sent_look", "_sent_price", "_start", "next_look")

    def __init__(self, now: float) -> None:
        """``now``: seconds of a steady clock; the first message is due at once."""
        self._start = now
        self._sent_look: int | None = None
        self._sent_price: float | None = None
        self.next_look = now

    def due(self, now: float, price: float | None) -> bool:
        """Whether a message goes out at this look; if so it counts as sent, with this price."""
        look = math.floor((now - self._start + _SLACK_S) / _LOOK_S)
        self.next_look = self._start + (look + 1) * _LOOK_S
        calm = self._sent_look is not None and (look - self._sent_look) * _LOOK_S < _CALM_S - _SLACK_S
        if calm and (look == self._sent_look or not self._moved(price)):
            return False
        self._sent_look, self._sent_price = look, price
        return True

    def _moved(self, price: float | None) -> bool:
        before = self._sent_price
        if price is None or before is None:
            # The first price of a symbol is news, and so is its loss.
            return price is not before
        return abs(price - before) > _MOVE * abs(before)
