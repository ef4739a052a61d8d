"""From what is to be written to Redis commands: keys for programs that ask, channels for the aggregator. Pure.

==========================  =================================================================
key                         holds, for the time of the TTL
==========================  =================================================================
``ticker:BTC/USDT``         the symbol's ticker, JSON
``metrics:BTC/USDT``        the symbol's metrics, JSON
``metrics:latest``          the metrics over all symbols, JSON
``history:BTC/USDT:price``  the last 100 prices, JSON each, the newest first
``candles:FEED``            a hash of the feed's candles under way: see ``open_candle``
==========================  =================================================================

Channels are those of PROTOCOL section 9. Candles, metrics and services have none there: they go on ``batch:collector``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from bigboard.wire.ticker import ticker_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bigboard.board.update import Update
    from bigboard.collector.outbox import Outbox, Parcel

__all__ = ["BATCH_CHANNEL", "Command", "KeyWriter", "candles_key", "counted_in", "publications"]

Command: TypeAlias = tuple[str | bytes | int, ...]

BATCH_CHANNEL: Final = "batch:collector"
PRICES: Final = 100
_PART_OF_LIFE_MS: Final = 10
"""A hundredth of the TTL, in milliseconds for each of its seconds."""
_UPDATES_PER_BATCH: Final = 500
_TRADES_PER_MESSAGE: Final = 1_000
_CANDLES_PER_COMMAND: Final = 20
_CANDLES_MS: Final = 1_000
"""The least time between two writes of open candles."""
_encode = msgspec.json.Encoder().encode


def publications(parcel: Parcel, prefix: str) -> Iterator[Command]:
    """The ``PUBLISH`` commands of a parcel."""
    for updates in parcel.closings:
        yield from _batches(updates, prefix, barrier=True)
    for key, patch in parcel.rows.items():
        yield "PUBLISH", f"{prefix}market_data:{key}", _encode(patch)
    for key, book in parcel.books.items():
        yield "PUBLISH", f"{prefix}orderbook:{key}", _encode(book)
    for key, trades in parcel.trades.items():
        for first in range(0, len(trades), _TRADES_PER_MESSAGE):
            yield "PUBLISH", f"{prefix}trades:{key}", _encode(trades[first : first + _TRADES_PER_MESSAGE])
    others = [(topic, key, data) for (topic, key), data in parcel.others.items()]
    yield from _batches(others, prefix, barrier=False)


def counted_in(body: str | bytes | int) -> tuple[int, int]:
    """How many trades and closed candles a published message holds: what nobody says a second time."""
    message = msgspec.json.decode(body) if isinstance(body, bytes) else {}
    if isinstance(message, list):
        return len(message), 0
    return 0, len(message["updates"]) if message.get("barrier") else 0


def candles_key(prefix: str, feed: str) -> str:
    """The hash of a feed's open candles."""
    return f"{prefix}candles:{feed}"


class KeyWriter:
    """The commands that write keys. ``names`` maps a key of the board to the symbol as it is spelled in Redis."""

    def __init__(self, names: Mapping[str, str], *, prefix: str, ttl_s: int) -> None:
        self.feed: str | None = None
        """The feed whose open candles are kept; of a recording none are, because it starts over."""
        self._names = names
        self._prefix = prefix
        self._ttl_s = ttl_s
        self._prices: dict[str, Any] = {}
        self._lives_from: dict[str, int] = {}
        self._candles_at = 0

    def commands(self, outbox: Outbox, now: int) -> Iterator[Command]:
        """Write every key that has changed. ``now`` in epoch milliseconds stands in ``metrics:latest``."""
        for key in outbox.take_tickers():
            row = {name: value for name, value in outbox.rows[key].items() if value is not None}
            name = self._names.get(key, key)
            yield self._set(f"ticker:{name}", ticker_of(row, name))
            yield from self._price(key, name, row, now)
        for key in outbox.take_metrics():
            row = {name: value for name, value in outbox.metrics[key].items() if value is not None}
            if key == "total":
                yield self._set("metrics:latest", {**row, "symbols": len(outbox.rows), "timestamp": now})
            else:
                name = self._names.get(key, key)
                yield self._set(f"metrics:{name}", {"symbol": name, **row, "timestamp": now})
        # A wall clock that was set back makes them due too.
        if self.feed is not None and not 0 <= now - self._candles_at < _CANDLES_MS:
            self._candles_at = now
            yield from self._candles(candles_key(self._prefix, self.feed), outbox)

    def forget(self) -> None:
        """What was written may be gone."""
        self._prices.clear()
        self._lives_from.clear()
        self._candles_at = 0

    def _price(self, key: str, name: str, row: Mapping[str, Any], now: int) -> Iterator[Command]:
        price = row.get("last_price")
        if price is None or price == self._prices.get(key):
            return
        self._prices[key] = price
        history = f"{self._prefix}history:{name}:price"
        yield "LPUSH", history, _encode({"price": price, "timestamp": row.get("timestamp")})
        yield "LTRIM", history, 0, PRICES - 1
        # The life of a list is prolonged now and then, which is a command less for most prices.
        if now - self._lives_from.get(key, 0) >= self._ttl_s * _PART_OF_LIFE_MS:
            self._lives_from[key] = now
            yield "EXPIRE", history, self._ttl_s

    def _candles(self, key: str, outbox: Outbox) -> Iterator[Command]:
        candles = outbox.take_candles()
        for first in range(0, len(candles), _CANDLES_PER_COMMAND):
            some = candles[first : first + _CANDLES_PER_COMMAND]
            yield "HSET", key, *(part for name, candle in some for part in (name, _encode(candle)))
        if candles:
            yield "EXPIRE", key, self._ttl_s

    def _set(self, key: str, value: dict[str, Any]) -> Command:
        return "SET", f"{self._prefix}{key}", _encode(value), "EX", self._ttl_s


def _batches(
    updates: Iterable[Update] | list[tuple[str, str, Any]], prefix: str, *, barrier: bool
) -> Iterator[Command]:
    listed = [{"topic": topic, "key": key, "data": data} for topic, key, data in updates]
    for first in range(0, len(listed), _UPDATES_PER_BATCH):
        message: dict[str, Any] = {"updates": listed[first : first + _UPDATES_PER_BATCH]}
        if barrier:
            message["barrier"] = True
        yield "PUBLISH", f"{prefix}{BATCH_CHANNEL}", _encode(message)
