"""What the broadcaster did since it started."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Counters"]


@dataclass(slots=True)
class Counters:
    """Totals since the start."""

    frames: int = 0
    bytes: int = 0
    heartbeats: int = 0
    skipped: int = 0
    """Ticks at which a client was not ready."""
    too_slow: int = 0
    """Clients that were closed because they stayed stuck."""
