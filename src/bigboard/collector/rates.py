"""How much comes and how late: messages per second and the feed's latency."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SlidingRate", "median_latency_ms"]

_MOST_MS = 1e13
"""Three centuries: what is beyond is no time span."""


class SlidingRate:
    """Messages per second over a sliding window, from a counter that is read now and then.

    Counting stays a bare ``+= 1`` where messages come in; the readings carry the time. The window always spans at least
    ``window_ms`` once that much time has passed; one reading older than the window is kept for that.
    """

    __slots__ = ("_readings", "_window_ms")

    def __init__(self, window_ms: int, now: int) -> None:
        self._window_ms = window_ms
        self._readings: deque[tuple[int, int]] = deque([(now, 0)])

    def read(self, count: int, now: int) -> float:
        """The rate up to ``now``, when ``count`` messages had come in all; to 2 decimals."""
        readings = self._readings
        if now < readings[-1][0]:
            # The wall clock was set back: what was read before lies in the future and tells nothing.
            readings.clear()
        if not readings or now > readings[-1][0]:
            readings.append((now, count))
        start = now - self._window_ms
        while len(readings) > 2 and readings[1][0] <= start:
            readings.popleft()
        since, before = readings[0]
        return round(1_000.0 * (count - before) / (now - since), 2) if now > since else 0.0


def median_latency_ms(samples: Iterable[float]) -> float | None:
    """The median of the samples to 0.1 ms, ``None`` without any. Its sign is kept: clocks may differ.

    A median, because a single late message (a reconnect, a pause of the garbage collector) should not move the number
    that people judge a feed by.
    """
    # Infinity and NaN fail the comparison as well.
    sound = [sample for sample in samples if -_MOST_MS <= sample <= _MOST_MS]
    return round(float(median(sound)), 1) if sound else None
