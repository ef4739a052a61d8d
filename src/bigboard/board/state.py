"""The two messages that every link of the chain speaks: a snapshot and a diff.

``data`` and ``changes`` are plain objects in the shape of PROTOCOL section 4, ready to be encoded. They may share parts
with the board that made them, so nobody changes them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bigboard.board.cursor import Cursor

__all__ = ["Diff", "Snapshot"]


class Snapshot(NamedTuple):
    """The state at one cursor: ``{topic: state}``."""

    epoch: str
    sequence: int
    timestamp: int
    """Epoch milliseconds of the commit ``sequence``; 0 if nothing was ever committed."""
    data: dict[str, Any]

    @property
    def cursor(self) -> Cursor:
        """The position of this state."""
        return Cursor(self.epoch, self.sequence)


class Diff(NamedTuple):
    """What changed after ``since`` up to and including ``sequence``: ``{topic: changes}``, changed topics alone."""

    epoch: str
    since: int
    sequence: int
    timestamp: int
    """Epoch milliseconds of the commit ``sequence``."""
    changes: dict[str, Any]

    @property
    def cursor(self) -> Cursor:
        """The position after this diff."""
        return Cursor(self.epoch, self.sequence)

    @property
    def weight(self) -> int:
        """How many keys and rows it tells of: what it costs to keep, roughly."""
        return sum(map(len, self.changes.values()))
