"""All that the tickers of a symbol have said so far, in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.wire.market import Ticker

if TYPE_CHECKING:
    from bigboard.wire.market import Trade

__all__ = ["LatestTicker"]

_FIELDS = tuple(name for name in Ticker.__struct_fields__ if name not in {"symbol", "timestamp", "last", "last_size"})


class LatestTicker:
    """A ticker says what is new, so one that is missed is missed for good: this is what mends it.

    ``last`` follows the trades too. Else a repeated ticker, which bears the time of the newest quote, would set the last
    price back to that of the newest ticker that had one.
    """

    __slots__ = ("_fields", "_last_at", "_timestamp")

    def __init__(self) -> None:
        self._fields: dict[str, Any] = {}
        self._timestamp = -1
        self._last_at = -1

    def take(self, ticker: Ticker) -> None:
        """Merge a ticker."""
        fields = self._fields
        for name in _FIELDS:
            if (value := getattr(ticker, name)) is not None:
                fields[name] = value
        self._timestamp = max(self._timestamp, ticker.timestamp)
        if ticker.last is not None:
            self._last(ticker.last, ticker.last_size, ticker.timestamp)

    def trade(self, trade: Trade) -> None:
        """Take the price of a trade."""
        self._timestamp = max(self._timestamp, trade.timestamp)
        self._fields["received_at"] = trade.received_at
        self._last(trade.price, trade.size, trade.timestamp)

    def whole(self, symbol: str) -> Ticker | None:
        """Everything that is known, with the time of the newest part; ``None`` if nothing is."""
        if not self._fields:
            return None
        return Ticker(symbol=symbol, timestamp=self._timestamp, **self._fields)

    def _last(self, price: float, size: float | None, timestamp: int) -> None:
        if timestamp >= self._last_at:
            self._last_at = timestamp
            self._fields["last"] = price
            if size is not None:
                self._fields["last_size"] = size

    def start_over(self) -> None:
        """Take what comes, though it is older: a replay has started again."""
        self._timestamp = self._last_at = -1
