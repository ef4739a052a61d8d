"""One side of an order book: every level that is known, with its best levels at hand.

An exchange's book has thousands of levels, and one update touches many of them. The prices stand in a sorted list and
the sizes in a dictionary, so that a level costs one bisection, and the best levels are the end of the list: there
inserting and deleting moves next to nothing, and that is where most changes happen.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.wire.market import Level

__all__ = ["LadderSide", "Side", "Top", "changed_levels"]

Side: TypeAlias = Literal["bid", "ask"]

Top: TypeAlias = dict[float, float]
"""Price to size, best price first."""


class LadderSide:
    """The bids or the asks of one book, at most ``max_levels`` of them.

    Beyond the bound the levels farthest from the best price are dropped and counted in ``dropped``.
    """

    __slots__ = ("_keys", "_max_levels", "_sign", "_sizes", "dropped")

    def __init__(self, side: Side, *, max_levels: int) -> None:
        self._sign = 1.0 if side == "bid" else -1.0
        self._max_levels = max_levels
        self._keys: list[float] = []  # price times sign, ascending: the best price is the last one on either side
        self._sizes: dict[float, float] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._keys)

    def load(self, levels: Iterable[Level]) -> None:
        """Replace all levels; of a price that is given twice the last one counts, as in ``apply``."""
        self._sizes = {price: size for price, size in dict(levels).items() if size}
        self._keys = sorted(self._sign * price for price in self._sizes)
        self._trim()

    def apply(self, levels: Iterable[Level]) -> None:
        """Set each level to its new size; size 0 removes it, and one that is not there stays absent.

        Removing an unknown level is normal: a snapshot ends at its thousandth level, the stream of changes does not.
        """
        keys, sizes, sign = self._keys, self._sizes, self._sign
        for price, size in levels:
            if size:
                if price not in sizes:
                    insort(keys, sign * price)
                sizes[price] = size
            elif price in sizes:
                del sizes[price]
                del keys[bisect_left(keys, sign * price)]
        if len(keys) > self._max_levels:
            self._trim()

    def clear(self) -> None:
        """Remove every level."""
        self._keys.clear()
        self._sizes.clear()

    def top(self, depth: int) -> Top:
        """The best ``depth`` levels, best first."""
        sizes, sign = self._sizes, self._sign
        return {price: sizes[price] for price in [sign * key for key in self._keys[: -depth - 1 : -1]]}

    def _trim(self) -> None:
        excess = len(self._keys) - self._max_levels
        if excess <= 0:
            return
        for key in self._keys[:excess]:
            del self._sizes[self._sign * key]
        del self._keys[:excess]
        self.dropped += excess


def changed_levels(old: Top, new: Top) -> list[Level]:
    """What turns ``old`` into ``new``: levels with their new size, and those that left with size 0, by price."""
    changes = [*(new.items() - old.items()), *((price, 0.0) for price in old.keys() - new.keys())]
    changes.sort()
    return changes
