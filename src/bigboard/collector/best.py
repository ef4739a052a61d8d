"""The best bid and ask of a book that comes in parts, for symbols that have no ticker."""

from __future__ import annotations

from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.wire.market import Book, Level

__all__ = ["BestLevels"]


class _Side:
    """One side's sizes by price, and its best price.

    At most ``max_levels`` and a quarter more are kept; then the worst are dropped, down to ``max_levels``.
    """

    __slots__ = ("_bids", "_max_levels", "_sizes", "best")

    def __init__(self, max_levels: int, *, bids: bool) -> None:
        self._bids = bids
        self._max_levels = max_levels
        self._sizes: dict[float, float] = {}
        self.best: float | None = None

    @property
    def size(self) -> float:
        return self._sizes[self.best] if self.best is not None else 0.0

    def replace(self, levels: Iterable[Level]) -> None:
        # Through a dict first: where a price comes twice, the later one holds.
        self._sizes = {price: size for price, size in dict(levels).items() if size > 0}
        self._trim()
        self._find()

    def change(self, levels: Iterable[Level]) -> None:
        sizes = self._sizes
        lost = False
        for price, size in levels:
            if size > 0:
                sizes[price] = size
                if self.best is None or (price > self.best if self._bids else price < self.best):
                    self.best = price
            elif sizes.pop(price, None) is not None and price == self.best:
                self.best, lost = None, True
        if lost:
            # Even where a later level of the same message is set as best: one below it may be better.
            self._find()
        self._trim()

    def _find(self) -> None:
        self.best = (max if self._bids else min)(self._sizes, default=None)

    def _trim(self) -> None:
        if len(self._sizes) > self._max_levels + self._max_levels // 4:
            kept = (nlargest if self._bids else nsmallest)(self._max_levels, self._sizes)
            self._sizes = {price: self._sizes[price] for price in kept}


class BestLevels:
    """Best bid and ask out of full and partial books of one symbol.

    A partial book before the first full one tells nothing and is left out.
    """

    __slots__ = ("_asks", "_bids", "_started")

    def __init__(self, max_levels: int) -> None:
        self._bids = _Side(max_levels, bids=True)
        self._asks = _Side(max_levels, bids=False)
        self._started = False

    def take(self, book: Book) -> bool:
        """Merge a book; false if there is no book to merge it into."""
        if not book.partial:
            self._started = True
            self._bids.replace(book.bids)
            self._asks.replace(book.asks)
        elif self._started:
            self._bids.change(book.bids)
            self._asks.change(book.asks)
        return self._started

    @property
    def bid(self) -> Level | None:
        """Price and size of the best bid, ``None`` if that side is empty."""
        return None if self._bids.best is None else (self._bids.best, self._bids.size)

    @property
    def ask(self) -> Level | None:
        """Price and size of the best ask, ``None`` if that side is empty."""
        return None if self._asks.best is None else (self._asks.best, self._asks.size)
