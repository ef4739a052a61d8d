"""What a follower of a feed holds of a book: full ones replace it, partial ones are merged into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.wire.market import Book, Level

__all__ = ["ShownBook"]


class ShownBook:
    """Applies ``Book`` events as PROTOCOL section 4 says of ladders."""

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.seen = False

    def apply(self, book: Book) -> None:
        if not book.partial:
            self.bids, self.asks, self.seen = {}, {}, True
        assert self.seen, "the first book must be a full one"
        for levels, changes in ((self.bids, book.bids), (self.asks, book.asks)):
            for price, size in changes:
                if size:
                    levels[price] = size
                else:
                    levels.pop(price, None)

    def best_bids(self) -> list[Level]:
        return sorted(self.bids.items(), reverse=True)

    def best_asks(self) -> list[Level]:
        return sorted(self.asks.items())

    def check(self, depth: int) -> None:
        """Never crossed, never deeper than promised."""
        assert len(self.bids) <= depth
        assert len(self.asks) <= depth
        if self.bids and self.asks:
            assert max(self.bids) < min(self.asks)
