"""Leading edge for each key: one that was quiet is written at once, and then rests. Pure: no I/O and no clock."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["Rests"]


class Rests:
    """The keys that were written less than ``interval_s`` ago. Times are by a steady clock, and never go back."""

    __slots__ = ("_ends", "_interval_s", "_resting")

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._resting: set[str] = set()
        # Every rest is equally long, so they end in the order in which they began.
        self._ends: deque[tuple[float, list[str]]] = deque()

    def __contains__(self, key: str) -> bool:
        return key in self._resting

    @property
    def next_end_s(self) -> float | None:
        """When the next rest ends; ``None`` while no key rests."""
        return self._ends[0][0] if self._ends else None

    def begin(self, keys: Collection[str], now_s: float) -> None:
        """These keys, none of which rests, were written just now."""
        if keys and self._interval_s > 0:
            self._resting.update(keys)
            self._ends.append((now_s + self._interval_s, list(keys)))

    def ended(self, now_s: float) -> Iterator[str]:
        """The keys whose rest is over by now; each is told once."""
        while self._ends and self._ends[0][0] <= now_s:
            _, keys = self._ends.popleft()
            self._resting.difference_update(keys)
            yield from keys

    def clear(self) -> None:
        """No key rests any more."""
        self._resting.clear()
        self._ends.clear()
