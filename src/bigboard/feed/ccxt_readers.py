"""What comes of each kind of a ccxt stream: ccxt's structures in, market events into the outbox. Without ccxt.

ccxt wakes whoever watches a stream once, however many messages came in the meantime, and hands out the one that woke it.
Its caches hold what is newest of every symbol: a reader therefore looks there, so that the last word is never missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from bigboard.feed import ccxt_fields as fields_of
from bigboard.feed.ccxt_book import CcxtBook
from bigboard.wire.market import Status, Trade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bigboard.feed.ccxt_book import BookTop
    from bigboard.feed.ccxt_streams import Kind
    from bigboard.feed.outbox import Outbox
    from bigboard.feed.quoting import Quoting
    from bigboard.feed.skips import Skips
    from bigboard.wire.market import ServiceStatus

__all__ = ["BookReader", "Moment", "Reader", "TickerReader", "TradesReader"]

_QUOTE: Final = ("bid", "bid_volume", "ask", "ask_volume")
_MOST_IDS: Final = 2_000
"""Trades remembered per symbol: after a reconnect an exchange may tell the last ones again."""


class Moment(NamedTuple):
    """A reading of both clocks."""

    epoch_ms: int
    steady_s: float


class Reader(Protocol):
    """Takes what one kind of stream says about some symbols."""

    symbols: Sequence[str]

    def begin(self, exchange: Any) -> None:
        """A new ccxt object, before anything is asked of it."""

    def take(self, exchange: Any, result: Any, now: Moment) -> Iterable[str]:
        """After a wake: puts what is new into the outbox, and returns the symbols of which something came."""

    def lost(self, exchange: Any, detail: str, now: Moment, *, gap: bool) -> None:
        """The connection is gone."""


class TickerReader:
    """Quotes, last price, mark price or funding: ``convert`` makes ``Ticker`` fields of ccxt's ticker, or ``None``."""

    def __init__(
        self,
        kind: Kind,
        symbols: Sequence[str],
        outbox: Outbox,
        convert: Callable[[dict[str, Any], int], dict[str, Any] | None],
        *,
        service: str,
        quoting: Quoting,
        tick_sizes: dict[str, float],
    ) -> None:
        self.symbols = symbols
        self._kind = kind
        self._outbox = outbox
        self._convert = convert
        self._service = service
        self._quoting = quoting
        self._tick_sizes = tick_sizes
        self._cache = "bidsasks" if kind == "quotes" else "tickers"
        self._last: dict[str, Any] = {}

    def begin(self, exchange: Any) -> None:
        """See ``Reader``."""
        del exchange
        self._last.clear()

    def take(self, exchange: Any, result: Any, now: Moment) -> list[str]:
        """See ``Reader``."""
        told = {result["symbol"]: result} if isinstance(result.get("symbol"), str) else result
        cache = {} if self._kind == "funding" else getattr(exchange, self._cache)
        heard = []
        for symbol in self.symbols:
            ticker = cache.get(symbol) or told.get(symbol)
            if ticker is None or (ticker is self._last.get(symbol) and symbol not in told):
                continue
            self._last[symbol] = ticker
            heard.append(symbol)
            if (fields := self._convert(ticker, now.epoch_ms)) is not None:
                self._put(symbol, fields)
        return heard

    def lost(self, exchange: Any, detail: str, now: Moment, *, gap: bool) -> None:
        """See ``Reader``."""
        del exchange, gap
        if self._kind == "quotes":
            for symbol in self.symbols:
                self._quoting.stream_lost(symbol)
                self._outbox.status(_told(self._service, symbol, "ticker", detail, now))

    def _put(self, symbol: str, fields: dict[str, Any]) -> None:
        if self._kind == "quotes":
            self._quoting.streamed(symbol)
        elif self._kind == "ticker" and not self._quoting.day_ticker(symbol):
            fields = {name: value for name, value in fields.items() if name not in _QUOTE}
        if symbol in self._tick_sizes:
            fields["tick_size"] = self._tick_sizes[symbol]
        self._outbox.ticker(self._kind, symbol, fields)


class TradesReader:
    """Trades, each once."""

    def __init__(self, symbols: Sequence[str], outbox: Outbox, skips: Skips, *, service: str) -> None:
        self.symbols = symbols
        self._outbox = outbox
        self._skips = skips
        self._service = service
        self._last: dict[str, Any] = {}
        self._ids: dict[str, dict[str, None]] = {symbol: {} for symbol in symbols}

    def begin(self, exchange: Any) -> None:
        """See ``Reader``."""
        del exchange
        self._last.clear()

    def take(self, exchange: Any, result: Any, now: Moment) -> list[str]:
        """See ``Reader``."""
        heard = []
        for symbol in self.symbols:
            cache = exchange.trades.get(symbol)
            if cache is None:
                cache = [trade for trade in result if trade.get("symbol") == symbol]
            if new := self._new(symbol, cache):
                self._last[symbol] = new[-1]
                heard.append(symbol)
                for trade in new:
                    self._put(symbol, trade, now)
        return heard

    def lost(self, exchange: Any, detail: str, now: Moment, *, gap: bool) -> None:
        """See ``Reader``."""
        del exchange, gap
        for symbol in self.symbols:
            self._outbox.status(_told(self._service, symbol, "trades", detail, now))

    def _new(self, symbol: str, cache: Any) -> list[Any]:
        """What was added since the last look, oldest first."""
        last = self._last.get(symbol)
        new: list[Any] = []
        for trade in reversed(cache):
            if trade is last:
                break
            new.append(trade)
        else:
            if last is not None:
                self._skips.add("burst of trades beyond what ccxt keeps")
        new.reverse()
        return new

    def _put(self, symbol: str, trade: dict[str, Any], now: Moment) -> None:
        if fields_of.is_off_market(trade):
            return
        content = fields_of.trade(trade, now.epoch_ms)
        if content is None:
            self._skips.add("broken trade")
            return
        ids = self._ids[symbol]
        if content["id"] in ids:
            return
        ids[content["id"]] = None
        if len(ids) > _MOST_IDS:
            del ids[next(iter(ids))]
        self._outbox.trade(Trade(symbol=symbol, **content))


class BookReader:
    """Order books; also quotes, while nothing better tells them."""

    def __init__(
        self,
        symbols: Sequence[str],
        outbox: Outbox,
        *,
        service: str,
        depth: int,
        levels: int,
        checked: bool,
        quoting: Quoting,
    ) -> None:
        self.symbols = symbols
        self._outbox = outbox
        self._service = service
        self._checked = checked
        self._quoting = quoting
        self._best: dict[str, Any] = {}
        self._books = {symbol: CcxtBook(depth=depth, levels=levels, checked=checked) for symbol in symbols}

    def begin(self, exchange: Any) -> None:
        """See ``Reader``."""
        if self._checked:
            self._listen_for_snapshots(exchange)

    def take(self, exchange: Any, result: Any, now: Moment) -> list[str]:
        """See ``Reader``."""
        kept = exchange.orderbooks
        heard = []
        for symbol, state in self._books.items():
            book = kept.get(symbol)
            woken = result.get("symbol") == symbol
            if book is None and woken and not self._checked:
                book = result
            if book is None or not (woken or state.has_news(book)):
                continue
            heard.append(symbol)
            was_in_step = state.in_step
            top = state.take(book, now.steady_s)
            if top is not None:
                self._outbox.book(symbol, top, now.epoch_ms)
                self._quote(symbol, top, now)
                if not was_in_step:
                    self._say(symbol, "up", "in step", now)
        return heard

    def lost(self, exchange: Any, detail: str, now: Moment, *, gap: bool) -> None:
        """See ``Reader``."""
        # ccxt throws away a book in which it finds a gap. Where it does not, every book may be the one.
        kept = exchange.orderbooks if exchange is not None else {}
        torn = {symbol for symbol in self.symbols if symbol not in kept} or set(self.symbols)
        for symbol, state in self._books.items():
            self._quoting.book_lost(symbol)
            if state.lose(gap=gap and symbol in torn):
                self._outbox.no_book(symbol, now.epoch_ms)
            word = "gap: " if gap and symbol in torn else ""
            self._say(symbol, "degraded", f"{word}{detail}, waiting for a snapshot", now)

    def _quote(self, symbol: str, top: BookTop, now: Moment) -> None:
        if not self._quoting.booked(symbol):
            self._best.pop(symbol, None)
            return
        best = fields_of.best(top, now.epoch_ms)
        quote = [best.get(name) for name in _QUOTE]
        if quote != self._best.get(symbol):
            self._best[symbol] = quote
            self._outbox.ticker("quotes", symbol, best)

    def _listen_for_snapshots(self, exchange: Any) -> None:
        fetch = exchange.fetch_rest_order_book_safe

        async def fetch_and_note(symbol: str, *arguments: Any, **named: Any) -> Any:
            snapshot = await fetch(symbol, *arguments, **named)
            if symbol in self._books:
                self._books[symbol].on_snapshot(snapshot)
            return snapshot

        exchange.fetch_rest_order_book_safe = fetch_and_note

    def _say(self, symbol: str, status: ServiceStatus, detail: str, now: Moment) -> None:
        book = self._books[symbol]
        self._outbox.status(
            Status(
                service=f"{self._service}/{symbol}/book",
                kind="stream",
                status=status,
                timestamp=now.epoch_ms,
                detail=detail,
                gaps=book.gaps,
                resyncs=book.resyncs,
            )
        )


def _told(service: str, symbol: str, stream: str, detail: str, now: Moment) -> Status:
    return Status(
        service=f"{service}/{symbol}/{stream}", kind="stream", status="degraded", timestamp=now.epoch_ms, detail=detail
    )
