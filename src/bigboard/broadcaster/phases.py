"""How a crowd is spread over its interval, so that ten thousand clients are not written to in one burst."""

from __future__ import annotations

from collections import Counter

__all__ = ["PHASE_SIZE", "Phases"]

PHASE_SIZE = 400
"""Members that tick together: some milliseconds of writing."""

_SLOTS = 25
"""Places in an interval. Small groups share one, so that a tick is made for many of them."""
_GOLDEN = 0.618033988749895
_LONGEST_STRETCH = 0.25
_LATENESS = 0.05


class Phases:
    """Gives each group its place in the interval, and brings it there little by little.

    All groups tick together after a quiet time, because the first change goes to all at once. From then on each interval of
    a group in a crowd is stretched by up to a quarter until the group ticks at its own place; it is never shortened.
    """

    def __init__(self) -> None:
        self._crowds: Counter[int] = Counter()
        self._given = 0

    def next_phase(self) -> float:
        """A place for a new group: multiples of the golden ratio spread evenly, however many there will be."""
        self._given += 1
        return int(self._given * _GOLDEN % 1.0 * _SLOTS) / _SLOTS

    def join(self, interval_ms: int) -> None:
        """A client more with this interval."""
        self._crowds[interval_ms] += 1

    def leave(self, interval_ms: int) -> None:
        """A client less."""
        self._crowds[interval_ms] -= 1
        if not self._crowds[interval_ms]:
            del self._crowds[interval_ms]

    def crowded(self, interval_ms: int) -> bool:
        """Whether there are so many clients with this interval that it matters when they tick."""
        return self._crowds[interval_ms] > PHASE_SIZE

    def after(self, now: float, interval_ms: int, phase: float) -> float:
        """When a group that ticks now is due again: an interval later, or somewhat more in a crowd."""
        interval = interval_ms / 1000
        due = now + interval
        if not self.crowded(interval_ms):
            return due
        missing = (phase * interval - due) % interval
        if missing > (1 - _LATENESS) * interval:
            return due  # It is just a little late, as any timer is.
        return due + min(missing, _LONGEST_STRETCH * interval)
