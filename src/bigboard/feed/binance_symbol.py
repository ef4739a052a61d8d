"""What one symbol's Binance messages say, as market events. Pure: no I/O and no clock.

It keeps what must be known from one message to the next: the order book's synchronisation, the tick size, and which
kind of trades the symbol speaks.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Literal, NamedTuple

from bigboard.feed.orderbook import BookChange, BookDiff, BookSnapshot, OrderBook
from bigboard.feed.tick_size import TickSize
from bigboard.wire.market import Book, Status, Ticker, Trade

if TYPE_CHECKING:
    from bigboard.feed.binance_messages import (
        AggTradeMessage,
        BookTickerMessage,
        DepthMessage,
        MarkPriceMessage,
        SnapshotMessage,
        SnapshotPrices,
        TickerMessage,
        TradeMessage,
    )
    from bigboard.wire.market import MarketEvent, ServiceStatus

__all__ = ["Arrival", "BinanceSymbol"]

_WAITING = "waiting for a snapshot"


class Arrival(NamedTuple):
    """When a message came in."""

    local_ms: float
    """Epoch milliseconds by the clock of whoever received it from the exchange: now, or in a recording then."""
    received_at: int
    """Epoch milliseconds by this machine's clock: now, or in a replay the moment of play."""

    def latency_ms(self, event_time: int | None) -> float:
        """Arrival less event time, to the microsecond.

        A message without a time (spot's bookTicker) counts as sent when it arrived.
        """
        return 0.0 if event_time is None else round(self.local_ms - event_time, 3)


class BinanceSymbol:
    """One symbol. Every method takes one message and returns its events, in order; none if nothing is new.

    A stream that speaks for the first time also gets a ``Status``, a row ``SERVICE/SYMBOL/ticker|trades|book``.
    Raises ``ValueError`` on a price that is no positive number.
    """

    def __init__(self, name: str, service: str, *, depth: int = 25) -> None:
        self.name = name
        self.book = OrderBook(depth=depth)
        self.off_market_trades = 0
        """Trades that never met the order book (insurance fund, auto-deleveraging): they move no price."""
        self.duplicate_trades = 0
        """Trades of another kind than the symbol's first: ``trade`` and ``aggTrade`` tell the same fills."""
        self._service = service
        self._tick = TickSize()
        self._trade_kind: Literal["trade", "aggTrade"] | None = None
        self._quoted = False
        self._depth_time = 0
        self._parts: set[str] = set()

    def on_book_ticker(self, message: BookTickerMessage, arrival: Arrival) -> list[MarketEvent]:
        """Best bid and ask."""
        self._quoted = True
        return self._quote(message, message.T or message.E, message.E, arrival)

    def on_ticker(self, message: TickerMessage, arrival: Arrival) -> list[MarketEvent]:
        """The 24 h ticker: the last price and the quote, as long as no faster stream has said them."""
        if self._quoted or self._trade_kind is not None:
            return []
        events = self._quote(message, message.E, message.E, arrival) if message.b or message.a else []
        return [*events, self._last(message.c, message.Q, message.E, message.E, arrival)]

    def on_trade(self, message: TradeMessage, arrival: Arrival) -> list[MarketEvent]:
        """A single trade."""
        if message.X != "MARKET":
            self.off_market_trades += 1
            return []
        return self._trade(message, "trade", message.t, arrival)

    def on_agg_trade(self, message: AggTradeMessage, arrival: Arrival) -> list[MarketEvent]:
        """The fills of one taker order at one price."""
        return self._trade(message, "aggTrade", message.a, arrival)

    def on_mark_price(self, message: MarkPriceMessage, arrival: Arrival) -> list[MarketEvent]:
        """Mark and index price, funding rate."""
        ticker = Ticker(
            symbol=self.name,
            timestamp=message.E,
            received_at=arrival.received_at,
            latency_ms=arrival.latency_ms(message.E),
            mark_price=_price(message.p),
            index_price=_price_or_none(message.i),
            funding_rate=_finite(message.r) if message.r else None,
            next_funding_time=message.T or None,
        )
        return [*self._first("ticker", arrival), ticker]

    def on_depth(self, message: DepthMessage, arrival: Arrival) -> list[MarketEvent]:
        """A diff of the order book."""
        self._depth_time = message.E if message.T is None else message.T
        book = self.book
        gaps, unusable = book.gaps, book.unusable_snapshots
        change = book.on_diff(BookDiff(message.U, message.u, message.pu, message.b, message.a))
        events = self._book_events(change, arrival.latency_ms(message.E), arrival)
        if book.gaps > gaps and book.state != "in_step":
            events.append(self._say("book", arrival.received_at, "degraded", f"gap: {_WAITING}"))
        elif "book" not in self._parts or book.unusable_snapshots > unusable:
            events.append(self._say("book", arrival.received_at, "degraded", _WAITING))
        return events

    def on_snapshot(self, message: SnapshotMessage, prices: SnapshotPrices, arrival: Arrival) -> list[MarketEvent]:
        """The whole book as of one moment. Its many prices also settle the tick size at once."""
        snapshot_time = message.T or message.E or int(arrival.local_ms)
        self._depth_time = max(self._depth_time, snapshot_time)
        latency_ms = arrival.latency_ms(message.E)
        change = self.book.on_snapshot(BookSnapshot(message.lastUpdateId, message.bids, message.asks))
        events = self._book_events(change, latency_ms, arrival)
        tick_size = self._tick.refine(*(price for side in (prices.bids, prices.asks) for price, _ in side))
        if tick_size is not None:
            ticker = Ticker(
                symbol=self.name,
                timestamp=snapshot_time,
                received_at=arrival.received_at,
                latency_ms=latency_ms,
                tick_size=tick_size,
            )
            events.append(ticker)
        return events

    def restart(self, received_at: int) -> list[MarketEvent]:
        """Begin anew, as after a new connection: a book that is shown becomes empty. That is no gap."""
        self._trade_kind = None
        change = self.book.reset()
        if change is None:
            return []
        book = self._book(change, Arrival(self._depth_time, received_at), 0.0)
        return [book, self._say("book", received_at, "degraded", _WAITING)]

    def end(self, received_at: int, detail: str) -> list[MarketEvent]:
        """Every stream is down; ``detail`` says why, and a book that is not in step goes on saying so."""
        without_book = detail if self.book.state == "in_step" else f"{detail}, {_WAITING}"
        return [
            self._say(part, received_at, "down", without_book if part == "book" else detail)
            for part in sorted(self._parts)
        ]

    def _quote(
        self,
        message: BookTickerMessage | TickerMessage,
        timestamp: int | None,
        event_time: int | None,
        arrival: Arrival,
    ) -> list[MarketEvent]:
        bid, ask = _price_or_none(message.b), _price_or_none(message.a)
        ticker = Ticker(
            symbol=self.name,
            timestamp=timestamp or int(arrival.local_ms),
            received_at=arrival.received_at,
            latency_ms=arrival.latency_ms(event_time),
            bid=bid,
            bid_volume=None if bid is None else message.B,
            ask=ask,
            ask_volume=None if ask is None else message.A,
            tick_size=self._tick.refine(message.b, message.a),
        )
        return [*self._first("ticker", arrival), ticker]

    def _trade(
        self,
        message: TradeMessage | AggTradeMessage,
        kind: Literal["trade", "aggTrade"],
        trade_id: int,
        arrival: Arrival,
    ) -> list[MarketEvent]:
        price = _price(message.p)
        if self._trade_kind is None:
            self._trade_kind = kind
        elif self._trade_kind != kind:
            self.duplicate_trades += 1
            return []
        trade = Trade(
            symbol=self.name,
            timestamp=message.T,
            received_at=arrival.received_at,
            latency_ms=arrival.latency_ms(message.E),
            id=str(trade_id),
            price=price,
            size=message.q,
            side="sell" if message.m else "buy",  # if the buyer was the maker, the taker sold
        )
        last = self._last(message.p, message.q, message.T, message.E, arrival)
        return [*self._first("trades", arrival), trade, last]

    def _last(self, price: str, size: float, timestamp: int, event_time: int, arrival: Arrival) -> Ticker:
        return Ticker(
            symbol=self.name,
            timestamp=timestamp,
            received_at=arrival.received_at,
            latency_ms=arrival.latency_ms(event_time),
            last=_price(price),
            last_size=size,
            tick_size=self._tick.refine(price),
        )

    def _book_events(self, change: BookChange | None, latency_ms: float, arrival: Arrival) -> list[MarketEvent]:
        if change is None:
            return []
        events: list[MarketEvent] = [self._book(change, arrival, latency_ms)]
        if not change.partial and self.book.state == "in_step":
            events.append(self._say("book", arrival.received_at, "up", "in step"))
        return events

    def _book(self, change: BookChange, arrival: Arrival, latency_ms: float) -> Book:
        return Book(
            symbol=self.name,
            timestamp=self._depth_time,
            received_at=arrival.received_at,
            latency_ms=latency_ms,
            bids=change.bids,
            asks=change.asks,
            partial=change.partial,
            update_id=change.update_id,
        )

    def _first(self, part: str, arrival: Arrival) -> list[MarketEvent]:
        return [] if part in self._parts else [self._say(part, arrival.received_at, "up", "receiving")]

    def _say(self, part: str, now: int, status: ServiceStatus, detail: str) -> Status:
        self._parts.add(part)
        is_book = part == "book"
        return Status(
            service=f"{self._service}/{self.name}/{part}",
            kind="stream",
            status=status,
            timestamp=now,
            detail=detail,
            gaps=self.book.gaps if is_book else None,
            resyncs=self.book.resyncs if is_book else None,
        )


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"{text!r} is no finite number")
    return number


def _price(text: str) -> float:
    price = _finite(text)
    if price <= 0:
        raise ValueError(f"{text!r} is no price")
    return price


def _price_or_none(text: str) -> float | None:
    """A side of the quote that is empty says 0 (or nothing)."""
    price = _finite(text) if text else 0.0
    if price < 0:
        raise ValueError(f"{text!r} is no price")
    return price or None
