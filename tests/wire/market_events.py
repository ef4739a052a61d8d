"""Market events at random, as far as their types allow, for whoever carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bigboard.wire.market import Book, MarketEvent, Status, Ticker, Trade

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["EVENTS", "SYMBOLS"]

SYMBOLS = st.sampled_from(["BTC/USDT:USDT", "ETH/USDT", "kraken:XBT/USD", "BTCUSDT", "é"])
_NUMBERS = st.floats(allow_nan=False)  # NaN is carried too, but it does not equal itself
_TIMES = st.integers(-(2**63), 2**63 - 1)
_LATENCIES = st.none() | _NUMBERS
_LEVELS = st.lists(st.tuples(_NUMBERS, _NUMBERS), max_size=4)
_OPTIONAL = st.none() | _NUMBERS

_TICKERS = st.builds(
    Ticker, symbol=SYMBOLS, timestamp=_TIMES, received_at=_TIMES, latency_ms=_LATENCIES, last=_OPTIONAL, bid=_OPTIONAL,
    ask=_OPTIONAL, bid_volume=_OPTIONAL, mark_price=_OPTIONAL, next_funding_time=st.none() | _TIMES, tick_size=_OPTIONAL,
)  # fmt: skip
_TRADES = st.builds(
    Trade, symbol=SYMBOLS, timestamp=_TIMES, received_at=_TIMES, latency_ms=_LATENCIES, id=st.text(max_size=8),
    price=_NUMBERS, size=_NUMBERS, side=st.sampled_from(["buy", "sell"]),
)  # fmt: skip
_BOOKS = st.builds(
    Book, symbol=SYMBOLS, timestamp=_TIMES, received_at=_TIMES, latency_ms=_LATENCIES, bids=_LEVELS, asks=_LEVELS,
    partial=st.booleans(), update_id=st.none() | _TIMES,
)  # fmt: skip
_STATUSES = st.builds(
    Status, service=st.text(min_size=1, max_size=8), kind=st.sampled_from(["feed", "stream"]),
    status=st.sampled_from(["up", "stale", "degraded", "down"]), timestamp=_TIMES,
    detail=st.none() | st.text(max_size=8), gaps=st.none() | _TIMES,
)  # fmt: skip
EVENTS: SearchStrategy[MarketEvent] = st.one_of(_TICKERS, _TRADES, _BOOKS, _STATUSES)
