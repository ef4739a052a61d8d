"""The merge kind *ladder*: price levels per side. Order books."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bigboard.board.book import Book, check_levels
from bigboard.board.nodes import NodesTable
from bigboard.board.removal import is_removal
from bigboard.board.rules import Invalid

if TYPE_CHECKING:
    from bigboard.board.limits import Limits
    from bigboard.board.topics import Topic

__all__ = ["LadderTable"]


class LadderTable(NodesTable[Book]):
    """State: ``{key: {"bids": [[price, size], …], "asks": […], …fields}}``. A change: the levels that changed.

    A crossed book, or one whose levels come unsorted, is stored as it is: to hide a fault of the source would make the
    screen look right when it is not. ``anomalies`` counts both.
    """

    def __init__(self, topic: Topic, limits: Limits) -> None:
        super().__init__(topic, limits, Book)
        self.anomalies: Counter[str] = Counter()

    def apply(self, key: str, data: Any, sequence: int) -> bool:
        """See ``Table``."""
        book = self._nodes.get(key)
        if book is None:
            key = self._keys.spell(key)
            book = self._nodes.get(key)
        if is_removal(data):
            return self._remove(key, book, sequence)
        new = book is None or not book.exists
        if new:
            self._keys.admit(key, len(self))
        fields, bids, asks, partial = self._check(data)
        if book is None:
            book = Book(sequence)
        changed, plain = self._rules.check(fields, book)
        new = new and (bids is not None or asks is not None)
        if self._put(book, bids, asks, sequence, partial=partial) or changed or new:
            self._keep(key, book, changed, sequence, plain=plain)
            return True
        return False

    def _read(self, data: Any) -> tuple[dict[str, Any], bool]:
        fields, bids, asks, _ = self._check(data)
        return fields, bids is not None or asks is not None

    def _take(self, node: Book, patch: dict[str, Any], sequence: int) -> dict[str, Any]:
        fields = dict(patch)
        node.bids.merge(fields.pop("bids", ()), sequence)
        node.asks.merge(fields.pop("asks", ()), sequence)
        return fields

    def _check(self, data: Any) -> tuple[dict[str, Any], list[Any] | None, list[Any] | None, bool]:
        if type(data) is not dict:
            raise Invalid("wrong_type", f"the data must be an object, not {type(data).__name__}")
        fields = dict(data)
        partial = fields.pop("partial", False)
        bids, asks = fields.pop("bids", None), fields.pop("asks", None)
        if type(partial) is not bool:
            raise Invalid("wrong_type", "partial must be true or false")
        if not partial and (bids is None) != (asks is None):
            raise Invalid("bad_value", 'a full book names bids and asks; to change one side send "partial": true')
        for name, levels in (("bids", bids), ("asks", asks)):
            if levels is not None:
                check_levels(name, levels, self._limits)
        return fields, bids, asks, partial

    def _put(self, book: Book, bids: list[Any] | None, asks: list[Any] | None, sequence: int, *, partial: bool) -> bool:
        changed = False
        for side, levels in ((book.bids, bids), (book.asks, asks)):
            if levels is None:
                continue
            if not partial and not side.sorted(levels):
                self.anomalies["unsorted_book"] += 1
            # Of a price that comes twice the last size counts.
            given = dict(levels)
            most = self._limits.max_levels
            changed |= side.change(given, sequence, most) if partial else side.replace(given, sequence, most)
        if (bids or asks) and book.crossed():
            self.anomalies["crossed_book"] += 1
        return changed

    def _bound(self, node: Book) -> None:
        keep = self._limits.max_level_tombstones
        forgotten = max(node.bids.forget(keep, node.sequence), node.asks.forget(keep, node.sequence))
        self.horizon = max(self.horizon, forgotten)
        super()._bound(node)
