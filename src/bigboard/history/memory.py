"""A history of candles in memory: what the embedded default shows in its charts when no database is set up."""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bigboard.board.symbols import normalise_candle_key
from bigboard.errors import SettingError
from bigboard.history.base import Candle
from bigboard.history.lengths import LengthIndex

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MemoryCandleHistory", "candle_of"]

_FIELDS = frozenset(Candle.__struct_fields__)
_REQUIRED = ("open_time", "open", "high", "low", "close")
_open_time = attrgetter("open_time")


def candle_of(state: Mapping[str, Any]) -> Candle | None:
    """The candle that a key's fields on the board describe, ``None`` if its time or a price is missing."""
    if any(state.get(name) is None for name in _REQUIRED):
        return None
    return Candle(
        open_time=int(state["open_time"]),
        open=float(state["open"]),
        high=float(state["high"]),
        low=float(state["low"]),
        close=float(state["close"]),
        volume=float(state.get("volume", 0.0)),
        trades=int(state.get("trades", 0)),
        closed=bool(state.get("closed", False)),
    )


class MemoryCandleHistory:
    """Implements ``CandleHistory`` with a sorted list per key.

    - ``max_closed``: candles kept per key beside the newest one, which may be live; the oldest goes.
    - ``max_candles``: candles over all keys; the oldest of the longest series goes and is counted. At about 300 bytes each
      the default is some 150 MB, were it ever full.
    - ``max_keys``: keys whose state is followed; a change of one more is dropped and counted. A board allows as many.
    """

    def __init__(self, *, max_closed: int = 1_000, max_candles: int = 500_000, max_keys: int = 50_000) -> None:
        for name, value in (("max_closed", max_closed), ("max_candles", max_candles), ("max_keys", max_keys)):
            if value < 1:
                raise SettingError(name, "", f"{name} must be at least 1, not {value}")
        self._max_length = max_closed + 1
        self._max_candles = max_candles
        self._max_keys = max_keys
        self._states: dict[str, dict[str, Any]] = {}
        self._series: dict[str, list[Candle]] = {}
        self._lengths = LengthIndex()
        self._count = 0
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Candles or changes that a bound over all keys made it forget or skip."""
        return self._dropped

    def __len__(self) -> int:
        """Candles held, over all keys."""
        return self._count

    def load(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Start from a snapshot of the topic ``candles``."""
        self._states.clear()
        self.record(data)

    def record(self, changes: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Follow a diff of the topic ``candles``."""
        for key, patch in changes.items():
            if patch is None:
                self._states.pop(key, None)
                continue
            state = self._state(key)
            if state is None:
                self._dropped += 1
                continue
            _merge(state, patch)
            candle = candle_of(state)
            if candle is not None:
                self._put(key, candle)

    async def query(self, key: str, *, limit: int = 500, before: int | None = None) -> list[Candle]:
        """The newest ``limit`` candles of a key, oldest first; with ``before`` those that open before that time."""
        series = self._series.get(normalise_candle_key(key), [])
        end = len(series) if before is None else bisect_left(series, before, key=_open_time)
        return series[max(0, end - limit) : end] if limit > 0 else []

    async def close(self) -> None:
        """Forget everything."""
        self._states.clear()
        self._series.clear()
        self._lengths = LengthIndex()
        self._count = 0

    def _state(self, key: str) -> dict[str, Any] | None:
        state = self._states.get(key)
        if state is None and len(self._states) < self._max_keys:
            state = self._states[key] = {}
        return state

    def _put(self, key: str, candle: Candle) -> None:
        series = self._series.setdefault(key, [])
        # Nearly always it is the last one again, or a newer one.
        if not series or candle.open_time > series[-1].open_time:
            index = len(series)
        elif candle.open_time == series[-1].open_time:
            series[-1] = candle
            return
        else:
            index = bisect_left(series, candle.open_time, key=_open_time)
            if series[index].open_time == candle.open_time:
                series[index] = candle
                return
        series.insert(index, candle)
        self._resized(key, len(series) - 1, len(series))
        if len(series) > self._max_length:
            self._drop_oldest(key)
        elif self._count > self._max_candles:
            self._dropped += 1
            self._drop_oldest(self._lengths.longest())

    def _drop_oldest(self, key: str) -> None:
        series = self._series[key]
        del series[0]
        self._resized(key, len(series) + 1, len(series))
        if not series:
            del self._series[key]

    def _resized(self, key: str, old: int, new: int) -> None:
        self._lengths.move(key, old, new)
        self._count += new - old


def _merge(state: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for name, value in patch.items():
        if name not in _FIELDS:
            continue
        if value is None:
            state.pop(name, None)
        else:
            state[name] = value
