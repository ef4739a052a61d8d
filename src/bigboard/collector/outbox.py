"""What is to be written, between two writes: merged per key, bounded, and every loss counted. Pure: no I/O and no clock.

Whatever has a last value is conflated: of a row that changes a hundred times between two writes, one write is made. Trades
and closed candles are kept one by one. A row or a book that was quiet may be written at once; then it rests for the
interval. While nothing can be written all of it waits here: rows and books grow by their number of keys alone, of trades
and closed candles the oldest go.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bigboard.collector.open_candle import is_kept
from bigboard.collector.rests import Rests
from bigboard.wire.full_book import FullBook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bigboard.board.update import Update, UpdateBatch

__all__ = ["Outbox", "Parcel"]

_FULL_BOOKS_S: Final = 0.1
"""Between two looks for books that are due to be written whole."""
_MOST_PATCHES: Final = 100_000
"""Keys of all topics but the market's; the collector itself makes fewer."""


@dataclass(slots=True)
class Parcel:
    """All that one write takes along, for channels and for keys."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Changes of ``market_data``."""
    books: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Whole books, or changed levels with ``partial``, as PROTOCOL section 9 publishes them."""
    trades: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    closings: list[list[Update]] = field(default_factory=list)
    """Closed candles: each list is to be a commit of its own, before the next."""
    others: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Changes of candles, metrics and services, by topic and key."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.books or self.trades or self.closings or self.others)

    @property
    def trade_count(self) -> int:
        """Trades in it."""
        return sum(map(len, self.trades.values()))


class _Book:
    """A book as it is, and what of it is to be written."""

    __slots__ = ("asks", "bids", "fields", "full", "levels", "max_levels", "told_at_s")

    def __init__(self, max_levels: int) -> None:
        self.max_levels = max_levels
        self.levels = FullBook(max_levels)
        self.fields: dict[str, Any] = {}
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.full = True
        self.told_at_s = float("-inf")

    def take(self, data: dict[str, Any]) -> None:
        partial = data.get("partial", False)
        self.levels.take(data["bids"], data["asks"], partial=partial)
        self.fields |= {name: value for name, value in data.items() if name not in {"bids", "asks", "partial"}}
        if not partial:
            self.full = True
        if not self.full:
            self.bids.update(data["bids"])
            self.asks.update(data["asks"])
            # A market that moves leaves prices behind: with so many of them the whole book says less.
            self.full = max(len(self.bids), len(self.asks)) > self.max_levels
        if self.full:
            self.bids.clear()
            self.asks.clear()

    def write(self, now_s: float) -> dict[str, Any] | None:
        full, self.full = self.full, False
        bids, self.bids = self.bids, {}
        asks, self.asks = self.asks, {}
        if not full:
            return {**self.fields, "bids": list(bids.items()), "asks": list(asks.items()), "partial": True}
        if not self.levels.known:
            self.full = True
            return None
        self.told_at_s = now_s
        return {**self.fields, "bids": self.levels.bids(), "asks": self.levels.asks()}


class Outbox:
    """Takes updates as the collector makes them, gives parcels.

    A row or book is in at most one parcel in ``interval_s``. ``on_due`` is called when something may be written. A book is
    written whole every ``full_book_s``, because nobody on a channel would know that a change of it was lost.
    """

    def __init__(
        self,
        *,
        interval_s: float = 0.05,
        max_trades: int = 20_000,
        max_closings: int = 20_000,
        full_book_s: float = 5.0,
        max_levels: int = 1_000,
    ) -> None:
        self.on_due: Callable[[], None] = lambda: None
        self.lost_trades = 0
        """Trades that had to go because they waited too long, that were under way when the connection was lost, or that
        Redis refused to publish."""
        self.lost_closings = 0
        self.conflated = 0
        """Updates that were merged into one that waited."""
        self.rows: dict[str, dict[str, Any]] = {}
        """The rows of ``market_data``, whole."""
        self.metrics: dict[str, dict[str, Any]] = {}
        """The rows of ``metrics``, whole."""
        self._whole: dict[tuple[str, str], dict[str, Any]] = {}
        """The rows of services, and of each key its last candle."""
        self._max_trades = max_trades
        self._max_closings = max_closings
        self._full_book_s = full_book_s
        self._max_levels = max_levels
        self._patches: dict[str, dict[str, Any]] = {}
        self._held_patches: dict[str, dict[str, Any]] = {}
        self._row_rests = Rests(interval_s)
        self._others: dict[tuple[str, str], dict[str, Any]] = {}
        self._books: dict[str, _Book] = {}
        self._changed_books: set[str] = set()
        self._held_books: set[str] = set()
        self._book_rests = Rests(interval_s)
        self._looked_s = float("-inf")
        self._trades: deque[tuple[str, dict[str, Any]]] = deque()
        self._closings: deque[list[Update]] = deque()
        self._held_closings = 0
        self._changed_tickers: set[str] = set()
        self._changed_metrics: set[str] = set()
        self._changed_candles: set[str] = set()

    def add(self, batches: Iterable[UpdateBatch]) -> None:
        """Take batches, in order."""
        for updates, barrier in batches:
            if barrier:
                self._close(updates)
                continue
            for update in updates:
                self._add(update)
        if self._patches or self._changed_books or self._trades or self._others or self._closings:
            self.on_due()

    def next_due_s(self) -> float | None:
        """When the next rest ends, on the clock of ``take``; ``None`` while nothing rests. What comes until then waits."""
        ends = (rests.next_end_s for rests in (self._row_rests, self._book_rests))
        return min((end for end in ends if end is not None), default=None)

    def take(self, now_s: float) -> Parcel:
        """What is new since the last call and does not rest, for channels. ``now_s`` by a steady clock."""
        self._wake(now_s)
        parcel = Parcel(self._patches, self._take_books(now_s), {}, list(self._closings), self._others)
        for key, trade in self._trades:
            parcel.trades.setdefault(key, []).append(trade)
        self._patches, self._others = {}, {}
        self._row_rests.begin(parcel.rows, now_s)
        self._book_rests.begin(parcel.books, now_s)
        self._trades.clear()
        self._closings.clear()
        self._held_closings = 0
        return parcel

    @property
    def keys_wait(self) -> bool:
        """Whether a key is to be written."""
        return bool(self._changed_tickers or self._changed_metrics)

    def take_tickers(self) -> set[str]:
        """The keys whose rows have changed since the last call."""
        changed, self._changed_tickers = self._changed_tickers, set()
        return changed

    def take_metrics(self) -> set[str]:
        """The keys whose metrics have changed since the last call."""
        changed, self._changed_metrics = self._changed_metrics, set()
        return changed

    def take_candles(self) -> list[tuple[str, dict[str, Any]]]:
        """The candles that have changed since the last call and are to be kept in Redis, by the board's keys."""
        changed, self._changed_candles = self._changed_candles, set()
        return [(key, self._whole["candles", key]) for key in changed if is_kept(key)]

    def put_back(self, parcel: Parcel) -> None:
        """A parcel may not have arrived. To say a last value again does no harm; a trade said twice would be two."""
        self.lost_trades += parcel.trade_count
        for key, patch in parcel.rows.items():
            self._patches[key] = {**patch, **self._patches.get(key, {})}
        # What closed while this was under way is newer: a candle said after its end would be open again.
        ended = {(topic, key) for updates in self._closings for topic, key, _ in updates}
        for place, data in parcel.others.items():
            if place not in ended:
                self._others[place] = {**data, **self._others.get(place, {})}
        self._closings.extendleft(reversed(parcel.closings))
        self._held_closings += sum(map(len, parcel.closings))
        self._bound_closings()
        for key in parcel.books:
            self._books[key].full = True
            self._changed_books.add(key)

    def lose(self, trades: int, closings: int) -> None:
        """Redis was given so many and refused them."""
        self.lost_trades += trades
        self.lost_closings += closings

    def write_all_keys(self) -> None:
        """Every key is to be written again, because some were refused."""
        self._changed_tickers.update(self.rows)
        self._changed_metrics.update(self.metrics)
        self._changed_candles.update(key for topic, key in self._whole if topic == "candles")

    def write_everything(self) -> None:
        """Everything is to be written again, because Redis may have been started empty."""
        self.write_all_keys()
        self.say_everything()

    def say_everything(self) -> None:
        """Everything but trades is to be said again on channels, whole: somebody may have missed what was said before."""
        for resting in (self._held_patches, self._row_rests, self._held_books, self._book_rests):
            resting.clear()
        self._patches = {key: dict(row) for key, row in self.rows.items()}
        for key, row in self.metrics.items():
            self._others["metrics", key] = dict(row)
        self._others |= self._whole
        for key, book in self._books.items():
            book.full = True
            self._changed_books.add(key)

    @property
    def waiting_trades(self) -> int:
        """Trades that are not written yet."""
        return len(self._trades)

    def _add(self, update: Update) -> None:
        topic, key, data = update
        if topic == "market_data":
            self._row(key, data)
        elif topic == "trades":
            self._tape(key, data)
        elif topic == "orderbook":
            book = self._books.get(key)
            if book is None:
                book = self._books[key] = _Book(self._max_levels)
            changed = self._held_books if key in self._book_rests else self._changed_books
            self.conflated += key in changed
            changed.add(key)
            book.take(data)
        else:
            if topic == "metrics":
                self.metrics.setdefault(key, {}).update(data)
                self._changed_metrics.add(key)
            else:
                self._keep((topic, key), data)
            self._other(topic, key, data)

    def _row(self, key: str, data: dict[str, Any]) -> None:
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = {}
        row.update(data)
        self._changed_tickers.add(key)
        patches = self._held_patches if key in self._row_rests else self._patches
        patch = patches.get(key)
        if patch is None:
            patches[key] = dict(data)
        else:
            patch.update(data)
            self.conflated += 1

    def _wake(self, now_s: float) -> None:
        """What has rested may be written."""
        for key in self._row_rests.ended(now_s):
            held = self._held_patches.pop(key, None)
            if held is not None:
                # Something older stands there if it was put back.
                self._patches[key] = {**self._patches.get(key, {}), **held}
        for key in self._book_rests.ended(now_s):
            if key in self._held_books:
                self._held_books.discard(key)
                self._changed_books.add(key)

    def _tape(self, key: str, entries: Sequence[dict[str, Any]]) -> None:
        self._trades.extend((key, entry) for entry in entries)
        while len(self._trades) > self._max_trades:
            self._trades.popleft()
            self.lost_trades += 1

    def _keep(self, place: tuple[str, str], data: dict[str, Any]) -> None:
        row = self._whole.get(place)
        if row is not None:
            self._whole[place] = {**row, **data}
        elif len(self._whole) < _MOST_PATCHES:
            self._whole[place] = data
        else:
            return
        if place[0] == "candles":
            self._changed_candles.add(place[1])

    def _other(self, topic: str, key: str, data: dict[str, Any]) -> None:
        place = (topic, key)
        waiting = self._others.get(place)
        if waiting is not None:
            self._others[place] = {**waiting, **data}
            self.conflated += 1
        elif len(self._others) < _MOST_PATCHES:
            self._others[place] = data

    def _close(self, updates: list[Update]) -> None:
        for topic, key, data in updates:
            # What waits of the same candle is older: said after its end, it would open it again.
            self._others.pop((topic, key), None)
            self._keep((topic, key), data)
        self._closings.append(updates)
        self._held_closings += len(updates)
        self._bound_closings()

    def _bound_closings(self) -> None:
        while self._held_closings > self._max_closings and self._closings:
            gone = len(self._closings.popleft())
            self._held_closings -= gone
            self.lost_closings += gone

    def _take_books(self, now_s: float) -> dict[str, dict[str, Any]]:
        if now_s - self._looked_s >= _FULL_BOOKS_S:
            self._looked_s = now_s
            for key, book in self._books.items():
                if now_s - book.told_at_s >= self._full_book_s and key not in self._book_rests:
                    book.full = True
                    self._changed_books.add(key)
        written = {key: data for key in self._changed_books if (data := self._books[key].write(now_s)) is not None}
        self._changed_books.clear()
        return written
