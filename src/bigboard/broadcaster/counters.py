"""What the broadcaster did since it started, and whom it serves now."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Counters", "Figures", "Sent"]


@dataclass(slots=True)
class Counters:
    """Totals since the start."""

    heartbeats: int = 0
    skipped: int = 0
    """Ticks at which a client was not ready."""
    catch_ups: int = 0
    """Clients that were skipped and then got all they had missed as one update."""
    too_slow: int = 0
    """Clients that were closed because they stayed stuck."""


@dataclass(slots=True, eq=False)
class Sent:
    """What one class of clients was sent since the start: there is one for each class, and it is itself alone."""

    frames: int = 0
    bytes: int = 0
    """Of payloads, before any compression and without the headers of frames."""


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
    sent: dict[str, Sent]
    """Frames and bytes by client class."""
    clients: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Who is connected now, by client class and format."""
    closes: Counter[int] = field(default_factory=Counter)
    """Connections that ended, by close code; 0 is any code that this protocol does not know."""

    @property
    def frames(self) -> int:
        """Frames that were sent to anybody."""
        return sum(sent.frames for sent in self.sent.values())

    @property
    def bytes(self) -> int:
        """Their bytes."""
        return sum(sent.bytes for sent in self.sent.values())
