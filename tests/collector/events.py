"""Short spellings of market events for the collector's tests, and a board that takes what the collector makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from bigboard.board import Board
from bigboard.collector import CollectorSettings, MarketCollector
from bigboard.wire.market import Book, Level, Mode, Status, Ticker, Trade

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.board import Update, UpdateBatch
    from bigboard.wire.market import MarketEvent, ServiceStatus

__all__ = ["START", "Desk", "book", "status", "ticker", "trade"]

START = 1_700_006_400_000
"""A full hour, UTC, in epoch milliseconds; the tests' market opens here."""

_LAG_MS = 5


def ticker(at: int, symbol: str = "BTC/USDT", **fields: Any) -> Ticker:
    """A ticker ``at`` milliseconds after the start."""
    return Ticker(symbol=symbol, timestamp=START + at, received_at=START + at + _LAG_MS, **fields)


def trade(
    at: int,
    price: float,
    size: float = 1.0,
    symbol: str = "BTC/USDT",
    *,
    number: int = 1,
    side: Literal["buy", "sell"] = "buy",
) -> Trade:
    """A trade ``at`` milliseconds after the start."""
    return Trade(
        symbol=symbol,
        timestamp=START + at,
        received_at=START + at + _LAG_MS,
        id=str(number),
        price=price,
        size=size,
        side=side,
    )


def book(at: int, bids: list[Level], asks: list[Level], symbol: str = "BTC/USDT", *, partial: bool = False) -> Book:
    """A book ``at`` milliseconds after the start."""
    return Book(
        symbol=symbol,
        timestamp=START + at,
        received_at=START + at + _LAG_MS,
        bids=bids,
        asks=asks,
        partial=partial,
        update_id=at,
    )


def status(at: int, word: ServiceStatus, service: str = "test", **fields: Any) -> Status:
    """What a feed says about itself or a part of it."""
    kind = "stream" if "/" in service else "feed"
    return Status(service=service, kind=kind, status=word, timestamp=START + at, **fields)


class Desk:
    """A collector whose updates go into a real board, as the aggregator puts them there.

    ``at`` is the wall clock in milliseconds after the start. ``commits`` has the diff of every barrier and of every other
    batch, so a test sees what a follower of the log sees.
    """

    def __init__(self, mode: Mode = "live", **settings: Any) -> None:
        self.collector = MarketCollector(
            feed="test", mode=mode, venue="testex", started_at=START, settings=CollectorSettings(**settings)
        )
        self.board = Board("E")
        self.commits: list[dict[str, Any]] = []
        self.updates: list[Update] = []

    def say(self, at: int, *events: MarketEvent) -> list[UpdateBatch]:
        """Let the collector process events."""
        return self._apply(self.collector.process(events, START + at), at)

    def flush(self, at: int, *, at_end: bool = False) -> list[UpdateBatch]:
        """Let the collector flush."""
        return self._apply(self.collector.flush(START + at, at_end=at_end), at)

    def data(self, topic: str) -> Any:
        """A topic's state on the board."""
        return self.board.snapshot().data[topic]

    def row(self, key: str = "BTCUSDT") -> dict[str, Any]:
        """The market row of a symbol on the board."""
        row: dict[str, Any] = self.data("market_data")[key]
        return row

    def service(self, key: str) -> dict[str, Any]:
        """A row of services on the board."""
        row: dict[str, Any] = self.data("services")[key]
        return row

    def seen_candles(self, key: str) -> list[dict[str, Any]]:
        """What a follower saw of a key's candles: each diff's fields."""
        return [commit["candles"][key] for commit in self.commits if key in commit.get("candles", {})]

    def _apply(self, batches: Iterable[UpdateBatch], at: int) -> list[UpdateBatch]:
        batches = list(batches)
        for batch in batches:
            assert batch.updates, "an empty batch is no batch"
            self.updates += batch.updates
            self.board.apply_all(batch.updates)
            diff = self.board.commit(START + at)
            if diff is not None:
                self.commits.append(diff.changes)
        return batches
