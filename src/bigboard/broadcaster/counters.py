"""What the broadcaster did since it started, and whom it serves now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Counters", "Figures"]


@dataclass(slots=True)
class Counters:
    """Totals since the start."""

    frames: int = 0
    bytes: int = 0
    heartbeats: int = 0
    skipped: int = 0
    """Ticks at which a client was not ready."""
    catch_ups: int = 0
    """Clients that were skipped and then got all they had missed as one update."""
    too_slow: int = 0
    """Clients that were closed because they stayed stuck."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All there is to know of a broadcaster at one moment."""

    counters: Counters
    groups: int
    """Different groups of equal clients."""
    phases: int
    """Parts that the groups are split into."""
    encodings: int
    """Diffs and states that were encoded."""
    fragments: int
    """Pieces of diffs that were encoded once for several groups."""
    clients: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Who is connected now, by client class and format."""
    closes: Counter[int] = field(default_factory=Counter)
    """Connections that ended, by close code; 0 is any code that this protocol does not know."""
