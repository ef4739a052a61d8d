"""How long to wait before the next try. Pure: chance comes from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

__all__ = ["Backoff"]

_MOST_DOUBLINGS = 20


class Backoff:
    """Doubles from ``first_s`` up to ``most_s``, and takes between half and all of that by chance.

    Without the chance, everybody whom an exchange cut off would come back in the same moment, and be cut off again.
    """

    def __init__(self, random: Random, *, first_s: float = 0.5, most_s: float = 30.0) -> None:
        self._random = random
        self._first_s = first_s
        self._most_s = most_s
        self._failures = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        longest = min(self._most_s, self._first_s * 2.0 ** min(self._failures, _MOST_DOUBLINGS))
        self._failures += 1
        return longest * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It works again: the next failure is the first."""
        self._failures = 0
