"""How far the server's clock is from this machine's, from the answers to pings.

A pong tells the server's time in whole milliseconds. That moment lies between the sending of the ping and the arrival of
the pong, so each answer bounds the offset from both sides; the bounds of several together are tighter than any one of
them (Marzullo, "Maintaining the Time in a Distributed System", 1983). Clocks drift: an old bound is widened as it ages.
"""

from __future__ import annotations

import time

__all__ = ["ClockOffset", "ServerClock"]

_RESOLUTION_US = 1_000
_TRIES = 20
_DRIFT_PPM = 100
"""More than any ordinary quartz, or the slewing of an NTP client, makes."""


class ClockOffset:
    """The server's clock less ours, in microseconds, as an interval. Pure: times come from outside."""

    def __init__(self) -> None:
        self.low_us = float("-inf")
        self.high_us = float("inf")
        self.jumps = 0
        """How often an answer contradicted the earlier ones: one of the clocks was set."""
        self._bounded_at = 0

    @property
    def agrees(self) -> bool:
        """Whether the two clocks may well be the same; then nothing is corrected."""
        return self.low_us <= 0 <= self.high_us

    @property
    def offset_us(self) -> int:
        """What to add to our time to have the server's."""
        return 0 if self.agrees else round((self.low_us + self.high_us) / 2)

    @property
    def uncertainty_us(self) -> float:
        """How far off ``offset_us`` may be; infinite before the first answer."""
        return max(self.high_us - self.offset_us, self.offset_us - self.low_us)

    def answered(self, sent_us: int, arrived_us: int, server_ms: int) -> None:
        """Take a pong: when its ping was sent and when it arrived by our clock, and the time that it tells."""
        low = server_ms * 1_000 - arrived_us
        high = server_ms * 1_000 + _RESOLUTION_US - sent_us
        age_us = (arrived_us - self._bounded_at) * _DRIFT_PPM / 1_000_000
        self._bounded_at = arrived_us
        self.low_us, self.high_us = max(self.low_us - age_us, low), min(self.high_us + age_us, high)
        if self.low_us > self.high_us:
            self.jumps += 1
            self.low_us, self.high_us = low, high


class ServerClock:
    """The server's wall clock as far as it is known here. It reads our steady clock, so it never jumps by itself."""

    __slots__ = ("_base_us", "offset")

    def __init__(self) -> None:
        self.offset = ClockOffset()
        self._base_us = _wall_less_steady_ns() // 1_000

    def ours_us(self) -> int:
        """Microseconds since 1970 by this machine."""
        return self._base_us + time.monotonic_ns() // 1_000

    def shift_us(self) -> int:
        """See ``ClockOffset.offset_us``."""
        return self.offset.offset_us


def _wall_less_steady_ns() -> int:
    # Between two readings this process may lose the processor for milliseconds, which would show as an offset of the
    # server's clock. Of several tries the one that took least is off by its own length at most.
    tries = []
    for _ in range(_TRIES):
        before, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        tries.append((after - before, wall - (before + after) // 2))
    return min(tries)[1]
