"""The ticker of one symbol: its price, quote and day in one flat object, under the names that ccxt made common.

The board's own names (``last_price``, ``bid_price``) tell what is what among two hundred fields; a program that asks for one
symbol expects ``last`` and ``bid``. What the board does not know is ``None``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bigboard.board import Selection, Subscription
from bigboard.board.symbols import normalise_symbol

if TYPE_CHECKING:
    from bigboard.board import Board

__all__ = ["SymbolMetrics", "SymbolView", "Ticker"]


@dataclass(frozen=True, slots=True)
class Ticker:
    """Prices in the quote currency, sizes and ``volume`` in the base asset, times in epoch milliseconds."""

    symbol: str
    """The board's key, such as ``BTCUSDT``."""
    venue: str | None = None
    mode: str | None = None
    """``live``, ``replay`` or ``simulated``."""
    last: float | None = None
    last_size: float | None = None
    bid: float | None = None
    bid_size: float | None = None
    ask: float | None = None
    ask_size: float | None = None
    open: float | None = None
    """Of the last 24 hours, like ``high`` to ``change_pct``."""
    high: float | None = None
    low: float | None = None
    volume: float | None = None
    quote_volume: float | None = None
    change: float | None = None
    change_pct: float | None = None
    mark_price: float | None = None
    index_price: float | None = None
    funding_rate: float | None = None
    event_time: int | None = None
    """When the source said so."""
    received_at: int | None = None
    """When it came to Bigboard's edge."""


@dataclass(frozen=True, slots=True)
class SymbolMetrics:
    """How the data of one symbol comes in."""

    spread: float | None = None
    spread_bps: float | None = None
    messages_received: int | None = None
    messages_per_second: float | None = None
    uptime_seconds: int | None = None
    feed_latency_ms: float | None = None


_TICKER_FIELDS = {
    "venue": "venue",
    "mode": "mode",
    "last": "last_price",
    "last_size": "last_size",
    "bid": "bid_price",
    "bid_size": "bid_size",
    "ask": "ask_price",
    "ask_size": "ask_size",
    "open": "open_24h",
    "high": "high_24h",
    "low": "low_24h",
    "volume": "volume_24h",
    "quote_volume": "quote_volume_24h",
    "change": "change_24h",
    "change_pct": "change_24h_pct",
    "mark_price": "mark_price",
    "index_price": "index_price",
    "funding_rate": "funding_rate",
    "event_time": "timestamp",
    "received_at": "received_at",
}
"""The ticker's name of a field, and the board's."""
_METRICS_FIELDS = tuple(SymbolMetrics.__dataclass_fields__)


class SymbolView:
    """What a board says about one symbol, given in any spelling."""

    __slots__ = ("_board", "_selection", "symbol")

    def __init__(self, board: Board, symbol: str) -> None:
        self.symbol = normalise_symbol(symbol)
        self._board = board
        self._selection = Selection((Subscription("market_data", self.symbol), Subscription("metrics", self.symbol)))

    def read(self, *, metrics: bool = True) -> tuple[Ticker, SymbolMetrics] | None:
        """The symbol now; ``None`` if the board has no such symbol. Without ``metrics`` its counts are unknown."""
        data = self._board.snapshot(self._selection).data
        market: dict[str, Any] | None = data["market_data"].get(self.symbol)
        if market is None:
            return None
        # The spread stands in both topics. In the market's row it is of the same moment as the quote beside it.
        counts = {**(data["metrics"].get(self.symbol, {}) if metrics else {}), **_spread(market)}
        ticker = Ticker(self.symbol, **{name: market.get(field) for name, field in _TICKER_FIELDS.items()})
        return ticker, SymbolMetrics(**{name: counts.get(name) for name in _METRICS_FIELDS})


def _spread(market: dict[str, Any]) -> dict[str, Any]:
    return {name: market.get(name) for name in ("spread", "spread_bps")}
