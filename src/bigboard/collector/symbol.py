"""All that is kept for one symbol, and what each kind of event does to it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from bigboard.collector.best import BestLevels
from bigboard.collector.rolling import RollingDay
from bigboard.collector.row import MOST, MarketRow

if TYPE_CHECKING:
    from bigboard.collector.candles import Series
    from bigboard.collector.watchdog import Watch
    from bigboard.wire.market import Book, Mode, Ticker, Trade

__all__ = ["SymbolState", "book_data"]

_LATENCY_SAMPLES = 64
_MAX_INTEGER = 2**53 - 1


class SymbolState:
    """The market row, 24 h window, candles and streams of one symbol.

    ``ticker``, ``trade`` and ``book`` take an event. What becomes of it waits in ``row``, ``tape`` and the candles; the
    collector takes it from there.
    """

    __slots__ = (
        "_best",
        "_counted",
        "_day_told",
        "_traded",
        "key",
        "latencies",
        "latest",
        "quoted",
        "row",
        "series",
        "streams",
        "tape",
        "touched",
        "window",
    )

    def __init__(self, key: str, venue: str | None, mode: Mode, series: Series, max_book_levels: int) -> None:
        self.key = key
        self.row = MarketRow(key, venue, mode)
        self.window = RollingDay()
        self.series = series
        self.latest = -1
        """The greatest event time."""
        self.quoted = False
        """Whether a ticker ever told a bid or an ask."""
        self.streams: dict[str, Watch] = {}
        self.latencies: deque[float] = deque(maxlen=_LATENCY_SAMPLES)
        self.tape: list[dict[str, Any]] = []
        """Trades since the collector last took them."""
        self.touched = False
        """Whether the collector has this symbol on its list of those to send."""
        self._best: BestLevels | None = BestLevels(max_book_levels)
        self._traded = False
        self._counted = False
        self._day_told = False

    def ticker(self, event: Ticker) -> None:
        """Take prices and quotes; best bid and ask come from the ticker alone from the first one that has them."""
        row = self.row
        if event.bid is not None or event.ask is not None:
            self.quoted, self._best = True, None
            row.quote(event)
        if event.last is not None:
            row.last(event.last, event.last_size, event.timestamp)
        if event.open is not None or event.high is not None or event.base_volume is not None:
            self._tell_day(event)
        if event.last is not None and -MOST <= event.last <= MOST:
            self._count(event.timestamp, event.last)
        if row.extras(event):
            self._counted = True
        row.stamp(event.timestamp, event.received_at)

    def trade(self, event: Trade) -> bool:
        """Take a trade into tape, row and window; false if it is no valid one, and then nothing changed.

        A trade without an id could not be told from another; a price or size that is no number would poison each sum.
        """
        price, size = event.price, event.size
        if not event.id or not -MOST <= price <= MOST or not 0 <= size <= MOST:
            return False
        self._traded = True
        self.row.last(price, size, event.timestamp)
        self._count(event.timestamp, price, size)
        self.row.stamp(event.timestamp, event.received_at)
        self.tape.append(
            {"trade_id": event.id, "price": price, "size": size, "side": event.side, "timestamp": event.timestamp}
        )
        return True

    def book(self, event: Book) -> bool:
        """Take best bid and ask from a book while no ticker tells them; true if the row changed."""
        if self._best is None or not self._best.take(event):
            return False
        if not self.row.best(self._best.bid, self._best.ask):
            return False
        self.row.stamp(event.timestamp, event.received_at)
        return True

    def start_over(self) -> None:
        """Begin the statistics anew: a replay has started over, and what comes is older than what was seen."""
        self.latest = -1
        self.window = RollingDay()
        self.row.start_over()

    def take(self) -> dict[str, Any]:
        """What of the row is new. The statistics of the day are worked out here, once for all that came together."""
        if self._counted:
            self._counted = False
            if self._day_told:
                self.row.change_since_told()
            else:
                self.row.day(self.window, with_volume=self._traded)
        return self.row.take()

    def tend(self, time: int) -> dict[str, Any]:
        """The whole row, after what is older than 24 h at the market's time ``time`` has gone."""
        self._counted = self.window.advance(time) or self._counted
        # What the window lost is in the changes alone, as None.
        return {**self.take(), **self.row.fields}

    def _count(self, timestamp: int, price: float, size: float = 0.0) -> None:
        self.window.add(timestamp, price, size)
        self._counted = True
        if self._day_told:
            self.row.widen_day(price)

    def _tell_day(self, event: Ticker) -> None:
        """Take the exchange's statistics of the day: it has seen all of the day, and whoever came later has not."""
        if not self._day_told:
            self._day_told = True
            self.row.drop_day()
        self.row.told_day(event)
        self._counted = True


def book_data(event: Book) -> dict[str, Any]:
    """A book as the board takes it, full or partial; a full empty one empties the board's."""
    data: dict[str, Any] = {
        "bids": event.bids,
        "asks": event.asks,
        "timestamp": event.timestamp,
        "received_at": event.received_at,
    }
    # Some exchanges number in nanoseconds. What a browser could not hold exactly is left out: the levels matter more.
    if event.update_id is not None and 0 <= event.update_id <= _MAX_INTEGER:
        data["update_id"] = event.update_id
    if event.partial:
        data["partial"] = True
    return data
