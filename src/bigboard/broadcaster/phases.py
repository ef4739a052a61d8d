"""How a crowd is spread over its interval, so that ten thousand clients are not written to in one burst."""

from __future__ import annotations

from collections import Counter
from math import ceil

__all__ = ["PHASE_SIZE", "Phases"]

PHASE_SIZE = 200
"""Members that tick together: two or three milliseconds of writing."""

_PLACES = 64
"""Places in an interval. Small groups share one, so that a tick is made for many of them."""
_LONGEST_STRETCH = 0.25
_MOST_LATE = 0.2
_ROUNDING = 1e-3


class Phases:
    """Gives each group its place in the interval, and brings it there little by little.

    All groups tick together after a quiet time, because the first change goes to all at once. From then on each interval of
    a group in a crowd is stretched by up to a quarter until the group ticks at its own place, and there it stays. A tick
    that is late because others had to be served first does not move it: the next one is due at its place all the same. Would
    each late tick put off the next, the groups would bunch up just when there is most to do.
    """

    def __init__(self) -> None:
        self._crowds: Counter[int] = Counter()
        self._given = 0
        # Groups of one place tick together, and a watch list is a group of its own.
        self._asked: tuple[float, float, int, float] | None = None
        self._answer = 0.0

    def next_phase(self) -> float:
        """A place for a new group, from 0 to 1. However many are given, they are spread evenly (van der Corput)."""
        self._given += 1
        number, place = self._given % _PLACES, 0.0
        half = 0.5
        while number:
            place += half * (number & 1)
            number >>= 1
            half /= 2
        return place

    def join(self, interval_ms: int) -> None:
        """A client more with this interval."""
        self._asked = None
        self._crowds[interval_ms] += 1

    def leave(self, interval_ms: int) -> None:
        """A client less."""
        self._asked = None
        self._crowds[interval_ms] -= 1
        if not self._crowds[interval_ms]:
            del self._crowds[interval_ms]

    def crowded(self, interval_ms: int) -> bool:
        """Whether there are so many clients with this interval that it matters when they tick."""
        return self._crowds[interval_ms] > PHASE_SIZE

    def after(self, now: float, due: float, interval_ms: int, phase: float) -> float:
        """When a group that ticks now, and should have at ``due``, is due again.

        An interval later, or somewhat more in a crowd; somewhat less only for a group that is late at its own place.
        """
        asked = now, due, interval_ms, phase
        if asked != self._asked:
            self._asked = asked
            self._answer = self._after(*asked)
        return self._answer

    def _after(self, now: float, due: float, interval_ms: int, phase: float) -> float:
        interval = interval_ms / 1000
        if not self.crowded(interval_ms):
            return now + interval
        on_time = due if now - due <= _MOST_LATE * interval else now
        earliest = on_time + interval
        # As a multiple of the interval, so that groups with one place have one and the same time.
        place = (ceil(earliest / interval - phase - _ROUNDING) + phase) * interval
        return min(place, earliest + _LONGEST_STRETCH * interval)
