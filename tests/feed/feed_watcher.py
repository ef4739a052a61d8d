"""A consumer of a live feed that holds what a board would show, and compares every book with the exchange's own."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bigboard.wire.market import Book, Status, Ticker, Trade
from feed.shown_book import ShownBook
from servers import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bigboard.feed.base import Feed
    from bigboard.wire.market import MarketEvent
    from feed.local_exchange import LocalExchange
    from feed.recorded_market import RecordedMarket

__all__ = ["FeedWatcher", "watching"]


class FeedWatcher:
    """What came of a feed so far. A book that differs from the exchange's as of its update id stands in ``wrong``."""

    def __init__(self, exchange: LocalExchange) -> None:
        self.exchange = exchange
        self.wrong: list[str] = []
        self.books: defaultdict[str, ShownBook] = defaultdict(ShownBook)
        self.shown_ids: list[int] = []
        """Update ids of all books that were shown, in order."""
        self.emptied = 0
        """Times that a book was taken off the screen."""
        self.trades: defaultdict[str, list[Trade]] = defaultdict(list)
        self.rows: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        """What tickers said, by symbol: the last value of each field."""
        self.services: dict[str, Status] = {}
        self.history: list[Status] = []
        self.kinds: Counter[str] = Counter()

    def take(self, batch: Sequence[MarketEvent]) -> None:
        """One batch of the feed."""
        assert batch, "a batch is never empty"
        for event in batch:
            self.kinds[type(event).__name__] += 1
            if isinstance(event, Status):
                self.services[event.service] = event
                self.history.append(event)
            elif isinstance(event, Book):
                self._book(event)
            elif isinstance(event, Trade):
                self.trades[event.symbol].append(event)
            else:
                self._ticker(event)

    def resyncs(self, service: str) -> int:
        """How often a service was connected, or a book brought into step, again."""
        status = self.services.get(service)
        return (status.resyncs or 0) if status is not None else 0

    def has_book_of(self, market: RecordedMarket) -> bool:
        """Whether the book that is shown is the exchange's as of now."""
        book = self.books[unified(market.symbol)]
        return (book.best_bids(), book.best_asks()) == market.top()

    def has_trades_of(self, market: RecordedMarket) -> bool:
        """Whether every trade that was played has come, once and in order."""
        told = [(trade.id, trade.price, trade.size, trade.side) for trade in self.trades[unified(market.symbol)]]
        return told == [
            (str(data["t"]), float(data["p"]), float(data["q"]), "sell" if data["m"] else "buy")
            for data in market.trades
        ]

    def has_quote_of(self, market: RecordedMarket) -> bool:
        """Whether best bid and ask are the last ones that were played."""
        row, quote = self.rows[unified(market.symbol)], market.said.get("bookTicker", {})
        return [row.get(name) for name in ("bid", "bid_volume", "ask", "ask_volume")] == [
            float(quote.get(letter, 0)) for letter in "bBaA"
        ]

    def has_all_of(self, *markets: RecordedMarket) -> bool:
        """Book, trades and quote of these."""
        return all(self.has_book_of(one) and self.has_trades_of(one) and self.has_quote_of(one) for one in markets)

    def _book(self, event: Book) -> None:
        book = self.books[event.symbol]
        book.apply(event)
        if not book.bids and not book.asks:
            self.emptied += 1
            return
        assert event.update_id is not None
        self.shown_ids.append(event.update_id)
        market = next(market for market in self.exchange.markets.values() if unified(market.symbol) == event.symbol)
        if (book.best_bids(), book.best_asks()) != market.truth[event.update_id]:
            self.wrong.append(f"{event.symbol} at {event.update_id}")

    def _ticker(self, event: Ticker) -> None:
        for name in event.__struct_fields__:
            if (value := getattr(event, name)) is not None:
                self.rows[event.symbol][name] = value


def unified(symbol: str) -> str:
    """``BTCUSDT`` as ccxt spells the perpetual future."""
    return f"{symbol.removesuffix('USDT')}/USDT:USDT"


@asynccontextmanager
async def watching(feed: Feed, exchange: LocalExchange, *, all_right: bool = True) -> AsyncIterator[FeedWatcher]:
    """Consume a feed in the background; at the end no book was ever wrong, and the feed ends when it is cancelled."""
    watcher = FeedWatcher(exchange)

    async def consume() -> None:
        async for batch in feed.events():
            watcher.take(batch)

    task = asyncio.create_task(consume())
    try:
        yield watcher
        if task.done():
            task.result()
        assert not (all_right and watcher.wrong)
    finally:
        task.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(task, return_exceptions=True)
        await until(lambda: not exchange.streams, "its connections are closed")
