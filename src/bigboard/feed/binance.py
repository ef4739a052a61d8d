"""Binance's market streams as market events, for USD-M futures and spot, recorded or live. Pure: no I/O and no clock.

A ``BinanceStreams`` stands for one set of connections: it opens each message, reads it by its kind, and hands it to its
symbol. Whoever feeds it says when a message arrived.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bigboard.feed import binance_messages as wire
from bigboard.feed.binance_symbol import Arrival, BinanceSymbol
from bigboard.feed.skips import Skips

if TYPE_CHECKING:
    from collections.abc import Callable

    import msgspec

    from bigboard.wire.market import MarketEvent

__all__ = ["Arrival", "BinanceStreams"]

MAX_SYMBOLS: Final = 10_000
"""More than any exchange lists; a source that names more is broken, and must not fill the memory."""

_KINDS: Final = {
    "bookTicker": "bookTicker",
    "trade": "trade",
    "aggTrade": "aggTrade",
    "depth": "depthUpdate",
    "ticker": "24hrTicker",
    "markPrice": "markPriceUpdate",
}
"""The name in a stream (``btcusdt@depth@100ms``, ``!bookTicker``) to the event type. Spot's bookTicker does not say its
type, so the stream has to."""


class _Reader(NamedTuple):
    decoder: msgspec.json.Decoder[Any]
    method: Callable[[BinanceSymbol, Any, Arrival], list[MarketEvent]]


class BinanceStreams:
    """Messages in, market events out.

    ``service`` is the feed's key in the topic ``services``: each stream of a symbol becomes a row below it, such as
    ``replay/BTCUSDT/book``. Messages that cannot be read are counted in ``skips``.
    """

    def __init__(self, service: str, *, depth: int = 25, skips: Skips | None = None) -> None:
        self.skips = skips if skips is not None else Skips()
        self._service = service
        self._depth = depth
        self._symbols: dict[str, BinanceSymbol] = {}
        self._frames = wire.frame_decoder()
        self._snapshots = wire.lax_decoder(wire.SnapshotMessage)
        self._snapshot_prices = wire.lax_decoder(wire.SnapshotPrices)
        self._readers = {
            "bookTicker": _Reader(wire.lax_decoder(wire.BookTickerMessage), BinanceSymbol.on_book_ticker),
            "trade": _Reader(wire.lax_decoder(wire.TradeMessage), BinanceSymbol.on_trade),
            "aggTrade": _Reader(wire.lax_decoder(wire.AggTradeMessage), BinanceSymbol.on_agg_trade),
            "depthUpdate": _Reader(wire.lax_decoder(wire.DepthMessage), BinanceSymbol.on_depth),
            "24hrTicker": _Reader(wire.lax_decoder(wire.TickerMessage), BinanceSymbol.on_ticker),
            "markPriceUpdate": _Reader(wire.lax_decoder(wire.MarkPriceMessage), BinanceSymbol.on_mark_price),
        }

    @property
    def symbols(self) -> dict[str, BinanceSymbol]:
        """Every symbol seen so far; not to be changed."""
        return self._symbols

    @property
    def off_market_trades(self) -> int:
        """Trades left out because they never met the order book."""
        return sum(symbol.off_market_trades for symbol in self._symbols.values())

    @property
    def duplicate_trades(self) -> int:
        """Trades left out because another stream of the symbol tells them."""
        return sum(symbol.duplicate_trades for symbol in self._symbols.values())

    def read(self, message: bytes, arrival: Arrival, *, snapshot_of: str | None = None) -> list[MarketEvent]:
        """One message as events, in order; none if it tells nothing new, or if it is unreadable, which is counted.

        ``snapshot_of`` is the symbol of a depth snapshot, should the message be one: it does not say that itself.
        """
        try:
            frame = self._frames.decode(message)
            if frame.lastUpdateId is not None:
                return self._read_snapshot(message, arrival, snapshot_of)
            reader = self._readers.get(_kind_of_stream(frame.stream) if frame.stream else frame.e)
            if reader is None:
                self.skips.add("unknown event")
                return []
            content = reader.decoder.decode(frame.data if frame.stream else message)
            return reader.method(self._symbol(content.s), content, arrival)
        except (ValueError, RecursionError):  # msgspec's errors and bad UTF-8 are ValueErrors
            self.skips.add("broken message")
            return []

    def restart(self, received_at: int) -> list[MarketEvent]:
        """Begin anew, as after a new connection: empty books for those that are shown."""
        return [event for symbol in self._symbols.values() for event in symbol.restart(received_at)]

    def end(self, received_at: int, detail: str) -> list[MarketEvent]:
        """Every stream is down; ``detail`` says why."""
        return [event for symbol in self._symbols.values() for event in symbol.end(received_at, detail)]

    def _read_snapshot(self, message: bytes, arrival: Arrival, snapshot_of: str | None) -> list[MarketEvent]:
        if snapshot_of is None:
            self.skips.add("snapshot of an unknown symbol")
            return []
        content, prices = self._snapshots.decode(message), self._snapshot_prices.decode(message)
        return self._symbol(snapshot_of).on_snapshot(content, prices, arrival)

    def _symbol(self, name: str) -> BinanceSymbol:
        symbol = self._symbols.get(name)
        if symbol is None:
            if len(self._symbols) >= MAX_SYMBOLS:
                raise ValueError(f"more than {MAX_SYMBOLS} symbols")
            symbol = self._symbols[name] = BinanceSymbol(name, self._service, depth=self._depth)
        return symbol


def _kind_of_stream(stream: str) -> str:
    head, _, rest = stream.partition("@")
    name = head[1:] if head.startswith("!") else rest.partition("@")[0]
    return _KINDS.get(name, "")
