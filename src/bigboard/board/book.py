"""An order book as a node: two sides of levels, and fields beside them; and the check of levels that come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board.node import Node
from bigboard.board.rules import MAX_FLOAT, MAX_INTEGER, Invalid
from bigboard.board.side import Side

if TYPE_CHECKING:
    from bigboard.board.limits import Limits

__all__ = ["Book", "check_levels"]


class Book(Node):
    """Two sides, and fields such as ``update_id`` beside them."""

    __slots__ = ("asks", "bids")

    def __init__(self, sequence: int) -> None:
        super().__init__(sequence)
        self.bids = Side(best=max)
        self.asks = Side(best=min)

    def clear(self, sequence: int) -> None:
        """Remove the book: its levels and fields become tombstones."""
        super().clear(sequence)
        self.bids.clear(sequence)
        self.asks.clear(sequence)

    def data(self) -> dict[str, Any]:
        """The book as it goes on the wire, levels best first."""
        return {"bids": self.bids.levels(), "asks": self.asks.levels(), **super().data()}

    def diff(self, since: int) -> dict[str, Any]:
        """The levels and fields that changed after ``since``."""
        patch: dict[str, Any] = {}
        if self.bids.sequence > since:
            patch["bids"] = self.bids.diff(since)
        if self.asks.sequence > since:
            patch["asks"] = self.asks.diff(since)
        patch.update(super().diff(since))
        return patch

    def crossed(self) -> bool:
        """Whether somebody would buy for more than somebody else asks."""
        bid, ask = self.bids.best, self.asks.best
        return bid is not None and ask is not None and bid >= ask


_PAIRS = frozenset((list, tuple))
"""What a level may be: MessagePack can bring a map of two numbers, which unpacks like a pair."""


def check_levels(name: str, levels: Any, limits: Limits) -> None:
    """Raise ``Invalid`` unless these are pairs of a finite price and a finite size that is not negative."""
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
