"""A live feed on a local exchange, as the tests of live feeds use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.feed.ccxt_feed import CcxtFeed
from feed.recorded_market import RecordedMarket
from recorded import recording

if TYPE_CHECKING:
    from feed.exchange_thread import ExchangeThread
    from feed.local_exchange import LocalExchange

__all__ = ["feed_of", "is_subscribed", "market"]

_ALL = {"bookTicker", "depth", "trade", "miniTicker", "markPrice"}


def market(name: str = "btcusdt", **options: int) -> RecordedMarket:
    """A recorded market of August 2024."""
    return RecordedMarket(recording(f"2024-08-08/{name}.gz"), **options)


def feed_of(exchange: LocalExchange | ExchangeThread, *symbols: str, **options: Any) -> CcxtFeed:
    """A feed of the local exchange that reconnects quickly."""
    symbols = symbols or ("BTC/USDT:USDT",)
    return CcxtFeed("binanceusdm", symbols, url=exchange.url, **{"first_pause_s": 0.02, **options})


def is_subscribed(exchange: LocalExchange, *symbols: str) -> bool:
    """Whether all streams of these symbols are subscribed to, and a snapshot of each book was asked for."""
    wanted = {f"{symbol}@{stream}" for symbol in symbols or ("btcusdt",) for stream in _ALL}
    return wanted <= exchange.streams and exchange.requests["/fapi/v1/depth"] >= len(symbols or ("",))
