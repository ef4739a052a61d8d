"""Who tells best bid and ask of a symbol: the best source that is alive. Pure.

The stream of quotes tells them first and best. While it is gone, or if there is none, the order book knows them too; an
exchange's 24 h ticker often has them, up to a second old. Whoever reads a feed takes them from the book by itself, but only
until a ticker has told them once: from then on tickers have to go on telling them.
"""

from __future__ import annotations

__all__ = ["Quoting"]


class Quoting:
    """Which sources of a symbol's quotes are alive, as the readers of one feed tell each other."""

    def __init__(self) -> None:
        self._streamed: set[str] = set()
        self._booked: set[str] = set()
        self._told: set[str] = set()

    def streamed(self, symbol: str) -> None:
        """The stream of quotes spoke; it is told."""
        self._streamed.add(symbol)
        self._told.add(symbol)

    def stream_lost(self, symbol: str) -> None:
        """The stream of quotes is gone."""
        self._streamed.discard(symbol)

    def booked(self, symbol: str) -> bool:
        """The book is in step. Returns whether a ticker with its best bid and ask is called for."""
        self._booked.add(symbol)
        return symbol in self._told and symbol not in self._streamed

    def book_lost(self, symbol: str) -> None:
        """The book is gone."""
        self._booked.discard(symbol)

    def day_ticker(self, symbol: str) -> bool:
        """The 24 h ticker spoke. Returns whether its bid and ask are called for."""
        wanted = symbol not in self._streamed and symbol not in self._booked
        if wanted:
            self._told.add(symbol)
        return wanted
