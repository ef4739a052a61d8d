"""Statistics of the last 24 hours, from what was seen: a window of minute buckets by event time."""

from __future__ import annotations

from array import array
from bisect import bisect_left

__all__ = ["MINUTES", "RollingDay"]

MINUTES = 1_440
_MINUTE_MS = 60_000


class RollingDay:
    """Open, high, low and volumes over the current minute and the 1,440 minutes before it.

    ``open`` is the first price seen in the oldest minute of the window. High and low are exact over the window; the
    volumes are summed afresh whenever a minute leaves it, so rounding errors never pile up. At most 1,441 buckets of 48
    bytes are kept, and a minute without a trade needs none.

    The values are meaningless while ``empty`` is true.
    """

    __slots__ = (
        "_highs",
        "_lows",
        "_minutes",
        "_opens",
        "_quotes",
        "_volumes",
        "high",
        "low",
        "quote_volume",
        "volume",
    )

    def __init__(self) -> None:
        self._minutes = array("q")
        self._opens = array("d")
        self._highs = array("d")
        self._lows = array("d")
        self._volumes = array("d")
        self._quotes = array("d")
        self.high = 0.0
        self.low = 0.0
        self.volume = 0.0
        self.quote_volume = 0.0

    def __len__(self) -> int:
        """Buckets held."""
        return len(self._minutes)

    @property
    def empty(self) -> bool:
        """Whether no price lies in the window."""
        return not self._minutes

    @property
    def open(self) -> float:
        """The first price seen in the window."""
        return self._opens[0]

    def add(self, timestamp: int, price: float, size: float = 0.0) -> None:
        """Take a trade, or with size 0 a price alone. One that is older than the window is left out."""
        minute = timestamp // _MINUTE_MS
        if not self._minutes or minute > self._minutes[-1]:
            self.advance(timestamp)
            self._insert(len(self._minutes), minute, price, size)
            return
        index = len(self._minutes) - 1
        if minute != self._minutes[index]:
            if minute < self._minutes[-1] - MINUTES:
                return
            index = bisect_left(self._minutes, minute)
        if self._minutes[index] == minute:
            self._merge(index, price, size)
        else:
            self._insert(index, minute, price, size)

    def advance(self, timestamp: int) -> bool:
        """Let go of what is older than the window that ends at ``timestamp``; true if anything was."""
        minutes = self._minutes
        oldest = timestamp // _MINUTE_MS - MINUTES
        if not minutes or minutes[0] >= oldest:
            return False
        gone = bisect_left(minutes, oldest)
        # Only if the highest or the lowest minute goes must the others be searched for the next one.
        search_high = max(self._highs[:gone]) >= self.high
        search_low = min(self._lows[:gone]) <= self.low
        for column in (minutes, self._opens, self._highs, self._lows, self._volumes, self._quotes):
            del column[:gone]
        if search_high:
            self.high = max(self._highs, default=0.0)
        if search_low:
            self.low = min(self._lows, default=0.0)
        self.volume = sum(self._volumes)
        self.quote_volume = sum(self._quotes)
        return True

    def _insert(self, index: int, minute: int, price: float, size: float) -> None:
        first = not self._minutes
        self._minutes.insert(index, minute)
        self._opens.insert(index, price)
        self._highs.insert(index, price)
        self._lows.insert(index, price)
        self._volumes.insert(index, size)
        self._quotes.insert(index, price * size)
        if first:
            self.high = self.low = price
        self._total(price, size)

    def _merge(self, index: int, price: float, size: float) -> None:
        if price > self._highs[index]:
            self._highs[index] = price
        elif price < self._lows[index]:
            self._lows[index] = price
        self._volumes[index] += size
        self._quotes[index] += price * size
        self._total(price, size)

    def _total(self, price: float, size: float) -> None:
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += size
        self.quote_volume += price * size
