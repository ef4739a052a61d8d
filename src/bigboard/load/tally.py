"""What all clients of a load count together."""

from __future__ import annotations

from collections import Counter

from bigboard.load.histogram import Histogram

__all__ = ["Tally", "Window"]

_MOST_TOLD = 10
_MOST_REASONS = 20
"""Different texts of a server that are told apart; it may put anything into them."""


class Window:
    """What came in a stretch of time."""

    __slots__ = ("bytes", "delivery", "diffs", "early", "heartbeats", "messages", "states")

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        """Of WebSocket frames as they arrived, headers included."""
        self.diffs = 0
        self.states = 0
        self.heartbeats = 0
        self.delivery = Histogram()
        """Microseconds from the newest commit of a diff to its arrival."""
        self.early = 0
        """Diffs that arrived before their commit, by the clocks as they are known."""

    def delivered(self, delay_us: int) -> None:
        """A diff arrived so long after its newest commit."""
        self.early += delay_us < 0
        self.delivery.record(delay_us)


class Tally:
    """Counters of a whole load, bounded whatever the server does; ``window`` is what counts at the moment."""

    def __init__(self) -> None:
        self.window = Window()
        self.handshakes = Histogram()
        """Microseconds from the begin of a TCP connection to the open WebSocket."""
        self.interval_ms: int | None = None
        """The least time between two diffs, as the server set it."""
        self.opened = 0
        self.refusals: Counter[str] = Counter()
        """Connections that did not come to be, by reason."""
        self.disconnects: Counter[str] = Counter()
        """Connections that ended without our asking, by close code and reason."""
        self.slow_ends: Counter[str] = Counter()
        """The same of clients that never read, where it is to be expected."""
        self.reconnects = 0
        """Connections that were dropped on purpose, to come back."""
        self.resumed = 0
        self.snapshots = 0
        """Returns that got the whole state instead of going on from their cursor."""
        self.returns = Histogram()
        """Microseconds from a drop on purpose until the client was current again."""
        self.gaps = 0
        self.violations = 0
        self.errors: Counter[str] = Counter()
        """The server's error messages, by code and text."""
        self.faults: list[str] = []
        """The first gaps and violations in words."""

    def next_window(self) -> Window:
        """Begin another window; the one that ends with that is handed over."""
        ended, self.window = self.window, Window()
        return ended

    def gap(self, what: str) -> None:
        """A diff did not continue what a client held."""
        self.gaps += 1
        self._tell(what)

    def violation(self, what: str) -> None:
        """A message broke another rule of the protocol."""
        self.violations += 1
        self._tell(what)

    def _tell(self, what: str) -> None:
        if len(self.faults) < _MOST_TOLD:
            self.faults.append(what)

    @staticmethod
    def count(counter: Counter[str], reason: str) -> None:
        """Count a reason that the server wrote; beyond some different ones they are counted together."""
        reason = " ".join(reason.split())[:200]
        counter[reason if reason in counter or len(counter) < _MOST_REASONS else "other reasons"] += 1
