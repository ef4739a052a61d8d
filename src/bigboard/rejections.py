"""Updates that were refused: counted all, told at a bounded rate."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.errors import UpdateRejected

__all__ = ["Rejections"]

_MOST_KINDS = 1_000


class Rejections:
    """Counts by topic and reason, and says which one deserves a line in the log.

    A publisher that sends garbage at ten thousand messages per second must not fill the disk with lines about it: of each
    topic and reason the first is told, and then at most one per ``quiet_s`` with the number that came meanwhile.
    """

    def __init__(self, *, quiet_s: float = 10.0) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self._quiet_s = quiet_s
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    @property
    def total(self) -> int:
        """Updates refused since the start."""
        return self.counts.total()

    def count(self, error: UpdateRejected, now_s: float) -> int:
        """Count one; how many of its kind a line should speak for now, 0 for no line."""
        kind = (error.topic, error.reason)
        if kind not in self.counts and len(self.counts) >= _MOST_KINDS:
            kind = ("other", error.reason)  # A stranger's topic names must not grow the table.
        self.counts[kind] += 1
        told_at, told = self._told.get(kind, (float("-inf"), 0))
        if now_s - told_at < self._quiet_s:
            return 0
        self._told[kind] = (now_s, self.counts[kind])
        return self.counts[kind] - told
