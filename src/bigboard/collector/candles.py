"""Candles from trades, by event time.

The life of a candle: a trade opens it; trades of its bucket change it; it closes once, when a trade of a later bucket of
its symbol comes or when the market's time is past its end by the grace. A trade that comes after that is late: it changes
nothing and is counted. A bucket without trades has no candle.

On the board all candles of a symbol and an interval share one key, so a closed candle is soon overwritten by its
successor. Closed candles therefore go out behind barriers: each is a commit of its own that every follower sees. What
closed since the last flush is held until then, and the first closings of all keys share one barrier, then all second
ones, and so on: 500 symbols that close their 1s candle cost one commit and not 500. In real time there is at most one
closing per key and flush; only a replay at high speed needs more.

A collector that was started again goes on with the candles that were under way, if the market still is in their buckets:
``resume`` is given what was kept of them. What traded in between is missing in them.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from bigboard.board.update import Update, UpdateBatch
from bigboard.collector.settings import interval_ms
from bigboard.collector.spread import round_significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bigboard.collector.clock import EventClock
    from bigboard.collector.open_candle import OpenCandle

__all__ = ["CandleBuilder", "Series"]

_NEVER = 1 << 62
_LONGEST_PACE_MS = 1_000
_STEPS_PER_CANDLE = 240


class _LiveCandle:
    """The candle under way of one key, or after its end the last one."""

    __slots__ = (
        "close", "closed", "dirty", "due", "end", "high", "interval_ms", "key", "low", "open", "open_time",
        "pace_ms", "rank", "sent_at", "trades", "volume",
    )  # fmt: skip

    def __init__(self, key: str, interval_ms: int) -> None:
        self.key = key
        self.interval_ms = interval_ms
        self.pace_ms = min(_LONGEST_PACE_MS, interval_ms // _STEPS_PER_CANDLE)
        """The least time between two messages about it. Nobody can see a 4 h candle change ten times a second, and seven
        candles of each symbol that did would be a sixth of all that a client gets."""
        self.sent_at = _NEVER
        """Wall-clock time of the last message about it; ``_NEVER`` while it is new, so that a new candle shows at once."""
        self.open_time = self.end = -1
        self.due = -1
        """The market's time at which it closes, if no trade closes it before."""
        self.open = self.high = self.low = self.close = self.volume = 0.0
        self.trades = 0
        self.closed = True
        self.dirty = False
        """Whether it waits for the next flush."""
        self.rank = 0
        """Closings of this key that are held."""

    def begin(self, timestamp: int, price: float, size: float) -> None:
        self.open_time = timestamp - timestamp % self.interval_ms
        self.end = self.open_time + self.interval_ms
        self.open = self.high = self.low = self.close = price
        self.volume = size
        self.trades = 1
        self.closed = False
        self.sent_at = _NEVER

    def go_on(self, kept: OpenCandle) -> None:
        self.begin(kept.open_time, kept.open, kept.volume)
        self.high, self.low, self.close, self.trades = kept.high, kept.low, kept.close, kept.trades

    def due_for_message(self, now: int) -> bool:
        # A wall clock that was set back makes it due too.
        return not 0 <= now - self.sent_at < self.pace_ms

    def take(self, price: float, size: float) -> None:
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume += size
        self.trades += 1

    def fields(self) -> dict[str, Any]:
        # Always all of them: a new candle must not keep a field of the old one, nor lean on a message that may get lost.
        return {
            "open_time": self.open_time,
            "open": self.open,
            "high": self.high,
            "low": self.low,
            "close": self.close,
            "volume": round_significant(self.volume),
            "trades": self.trades,
            "closed": self.closed,
        }


class Series:
    """The candles of one symbol, one per interval."""

    __slots__ = ("live",)

    def __init__(self, symbol: str, intervals: Sequence[str]) -> None:
        self.live = [_LiveCandle(f"{symbol}/{interval}", interval_ms(interval)) for interval in intervals]


class CandleBuilder:
    """Builds the candles of all symbols of a feed and decides when each closes."""

    def __init__(self, intervals: Sequence[str], grace_ms: int, clock: EventClock) -> None:
        self._intervals = tuple(intervals)
        self._grace_ms = grace_ms
        self._clock = clock
        self._dirty: list[_LiveCandle] = []
        self._closings: list[list[tuple[_LiveCandle, Update]]] = []
        # Many candles end at the same moment: a heap of moments, and the candles of each. A candle that was closed by a
        # trade stays listed until its moment, so there are at most a few entries per key.
        self._moments: list[int] = []
        self._due: dict[int, list[_LiveCandle]] = {}
        self._kept: dict[str, OpenCandle] = {}
        self._fresh: list[_LiveCandle] = []
        """Those of new symbols of which something was kept."""
        self.held = 0
        """Closings that wait for ``closings()``."""
        self.late_trades = 0
        """Trades that came after at least one of their candles had closed."""

    @property
    def next_due(self) -> int:
        """The market time at which ``advance`` has something to close."""
        return self._moments[0] if self._moments else _NEVER

    def series(self, symbol: str) -> Series:
        """The candles of a new symbol; ``symbol`` is the board's key."""
        series = Series(symbol, self._intervals)
        self._fresh += [candle for candle in series.live if candle.key in self._kept]
        return series

    def resume(self, kept: Mapping[str, OpenCandle]) -> None:
        """Go on with these candles, by the board's keys, as far as the market is still in their buckets."""
        self._kept = dict(kept)

    def add(self, series: Series, timestamp: int, price: float, size: float) -> None:
        """Take a trade of a symbol."""
        late = False
        for candle in series.live:
            if timestamp >= candle.end:
                self._begin(candle, timestamp, price, size)
            elif timestamp < candle.open_time or candle.closed:
                late = True
                continue
            else:
                candle.take(price, size)
            if not candle.dirty:
                candle.dirty = True
                self._dirty.append(candle)
        self.late_trades += late

    def advance(self, time: int) -> None:
        """Close what is past its end by the grace at the market's time ``time``."""
        if self._fresh and time >= 0:
            self._go_on(time)
        while self._moments and self._moments[0] <= time:
            moment = heappop(self._moments)
            for candle in self._due.pop(moment):
                # It may have been closed by a trade meanwhile, and be another candle now: that one has its own moment.
                if not candle.closed and candle.due == moment:
                    self._close(candle)

    def start_over(self, every_series: Iterable[Series]) -> None:
        """Close all candles; the next trade of each symbol begins new ones, whatever its time."""
        for series in every_series:
            for candle in series.live:
                if not candle.closed:
                    self._close(candle)
                candle.open_time = candle.end = -1
        self._moments.clear()
        self._due.clear()

    def closings(self) -> list[UpdateBatch]:
        """The candles that closed since the last call, behind barriers: to be applied before ``live`` of later calls."""
        batches = []
        for rank in self._closings:
            for candle, _ in rank:
                candle.rank = 0
            batches.append(UpdateBatch([update for _, update in rank], barrier=True))
        self._closings = []
        self.held = 0
        return batches

    def live(self, now: int, *, all_of_them: bool = False) -> list[Update]:
        """The candles under way that changed since their last message, each at its own pace.

        ``now`` by the wall clock. ``all_of_them`` leaves the pace aside: at the end of a feed nothing comes after.
        """
        updates, waiting = [], []
        for candle in self._dirty:
            if candle.closed:
                candle.dirty = False
            elif all_of_them or candle.due_for_message(now):
                candle.dirty = False
                candle.sent_at = now
                updates.append(Update("candles", candle.key, candle.fields()))
            else:
                waiting.append(candle)
        self._dirty = waiting
        return updates

    def _begin(self, candle: _LiveCandle, timestamp: int, price: float, size: float) -> None:
        if not candle.closed:
            self._close(candle)
        kept = self._kept.pop(candle.key, None) if self._kept else None
        if kept is not None and kept.open_time == timestamp - timestamp % candle.interval_ms:
            candle.go_on(kept)
            candle.take(price, size)
        else:
            candle.begin(timestamp, price, size)
        self._list(candle)

    def _go_on(self, time: int) -> None:
        """A symbol may not trade for long: its candle goes on, and ends, all the same."""
        for candle in self._fresh:
            kept = self._kept.pop(candle.key, None)
            if kept is not None and kept.open_time == time - time % candle.interval_ms:
                candle.go_on(kept)
                self._list(candle)
                candle.dirty = True
                self._dirty.append(candle)
        self._fresh.clear()

    def _list(self, candle: _LiveCandle) -> None:
        # A symbol may lag behind the others by more than the grace. Its candle then waits for the grace from now on: if
        # it closed at once, all its trades but the first would be late.
        candle.due = moment = max(candle.end, self._clock.latest) + self._grace_ms
        if moment not in self._due:
            heappush(self._moments, moment)
            self._due[moment] = []
        self._due[moment].append(candle)

    def _close(self, candle: _LiveCandle) -> None:
        candle.closed = True
        if candle.rank == len(self._closings):
            self._closings.append([])
        self._closings[candle.rank].append((candle, Update("candles", candle.key, candle.fields())))
        candle.rank += 1
        self.held += 1
