"""When a recorded moment is due in a replay. Pure: the clock's reading is an argument."""

from __future__ import annotations

from typing import Final

__all__ = ["LONGEST_SILENCE_S", "Pace"]

LONGEST_SILENCE_S: Final = 60.0
"""In recorded time. A recorder that was off overnight (or two recordings that are years apart) is not waited for."""
_SILENCE_STANDS_FOR_S: Final = 1.0


class Pace:
    """Maps the recorder's clock to this machine's steady clock, ``speed`` times as fast."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._origin_ns: int | None = None
        self._origin_s = 0.0
        self._last_ns = 0
        self.silence_left_out_s = 0.0
        """Recorded seconds that were jumped over."""

    def due_s(self, recorded_ns: int, now_s: float) -> float:
        """The reading of the steady clock at which this moment is to be played. The first one is due at once."""
        if self._origin_ns is None:
            self._origin_ns, self._origin_s, self._last_ns = recorded_ns, now_s, recorded_ns
        silence_s = (recorded_ns - self._last_ns) / 1e9
        if silence_s > LONGEST_SILENCE_S:
            left_out_s = silence_s - _SILENCE_STANDS_FOR_S
            self._origin_ns += int(left_out_s * 1e9)
            self.silence_left_out_s += left_out_s
        self._last_ns = recorded_ns
        return self._origin_s + (recorded_ns - self._origin_ns) / 1e9 / self._speed

    def restart(self) -> None:
        """The next moment is the first one of another round."""
        self._origin_ns = None
