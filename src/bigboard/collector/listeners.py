"""Whether somebody new listens to what is published, from Redis's own answers. Pure: no I/O and no clock.

Redis answers each ``PUBLISH`` with the number of those who got it. An aggregator that begins to lead, or comes back after
its connection was cut, knows what was said before from the board's log at best. That number tells of it without a word
from the aggregator, a channel for such words or a second connection; and it does so for every listener, ours or not. It
is exact where it matters: if nobody listened for a moment and nothing was published in that moment, nothing was missed.

In a cluster the number counts the listeners at one node alone, so that a newcomer may go unseen. There the rows that are
sent whole every 30 s mend what it missed.
"""

from __future__ import annotations

from typing import Final

__all__ = ["Listeners"]

_REST_S: Final = 2.0
"""Listeners that come and go cost all that there is once in this time."""


class Listeners:
    """Counts listeners of one channel, on which something is said every second."""

    def __init__(self) -> None:
        self._count: int | None = None
        self._unheard = False
        self._new = False
        self._said_s = float("-inf")

    def published(self, receivers: int, *, steady: bool) -> None:
        """A message was published. ``steady``: on the channel that is counted."""
        if not receivers:
            # Whoever listens from now on has missed it.
            self._unheard = True
        if steady:
            rose = self._count is not None and receivers > self._count
            self._new |= receivers > 0 and (rose or self._unheard)
            self._count = receivers

    def new(self, now_s: float) -> bool:
        """Whether everything is to be said again, now. ``now_s`` by a steady clock."""
        if not self._new or now_s - self._said_s < _REST_S:
            return False
        self._said_s = now_s
        self._new = self._unheard = False
        return True
