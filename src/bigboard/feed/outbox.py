"""What a live feed has to say and its consumer has not yet taken. Pure: no I/O and no clock.

However slow the consumer, it stays small: of a ticker, a book and a status the newest counts, so there is one of each per
symbol. Trades are all kept up to a bound; beyond it the oldest give way, and are counted.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from bigboard.feed.ladder import changed_levels
from bigboard.wire.market import Book, Ticker

if TYPE_CHECKING:
    from bigboard.feed.ccxt_book import BookTop
    from bigboard.feed.ladder import Top
    from bigboard.wire.market import MarketEvent, Status, Trade

__all__ = ["Outbox"]

_MOST_TRADES_AT_ONCE: Final = 500
"""In one batch: some milliseconds of work for whoever takes it."""


class Outbox:
    """Events in, batches out."""

    def __init__(self, *, max_trades: int = 20_000) -> None:
        self.dropped_trades = 0
        """Trades that gave way because the consumer was too slow."""
        self._trades: deque[Trade] = deque(maxlen=max_trades)
        self._tickers: dict[tuple[str, str], dict[str, Any]] = {}
        self._books: dict[str, _Shown] = {}
        self._changed_books: dict[str, None] = {}
        self._statuses: dict[str, Status] = {}

    def __bool__(self) -> bool:
        return bool(self._trades or self._tickers or self._changed_books or self._statuses)

    def trade(self, trade: Trade) -> None:
        """Add a trade."""
        self.dropped_trades += len(self._trades) == self._trades.maxlen
        self._trades.append(trade)

    def ticker(self, kind: str, symbol: str, fields: dict[str, Any]) -> None:
        """Add what one stream (``kind``) says about a symbol: fields of ``Ticker``; the newer value of a field counts."""
        waiting = self._tickers.get((kind, symbol))
        if waiting is None:
            self._tickers[kind, symbol] = fields
        else:
            waiting.update(fields)

    def book(self, symbol: str, top: BookTop, received_at: int) -> None:
        """Set the top of a book that is right."""
        shown = self._books.setdefault(symbol, _Shown())
        shown.target, shown.received_at = top, received_at
        self._changed_books[symbol] = None

    def no_book(self, symbol: str, received_at: int) -> None:
        """Take a book off the screen; the next one is a full one."""
        shown = self._books.get(symbol)
        if shown is not None:
            shown.target, shown.received_at, shown.full = None, received_at, True
            self._changed_books[symbol] = None

    def status(self, status: Status) -> None:
        """Set how a service is doing."""
        self._statuses.pop(status.service, None)
        self._statuses[status.service] = status

    def take(self) -> list[MarketEvent]:
        """The next batch, empty if there is nothing. A status comes after the data that it is about."""
        events: list[MarketEvent] = [
            self._trades.popleft() for _ in range(min(len(self._trades), _MOST_TRADES_AT_ONCE))
        ]
        events += [Ticker(symbol=symbol, **fields) for (_, symbol), fields in self._tickers.items()]
        self._tickers.clear()
        for symbol in self._changed_books:
            if (book := self._books[symbol].change(symbol)) is not None:
                events.append(book)
        self._changed_books.clear()
        events += self._statuses.values()
        self._statuses.clear()
        return events


class _Shown:
    """What the consumer was told of one book, and what it is to be told."""

    __slots__ = ("_asks", "_bids", "_last", "full", "received_at", "target")

    def __init__(self) -> None:
        self.target: BookTop | None = None
        self.received_at = 0
        self.full = True
        self._bids: Top = {}
        self._asks: Top = {}
        self._last: int | None = None

    def change(self, symbol: str) -> Book | None:
        top = self.target
        if top is None:
            return self._emptied(symbol)
        bids, asks = ([*top.bids.items()], [*top.asks.items()]) if self.full else self._changes(top)
        if not bids and not asks and not self.full:
            return None
        partial, self.full = not self.full, False
        self._bids, self._asks = top.bids, top.asks
        self._last = top.timestamp or self.received_at
        return Book(
            symbol=symbol,
            timestamp=self._last,
            received_at=self.received_at,
            bids=bids,
            asks=asks,
            partial=partial,
            update_id=top.update_id,
        )

    def _changes(self, top: BookTop) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        return changed_levels(self._bids, top.bids), changed_levels(self._asks, top.asks)

    def _emptied(self, symbol: str) -> Book | None:
        if not self._bids and not self._asks:
            return None
        self._bids, self._asks = {}, {}
        timestamp = self._last if self._last is not None else self.received_at
        return Book(symbol=symbol, timestamp=timestamp, received_at=self.received_at, bids=[], asks=[])
