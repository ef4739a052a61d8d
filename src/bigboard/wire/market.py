"""Market events: what a feed says and a collector reads, in one process or over a socket.

A feed turns an exchange's own messages into these four kinds and nothing else; it keeps no statistics. The collector
turns them into updates of the board. As MessagePack or JSON maps they carry their kind in ``type`` and ccxt's field
names (``baseVolume``, ``bidVolume``), so that a program that knows ccxt's structures can read or write the stream.

Prices and sizes are floats in the symbol's own units; times are epoch milliseconds.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = ["Book", "Level", "MarketEvent", "Mode", "ServiceStatus", "Status", "Ticker", "Trade"]

Level: TypeAlias = tuple[float, float]
"""One price level: price, size."""

Mode: TypeAlias = Literal["live", "replay", "simulated"]
ServiceStatus: TypeAlias = Literal["up", "stale", "degraded", "down"]


class _Event(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel", tag_field="type", frozen=True):
    symbol: str
    """The exchange's or the unified spelling (``BTCUSDT``, ``BTC/USDT:USDT``); the collector normalises it."""
    timestamp: int
    """Event time at the source."""
    received_at: int
    """Arrival at Bigboard's edge, by this machine's clock; in a replay the moment of play."""
    latency_ms: float | None = None
    """Arrival less event time. A replay sets it from the recorded times, which may make it negative; if it is absent,
    ``received_at - timestamp`` tells it."""


class Ticker(_Event, tag="ticker", frozen=True):
    """Whatever is new about price and best bid and ask. ``None`` means: not said in this event, keep the last one."""

    last: float | None = None
    last_size: float | None = None
    bid: float | None = None
    bid_volume: float | None = None
    ask: float | None = None
    ask_volume: float | None = None
    open: float | None = None
    """The first price of the last 24 hours, as the exchange tells; with the next four its own statistics of the day."""
    high: float | None = None
    low: float | None = None
    base_volume: float | None = None
    quote_volume: float | None = None
    mark_price: float | None = None
    index_price: float | None = None
    funding_rate: float | None = None
    next_funding_time: int | None = None
    tick_size: float | None = None
    """The smallest step of the price, if the source knows it: it tells how many decimals to show."""


class Trade(_Event, tag="trade", frozen=True):
    """One trade that happened. Events of one symbol come in the order of the exchange."""

    id: str
    price: float
    size: float
    side: Literal["buy", "sell"]
    """The taker's side."""


class Book(_Event, tag="book", frozen=True):
    """The top of an order book: all of it, or with ``partial`` the levels that changed (size 0 removes one)."""

    bids: list[Level]
    asks: list[Level]
    partial: bool = False
    update_id: int | None = None


class Status(
    msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel", tag_field="type", tag="status", frozen=True
):
    """How a feed, or a part of it, is doing: becomes a row of the topic ``services``. Absent counters keep their value."""

    service: str
    """The key: ``replay``, ``simulated``, ``binanceusdm``, or with a part of it ``replay/BTCUSDT/book``."""
    kind: str
    """``feed`` or ``stream``."""
    status: ServiceStatus
    timestamp: int
    detail: str | None = None
    gaps: int | None = None
    resyncs: int | None = None
    skipped: int | None = None
    """Lines or messages that could not be read."""


MarketEvent: TypeAlias = Ticker | Trade | Book | Status
