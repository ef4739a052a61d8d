"""What a feed says, as numbered messages; and all of it once more, now and then. Pure: no I/O, time is an argument.

See ``wire/feed_messages.py`` for what a message says about its place. A message is numbered when it is made, so that one
which has to be dropped on this side of the socket is missed, and counted, on the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from msgspec.structs import replace

from bigboard.feed.latest_ticker import LatestTicker
from bigboard.wire.feed_messages import Place, encode_message
from bigboard.wire.full_book import FullBook
from bigboard.wire.market import Book, Status, Ticker, Trade
from bigboard.wire.unified_symbol import unified_symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bigboard.feed.outgoing import MessageKind
    from bigboard.wire.market import MarketEvent, Mode

__all__ = ["MessageStreams", "Origin"]

_Event = TypeVar("_Event", Ticker, Trade, Book)

_STARTS_OVER_MS: Final = 10_000
"""A replay whose events are that much older than before has begun again."""
_SERVICES_PER_SYMBOL: Final = 4
_SPELLINGS_PER_SYMBOL: Final = 4


class Origin(NamedTuple):
    """Who speaks, and where the numbers come from: see ``Feed``."""

    feed: str
    mode: Mode
    venue: str | None


class _Symbol:
    """Of one symbol what its messages are numbered and repeated by."""

    __slots__ = ("book", "books", "last_book", "name", "newest", "repeated_at_s", "ticker", "tickers", "trades")

    def __init__(self, name: str, max_levels: int, now_s: float) -> None:
        self.name = name
        self.tickers = self.trades = self.books = 0
        self.ticker = LatestTicker()
        self.book = FullBook(max_levels)
        self.last_book: Book | None = None
        self.newest = -1
        self.repeated_at_s = now_s


class MessageStreams:
    """All streams of one run of a feed. ``say`` turns events into frames; ``repeats`` says again what is due.

    At most ``max_symbols`` are kept; ``left_out`` counts events of others.
    """

    def __init__(self, origin: Origin, run: int, *, repeat_s: float, max_symbols: int, max_levels: int) -> None:
        self.left_out = 0
        self._origin = origin
        self._run = run
        self._settled = origin.venue != "binance"
        self._repeat_s = repeat_s
        self._max_symbols = max_symbols
        self._max_levels = max_levels
        self._most_services = _SERVICES_PER_SYMBOL * max_symbols
        self._symbols: dict[str, _Symbol] = {}
        self._spellings: dict[str, _Symbol] = {}
        self._statuses: dict[str, Status] = {}
        self._status_number = 0
        self._statuses_repeated_at_s = float("-inf")

    def say(self, events: Iterable[MarketEvent], now_s: float) -> Iterator[tuple[MessageKind, bytes]]:
        """The frames of events, in order."""
        for event in events:
            if isinstance(event, Status):
                if event.service in self._statuses or len(self._statuses) < self._most_services:
                    self._statuses[event.service] = event
                yield "status", self._status(event)
                continue
            symbol = self._spellings.get(event.symbol) or self._find(event.symbol, now_s)
            if symbol is None:
                self.left_out += 1
            elif isinstance(event, Ticker):
                yield "ticker", self._ticker(symbol, event)
            elif isinstance(event, Trade):
                yield "trade", self._trade(symbol, event)
            else:
                yield "book", self._book(symbol, event)

    def repeats(self, now_s: float) -> Iterator[tuple[MessageKind, bytes]]:
        """Full books and tickers of the symbols whose time has come, and every second or so what is said about services."""
        if now_s - self._statuses_repeated_at_s >= min(1.0, self._repeat_s):
            self._statuses_repeated_at_s = now_s
            for status in self._statuses.values():
                yield "status", self._status(status, repeat=True)
        for symbol in self._symbols.values():
            if now_s - symbol.repeated_at_s >= self._repeat_s:
                symbol.repeated_at_s = now_s
                yield from self._repeat(symbol)

    def repeat_soon(self) -> None:
        """Somebody new listens: say all of it with the next call of ``repeats``."""
        self._statuses_repeated_at_s = float("-inf")
        for symbol in self._symbols.values():
            symbol.repeated_at_s = float("-inf")

    def _ticker(self, symbol: _Symbol, event: Ticker) -> bytes:
        self._follow(symbol, event.timestamp)
        symbol.ticker.take(event)
        symbol.tickers += 1
        return encode_message(_renamed(event, symbol), Place(run=self._run, sequence=symbol.tickers))

    def _trade(self, symbol: _Symbol, event: Trade) -> bytes:
        self._follow(symbol, event.timestamp)
        symbol.ticker.trade(event)
        symbol.trades += 1
        return encode_message(_renamed(event, symbol), Place(run=self._run, sequence=symbol.trades))

    def _book(self, symbol: _Symbol, event: Book) -> bytes:
        self._follow(symbol, event.timestamp)
        symbol.book.take(event.bids, event.asks, partial=event.partial)
        symbol.last_book = event
        return self._next_book(symbol, event, repeat=False)

    def _next_book(self, symbol: _Symbol, event: Book, *, repeat: bool) -> bytes:
        place = Place(run=self._run, sequence=symbol.books + 1, previous=symbol.books, repeat=repeat)
        symbol.books += 1
        return encode_message(_renamed(event, symbol), place)

    def _repeat(self, symbol: _Symbol) -> Iterator[tuple[MessageKind, bytes]]:
        if (book := self._whole_book(symbol)) is not None:
            yield "book", self._next_book(symbol, book, repeat=True)
        if (ticker := symbol.ticker.whole(symbol.name)) is not None:
            symbol.tickers += 1
            yield "ticker", encode_message(ticker, Place(run=self._run, sequence=symbol.tickers, repeat=True))

    def _whole_book(self, symbol: _Symbol) -> Book | None:
        last = symbol.last_book
        if last is None or not symbol.book.known:
            return None
        # It holds still, so in a replay it gets the time of now: there, an event that is much older begins a new round.
        timestamp = symbol.newest if self._origin.mode == "replay" else last.timestamp
        bids, asks = symbol.book.bids(), symbol.book.asks()
        return replace(last, symbol=symbol.name, timestamp=timestamp, bids=bids, asks=asks, partial=False)

    def _status(self, event: Status, *, repeat: bool = False) -> bytes:
        self._status_number += 1
        feed, mode, venue = self._origin
        place = Place(run=self._run, sequence=self._status_number, repeat=repeat, feed=feed, mode=mode, venue=venue)
        return encode_message(event, place)

    def _follow(self, symbol: _Symbol, timestamp: int) -> None:
        """In a replay that starts over the time of a symbol goes back."""
        if timestamp > symbol.newest:
            symbol.newest = timestamp
        elif self._origin.mode == "replay" and timestamp < symbol.newest - _STARTS_OVER_MS:
            symbol.newest = timestamp
            symbol.ticker.start_over()

    def _find(self, spelling: str, now_s: float) -> _Symbol | None:
        name = unified_symbol(spelling, settled=self._settled)
        symbol = self._symbols.get(name)
        if symbol is None:
            if not name or len(self._symbols) >= self._max_symbols:
                return None
            symbol = self._symbols[name] = _Symbol(name, self._max_levels, now_s)
        # An event in another spelling of a known symbol belongs to the same streams.
        if len(self._spellings) < _SPELLINGS_PER_SYMBOL * self._max_symbols:
            self._spellings[spelling] = symbol
        return symbol


def _renamed(event: _Event, symbol: _Symbol) -> _Event:
    return event if event.symbol == symbol.name else replace(event, symbol=symbol.name)
