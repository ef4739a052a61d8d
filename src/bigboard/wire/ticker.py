"""A market row as a ticker of one symbol, under the names that ccxt made common, and back.

The board's own names (``last_price``, ``bid_price``) tell what is what among two hundred fields; a program that reads the
key ``ticker:BTC/USDT`` expects ``last`` and ``bid``. Fields that have no other name keep theirs, so nothing is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["arrival_of", "market_row", "ticker_of"]

_NAMES = {
    "last_price": "last",
    "bid_price": "bid",
    "ask_price": "ask",
    "open_24h": "open",
    "high_24h": "high",
    "low_24h": "low",
    "volume_24h": "volume",
    "quote_volume_24h": "quote_volume",
    "change_24h": "change",
    "change_24h_pct": "change_pct",
}
"""The board's name of a field, and the ticker's."""
_BACK = {ticker: row for row, ticker in _NAMES.items()}


def ticker_of(row: Mapping[str, Any], symbol: str) -> dict[str, Any]:
    """The ticker of a row of ``market_data``; ``symbol`` as the ticker is to spell it."""
    return {**{_NAMES.get(name, name): value for name, value in row.items()}, "symbol": symbol}


def market_row(ticker: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a ticker, its symbol in the spelling that it has there."""
    return {_BACK.get(name, name): value for name, value in ticker.items()}


def arrival_of(row: Mapping[str, Any]) -> float:
    """When the price of a row or ticker arrived, in epoch milliseconds; 0 if it does not say."""
    for field in ("received_at", "timestamp"):
        value = row.get(field)
        if type(value) is int or type(value) is float:
            return value
    return 0
