"""One side of an order book: levels by price, each with the sequence of its last change."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Side"]


class Side:
    """Price levels. ``best`` is the price that an order of the other side meets first.

    Levels are kept unsorted and sorted when the state is asked for: updates are many, snapshots few. The marks are a dict
    in order of last change, so that a diff walks back from the newest. A price that has a mark but no size is a tombstone.
    """

    __slots__ = ("_choose", "_marks", "_sizes", "best", "sequence")

    def __init__(self, best: Callable[[Iterable[float]], float]) -> None:
        self._choose = best
        self._sizes: dict[float, float] = {}
        self._marks: dict[float, int] = {}
        self.best: float | None = None
        self.sequence = 0

    def __len__(self) -> int:
        return len(self._sizes)

    def levels(self) -> list[list[float]]:
        """Every level as ``[price, size]``, best first."""
        sizes = self._sizes
        return [[price, sizes[price]] for price in sorted(sizes, reverse=self._choose is max)]

    def sorted(self, levels: Sequence[Any]) -> bool:
        """Whether levels come best first, each price once."""
        if self._choose is max:
            return all(one[0] > other[0] for one, other in pairwise(levels))
        return all(one[0] < other[0] for one, other in pairwise(levels))

    def merge(self, levels: Iterable[Any], sequence: int) -> bool:
        """Set the size of each level that is given, 0 removes it; whether anything changed."""
        sizes, marks = self._sizes, self._marks
        changed = removed = False
        for price, size in levels:
            held = sizes.get(price)
            if size:
                if held == size:
                    continue
                sizes[price] = size
            elif held is None:
                continue
            else:
                del sizes[price]
                removed = True
            marks.pop(price, None)
            marks[price] = sequence
            changed = True
        if changed:
            self.sequence = sequence
            self.best = self._best(removed=removed, levels=levels)
        return changed

    def change(self, levels: dict[float, float], sequence: int, most: int) -> bool:
        """Set the size of each price given, 0 removes it, and keep the best ``most`` levels; whether anything changed."""
        sizes = self._sizes
        if len(sizes) + len(levels) > most and len(sizes) + len(levels.keys() - sizes.keys()) > most:
            return self.replace({**sizes, **levels}, sequence, most)
        return self.merge(levels.items(), sequence)

    def replace(self, levels: dict[float, float], sequence: int, most: int) -> bool:
        """Make the best ``most`` of these the only levels; whether anything changed.

        The worst are cut before they are merged: one that comes and goes in one update is no change, and no client
        must hear of it.
        """
        wanted = {price: size for price, size in levels.items() if size}
        if len(wanted) > most:
            wanted = {price: wanted[price] for price in sorted(wanted, reverse=self._choose is max)[:most]}
        changes: list[tuple[float, float]] = [(price, 0) for price in self._sizes if price not in wanted]
        changes += wanted.items()
        return self.merge(changes, sequence)

    def clear(self, sequence: int) -> None:
        """Remove every level."""
        self.merge([(price, 0) for price in self._sizes], sequence)

    def diff(self, since: int) -> list[list[float]]:
        """The levels that changed after ``since``; size 0 for one that is gone."""
        sizes = self._sizes
        changed = []
        for price, mark in reversed(self._marks.items()):
            if mark <= since:
                break
            changed.append([price, sizes.get(price, 0)])
        return changed

    def forget(self, keep: int, before: int) -> int:
        """Once there are twice ``keep`` tombstones, drop the oldest down to ``keep``; the greatest mark dropped, else 0.

        Marks from ``before`` on, the commit under way, stay: its own diff has yet to tell of them.
        """
        surplus = len(self._marks) - len(self._sizes) - keep
        if surplus <= keep:
            return 0
        graves: list[float] = []
        for price, mark in self._marks.items():
            if mark >= before or len(graves) == surplus:
                break
            if price not in self._sizes:
                graves.append(price)
        return max((self._marks.pop(price) for price in graves), default=0)

    def _best(self, *, removed: bool, levels: Iterable[Any]) -> float | None:
        if not self._sizes:
            return None
        if removed or self.best is None:
            return self._choose(self._sizes)
        return self._choose([self.best, *(price for price, size in levels if size)])
