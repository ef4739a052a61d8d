"""The merge kind *ladder*: price levels per side. Order books."""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

from bigboard.board.node import FieldRules, Node
from bigboard.board.removal import Graves, is_removal
from bigboard.board.rules import MAX_FLOAT, MAX_INTEGER, Invalid
from bigboard.board.side import Side
from bigboard.board.table import TableKeys

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bigboard.board.limits import Limits
    from bigboard.board.plan import Plan
    from bigboard.board.topics import Topic

__all__ = ["LadderTable"]


class _Book(Node):
    """A book: two sides, and fields such as ``update_id`` beside them."""

    __slots__ = ("asks", "bids")

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.bids = Side(best=max)
        self.asks = Side(best=min)

    def clear(self, sequence: int) -> None:
        super().clear(sequence)
        self.bids.clear(sequence)
        self.asks.clear(sequence)

    def data(self) -> dict[str, Any]:
        return {"bids": self.bids.levels(), "asks": self.asks.levels(), **super().data()}

    def diff(self, since: int) -> dict[str, Any]:
        patch: dict[str, Any] = {}
        if self.bids.sequence > since:
            patch["bids"] = self.bids.diff(since)
        if self.asks.sequence > since:
            patch["asks"] = self.asks.diff(since)
        patch.update(super().diff(since))
        return patch

    def crossed(self) -> bool:
        bid, ask = self.bids.best, self.asks.best
        return bid is not None and ask is not None and bid >= ask


class LadderTable:
    """State: ``{key: {"bids": [[price, size], …], "asks": […], …fields}}``. A change: the levels that changed.

    A crossed book, or one whose levels come unsorted, is stored as it is: to hide a fault of the source would make the
    screen look right when it is not. ``anomalies`` counts both.
    """

    def __init__(self, topic: Topic, limits: Limits) -> None:
        self.sequence = 0
        self.horizon = 0
        self.anomalies: Counter[str] = Counter()
        self._limits = limits
        self._rules = FieldRules(topic.rules, limits)
        self._keys = TableKeys(topic, limits)
        self._books: OrderedDict[str, _Book] = OrderedDict()
        self._graves = Graves(limits.max_tombstones)

    def __len__(self) -> int:
        return len(self._books) - len(self._graves)

    def check(self, key: str, data: Any, plan: Plan) -> None:
        key = self._keys.spell(key)
        book = self._books.get(key)
        there = plan.has(key, held=key in self)
        if is_removal(data):
            if there:
                plan.remove(key)
            return
        if not there:
            self._keys.admit(key, len(self) + plan.growth)
        held = None if plan.removes(key) else book
        fields, bids, asks, _ = self._check(data)
        changed, _ = self._rules.check(fields, held)
        if not there and (changed or bids is not None or asks is not None):
            plan.add(key)
        named = plan.name(key, fields)
        if named is not None:
            self._rules.check(named, held)

    def apply(self, key: str, data: Any, sequence: int) -> bool:
        book = self._books.get(key)
        if book is None:
            key = self._keys.spell(key)
            book = self._books.get(key)
        if is_removal(data):
            return self._remove(key, book, sequence)
        new = book is None or not book.exists
        if new:
            self._keys.admit(key, len(self))
        fields, bids, asks, partial = self._check(data)
        if book is None:
            book = _Book(sequence)
        changed, plain = self._rules.check(fields, book)
        new = new and (bids is not None or asks is not None)
        if self._put(book, bids, asks, sequence, partial=partial) or changed or new:
            self._keep(key, book, changed, sequence, plain=plain)
            return True
        return False

    def __contains__(self, key: str) -> bool:
        book = self._books.get(key)
        return book is not None and book.exists

    def merge(self, changes: Mapping[str, dict[str, Any] | None], sequence: int) -> None:
        for key, patch in changes.items():
            book = self._books.get(key)
            if book is None:
                book = _Book(sequence)
            if patch is None:
                self._bury(key, book, sequence)
                continue
            fields = dict(patch)
            book.bids.merge(fields.pop("bids", ()), sequence)
            book.asks.merge(fields.pop("asks", ()), sequence)
            self._keep(key, book, fields, sequence, plain=False)
        self.sequence = sequence

    def load(self, data: dict[str, dict[str, Any]], sequence: int) -> None:
        self._books.clear()
        self._graves.clear()
        self.merge(data, sequence)
        self.sequence = self.horizon = sequence

    def data(self, keys: Collection[str] | None) -> dict[str, dict[str, Any]]:
        books = self._books
        if keys is None:
            return {key: book.data() for key, book in books.items() if book.exists}
        return {key: book.data() for key in keys if (book := books.get(key)) is not None and book.exists}

    def diff(self, since: int, keys: Collection[str] | None) -> dict[str, dict[str, Any] | None]:
        changes: dict[str, dict[str, Any] | None] = {}
        if self.sequence <= since:
            return changes
        books = self._books
        if keys is not None:
            for key in keys:
                book = books.get(key)
                if book is not None and book.sequence > since:
                    changes[key] = book.diff(since) if book.exists else None
            return changes
        for key, book in reversed(books.items()):
            if book.sequence <= since:
                break
            changes[key] = book.diff(since) if book.exists else None
        return changes

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
                _check_levels(name, levels, self._limits)
        return fields, bids, asks, partial

    def _put(
        self, book: _Book, bids: list[Any] | None, asks: list[Any] | None, sequence: int, *, partial: bool
    ) -> bool:
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

    def _keep(self, key: str, book: _Book, changed: dict[str, Any], sequence: int, *, plain: bool) -> None:
        if not book.exists:
            book.exists = True
            self._graves.exhume(key)
        book.put(changed, sequence, plain=plain)
        self._books[key] = book
        self._books.move_to_end(key)
        self.sequence = sequence
        self._bound(book)

    def _remove(self, key: str, book: _Book | None, sequence: int) -> bool:
        if book is None or not book.exists:
            return False
        self._bury(key, book, sequence)
        self.sequence = sequence
        return True

    def _bury(self, key: str, book: _Book, sequence: int) -> None:
        book.clear(sequence)
        self._books[key] = book
        self._books.move_to_end(key)
        for forgotten, mark in self._graves.dig(key, sequence):
            del self._books[forgotten]
            self.horizon = max(self.horizon, mark)
        self._bound(book)

    def _bound(self, book: _Book) -> None:
        keep = self._limits.max_level_tombstones
        sequence = book.sequence
        forgotten = max(book.bids.forget(keep, sequence), book.asks.forget(keep, sequence))
        if len(book.marks) > 2 * self._limits.max_fields:
            forgotten = max(forgotten, book.forget(self._limits.max_fields, sequence))
        self.horizon = max(self.horizon, forgotten)


_PAIRS = frozenset((list, tuple))
"""What a level may be: MessagePack can bring a map of two numbers, which unpacks like a pair."""


def _check_levels(name: str, levels: Any, limits: Limits) -> None:
    if type(levels) is not list and type(levels) is not tuple:
        raise Invalid("wrong_type", f"{name} must be an array of [price, size], not {type(levels).__name__}")
    most = limits.max_items * 10
    if len(levels) > most:
        raise Invalid("too_many_items", f"{name} has {len(levels)} levels, at most {most} are taken")
    if not _PAIRS.issuperset(map(type, levels)):
        raise Invalid("wrong_type", f"{name} must be an array of [price, size]")
    try:
        for price, size in levels:
            kind = type(size)
            if not (
                (type(price) is float or type(price) is int)
                and (kind is float or kind is int)
                and -MAX_FLOAT <= price <= MAX_FLOAT
                and 0 <= size <= MAX_FLOAT
            ):
                raise _bad_level(name, price, size)
            if (kind is int and size > MAX_INTEGER) or (
                type(price) is int and not -MAX_INTEGER <= price <= MAX_INTEGER
            ):
                raise Invalid("out_of_range", f"{name} has an integer beyond 2^53, which a browser cannot hold")
    except (TypeError, ValueError):
        raise Invalid("wrong_type", f"{name} must be an array of [price, size]") from None


def _bad_level(name: str, price: Any, size: Any) -> Invalid:
    numbers = [value for value in (price, size) if type(value) is float or type(value) is int]
    if len(numbers) < 2:
        return Invalid("wrong_type", f"{name} must be an array of [price, size], both numbers")
    if 0 > size >= -MAX_FLOAT:
        return Invalid("negative", f"{name} has a negative size")
    return Invalid("not_finite", f"{name} has a price or a size that is not finite")
