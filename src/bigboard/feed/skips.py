"""The count of what a feed could not read, by reason: bad input is never fatal, and never silent either."""

from __future__ import annotations

from collections import Counter

__all__ = ["Skips"]


class Skips:
    """Lines and messages that were left out. ``reason`` is one of a small set of phrases, so the memory is bounded.

    ``notes`` are remarks that name a file; the first few are kept, the rest are only counted.
    """

    _MAX_NOTES = 5

    def __init__(self) -> None:
        self.count = 0
        self._reasons: Counter[str] = Counter()
        self._notes: list[str] = []

    def add(self, reason: str, *, note: str | None = None) -> None:
        """Count one more; ``note`` is said in full once."""
        self.count += 1
        self._reasons[reason] += 1
        if note is not None and note not in self._notes and len(self._notes) < self._MAX_NOTES:
            self._notes.append(note)

    def __str__(self) -> str:
        """For people: ``3 skipped (2 broken line, 1 unknown event); btc.gz is cut off``. Empty if there is nothing."""
        if not self.count:
            return ""
        reasons = ", ".join(f"{count} {reason}" for reason, count in self._reasons.most_common())
        return "; ".join([f"{self.count} skipped ({reasons})", *self._notes])
