"""A moment on both clocks, as whoever owns a pure part tells it the time."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Instant"]


class Instant(NamedTuple):
    """The time, as its owner reads it: one clock that never jumps, and one that people read."""

    monotonic: float
    """Seconds."""
    wall_ms: int
    """Epoch milliseconds."""
