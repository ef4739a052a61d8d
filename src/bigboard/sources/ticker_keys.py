"""The keys ``ticker:SYMBOL``: the last prices as the collector, or any program that knows ccxt, left them. Pure.

After a restart they show prices at once, before the first message comes.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from bigboard.board import Update
from bigboard.errors import UpdateRejected
from bigboard.wire.ticker import market_row

__all__ = ["LONGEST_TICKER", "TICKERS", "ticker_update"]

TICKERS: Final = "ticker:"
"""What these keys start with."""
LONGEST_TICKER: Final = 65_536
"""Bytes of one ticker."""

_CCXT: Final = {
    "bidVolume": "bid_size",
    "askVolume": "ask_size",
    "baseVolume": "volume_24h",
    "quoteVolume": "quote_volume_24h",
    "percentage": "change_24h_pct",
    "markPrice": "mark_price",
    "indexPrice": "index_price",
}
"""Names of ccxt's ticker structure that the collector spells otherwise."""
_LEFT_OUT: Final = frozenset({"info", "datetime", "close", "previousClose", "average", "vwap"})
"""What ccxt adds: the exchange's own message, and what others say already."""

_UNREADABLE: Final = (msgspec.DecodeError, ValueError, RecursionError)
_decode = msgspec.json.Decoder().decode


def ticker_update(name: str, payload: bytes) -> Update:
    """The update of ``market_data`` that a ticker makes; ``name`` is its key without ``ticker:``.

    Raises ``UpdateRejected`` if it is no JSON object.
    """
    if len(payload) > LONGEST_TICKER:
        raise _refused(name, "too_large", f"a ticker of {len(payload)} bytes, at most {LONGEST_TICKER} are read")
    try:
        ticker = _decode(payload)
    except _UNREADABLE as error:
        raise _refused(name, "not_json", f"a ticker that is not JSON: {error}") from None
    if type(ticker) is not dict:
        raise _refused(name, "wrong_type", f"a ticker must be an object, not {type(ticker).__name__}")
    fields: dict[str, Any] = ticker
    row = {
        _CCXT.get(field, field): value
        for field, value in fields.items()
        # ccxt says null for what it does not know. Here that would remove what somebody else knows.
        if field not in _LEFT_OUT and value is not None
    }
    return Update("market_data", name, market_row(row))


def _refused(name: str, reason: str, detail: str) -> UpdateRejected:
    return UpdateRejected("market_data", name[:40], reason, detail)
